//! The judgement on edits: what each would do to a keyring, or what stands in the way.

use std::sync::Arc;

use super::{
    ApiKey, Change, EditError, EntityTag, KeyName, Keyring, KeyringEdit, Precondition, Scopes,
    Timestamp,
};

impl Keyring {
    /// The change that an edit would make here now, if it may.
    ///
    /// # Errors
    /// [`EditError`] says what stands in the way. A precondition is judged last, so that it hides
    /// no other error (RFC 9110 §13.2.1).
    pub fn judge(
        &self,
        edit: &KeyringEdit,
        precondition: &Precondition,
        now: Timestamp,
    ) -> Result<Change, EditError> {
        if let KeyringEdit::Create(key) = edit {
            self.demand_free(&key.name)?;
            demand(precondition, || self.entity_tag())?;
            return Ok(Change::Inserted(Arc::new(key.clone())));
        }
        let key = self.get_by_name(edit.name())?;
        let changed = match edit {
            KeyringEdit::Create(_) | KeyringEdit::Delete { .. } => None,
            KeyringEdit::Update { enabled, scopes, .. } => {
                Some(ApiKey { enabled: *enabled, scopes: scopes.clone(), ..ApiKey::clone(key) })
            }
            KeyringEdit::Amend { patch, .. } => Some(patch.applied(key)?),
            KeyringEdit::Rotate { rotation, .. } => Some(rotation.applied(key, now)?),
            KeyringEdit::EndOverlap { .. } => Some(key.without_previous()),
            KeyringEdit::EndToken { digest, .. } => Some(key.without_token(digest)?),
        };
        demand(precondition, || match edit {
            KeyringEdit::Create(_) | KeyringEdit::Update { .. } | KeyringEdit::Delete { .. } => {
                key.entity_tag()
            }
            KeyringEdit::Amend { .. }
            | KeyringEdit::Rotate { .. }
            | KeyringEdit::EndOverlap { .. }
            | KeyringEdit::EndToken { .. } => key.details_entity_tag(),
        })?;
        Ok(match changed {
            None => Change::Removed(Arc::clone(key)),
            // What has ended goes with the next change of the key.
            Some(changed) => {
                Change::Replaced(Arc::new(changed.with_previous(|it| now < it.expires_at)))
            }
        })
    }

    /// The scopes that an edit gives away here: those of a key that is made or changed, and those of a key
    /// whose new token it hands out or whose limits it moves.
    #[must_use]
    pub fn granted<'a>(&'a self, edit: &'a KeyringEdit) -> Option<&'a Scopes> {
        match edit {
            KeyringEdit::Create(ApiKey { scopes, .. }) | KeyringEdit::Update { scopes, .. } => {
                Some(scopes)
            }
            KeyringEdit::Amend { patch, .. } if !patch.changes_limits() => None,
            KeyringEdit::Amend { name, .. } | KeyringEdit::Rotate { name, .. } => {
                self.find_by_name(name.as_str()).map(|key| &key.scopes)
            }
            KeyringEdit::Delete { .. }
            | KeyringEdit::EndOverlap { .. }
            | KeyringEdit::EndToken { .. } => None,
        }
    }

    fn demand_free(&self, name: &KeyName) -> Result<(), EditError> {
        if self.find_by_name(name.as_str()).is_some() {
            return Err(EditError::NameTaken);
        }
        match self.find_faulty(name) {
            Some((line, fault)) => Err(EditError::NameTakenByFaultyEntry { line, fault }),
            None => Ok(()),
        }
    }

    /// The key of this name, or whether an entry that is no key has it.
    pub fn get_by_name(&self, name: &KeyName) -> Result<&Arc<ApiKey>, EditError> {
        self.find_by_name(name.as_str()).ok_or_else(|| match self.find_faulty(name) {
            Some((line, fault)) => EditError::NoKeyButFaultyEntry { line, fault },
            None => EditError::NotFound,
        })
    }

    fn find_faulty(&self, name: &KeyName) -> Option<(u64, String)> {
        let mut faulty = self.faulty_entries().iter();
        let entry = faulty.find(|entry| entry.name.as_deref() == Some(name.as_str()))?;
        Some((entry.line, entry.fault.clone()))
    }
}

fn demand(precondition: &Precondition, tag: impl FnOnce() -> EntityTag) -> Result<(), EditError> {
    if precondition.is_empty() || precondition.holds(&tag()) {
        Ok(())
    } else {
        Err(EditError::PreconditionFailed)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::sample::{NOW, delete, key, keyring, names};
    use crate::domain::{
        Change, Digest, EditError, FaultyEntry, KeyName, Keyring, KeyringEdit, Precondition,
        Scopes, Validators,
    };
    use std::sync::Arc;

    #[test]
    fn a_name_is_taken_by_a_key_and_by_a_faulty_entry() {
        let fault = FaultyEntry { name: Some("b".into()), line: 7, fault: "no hash".into() };
        let keyring = Keyring::new(vec![Arc::new(key("a", true, "1"))], vec![fault]);
        let create = |name| {
            keyring.judge(&KeyringEdit::Create(key(name, true, "3")), &Precondition::default(), NOW)
        };
        assert_eq!(create("a").unwrap_err(), EditError::NameTaken);
        assert!(matches!(create("b"), Err(EditError::NameTakenByFaultyEntry { line: 7, .. })));
        assert!(create("A").is_ok());
        assert!(keyring.find_by_name("b").is_none());
        assert_eq!(
            keyring.judge(&delete("b"), &Precondition::default(), NOW).unwrap_err(),
            EditError::NoKeyButFaultyEntry { line: 7, fault: "no hash".to_owned() }
        );
    }

    #[test]
    fn an_update_keeps_name_digest_and_place() {
        let before = keyring(&[key("a", true, "1"), key("b", true, "2")]);
        let edit = KeyringEdit::Update {
            name: KeyName::parse("a").unwrap(),
            enabled: false,
            scopes: Scopes::parse(&["*"]).unwrap(),
        };
        let after = before.apply(&before.judge(&edit, &Precondition::default(), NOW).unwrap());
        assert_eq!(names(&after), ["a", "b"]);
        let changed = after.find_by_digest(&Digest::of(b"1")).unwrap().key;
        assert!(!changed.enabled && changed.scopes.grant("x"));
    }

    #[test]
    fn a_deleted_key_is_found_no_more() {
        let before = keyring(&[key("a", true, "1"), key("b", true, "2")]);
        let change = before.judge(&delete("a"), &Precondition::default(), NOW).unwrap();
        assert!(matches!(&change, Change::Removed(key) if key.name.as_str() == "a"));
        let after = before.apply(&change);
        assert_eq!(names(&after), ["b"]);
        assert!(after.find_by_digest(&Digest::of(b"1")).is_none());
        assert_eq!(after.find_by_digest(&Digest::of(b"2")).unwrap().key.name.as_str(), "b");
    }

    #[test]
    fn a_precondition_is_judged_after_everything_else() {
        let keyring = keyring(&[key("a", true, "1")]);
        let none =
            Precondition { matches: Some(Validators::OneOf(Vec::new())), ..Default::default() };
        assert_eq!(keyring.judge(&delete("x"), &none, NOW).unwrap_err(), EditError::NotFound);
        assert_eq!(
            keyring.judge(&delete("a"), &none, NOW).unwrap_err(),
            EditError::PreconditionFailed
        );
        let present = keyring.find_by_name("a").unwrap().entity_tag();
        let this =
            Precondition { matches: Some(Validators::OneOf(vec![present])), ..Default::default() };
        assert!(keyring.judge(&delete("a"), &this, NOW).is_ok());
        let not_any = Precondition { matches_none: Some(Validators::Any), ..Default::default() };
        assert_eq!(
            keyring.judge(&delete("a"), &not_any, NOW).unwrap_err(),
            EditError::PreconditionFailed
        );
    }

    #[test]
    fn an_entity_tag_tells_definitions_apart_and_nothing_of_digests() {
        let one = key("a", true, "1");
        assert_eq!(one.entity_tag(), key("a", true, "2").entity_tag());
        assert_ne!(one.entity_tag(), key("a", false, "1").entity_tag());
        assert_ne!(one.entity_tag(), key("b", true, "1").entity_tag());
        let both = keyring(&[one.clone(), key("b", true, "2")]);
        let other_way = keyring(&[key("b", true, "2"), one]);
        assert_ne!(both.entity_tag(), other_way.entity_tag());
    }
}
