//! Changes of a key's details, as RFC 7396 merges them.

use std::collections::BTreeMap;

use super::{
    AllowedIps, ApiKey, Description, Label, Labels, ManagedBy, Owner, Timestamp, TooManyLabels,
};

/// The fate of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is this one.
    Set(T),
    /// There is none any more.
    Remove,
}

/// Changes of a key's details.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DetailsPatch {
    /// The end of the key.
    pub expires_at: Patch<Timestamp>,
    /// The networks that it may be used from.
    pub allowed_ips: Patch<AllowedIps>,
    /// Its purpose.
    pub description: Patch<Description>,
    /// Who answers for it.
    pub owner: Patch<Owner>,
    /// Its labels: each name that is set, or taken away.
    pub labels: Patch<BTreeMap<Label, Option<Label>>>,
    /// The program that manages it.
    pub managed_by: Patch<ManagedBy>,
}

impl<T: Clone> Patch<T> {
    /// The value after the change.
    #[must_use]
    pub fn applied(&self, present: &Option<T>) -> Option<T> {
        match self {
            Self::Keep => present.clone(),
            Self::Set(value) => Some(value.clone()),
            Self::Remove => None,
        }
    }
}

impl DetailsPatch {
    /// Whether it changes the limits of the key's use.
    #[must_use]
    pub fn changes_limits(&self) -> bool {
        self.expires_at != Patch::Keep || self.allowed_ips != Patch::Keep
    }

    /// A key with these changes.
    ///
    /// # Errors
    /// [`TooManyLabels`].
    pub fn applied(&self, key: &ApiKey) -> Result<ApiKey, TooManyLabels> {
        let mut details = key.details().clone();
        details.limits.expires_at = self.expires_at.applied(&details.limits.expires_at);
        details.limits.allowed_ips = self.allowed_ips.applied(&details.limits.allowed_ips);
        details.description = self.description.applied(&details.description);
        details.owner = self.owner.applied(&details.owner);
        details.managed_by = self.managed_by.applied(&details.managed_by);
        details.labels = match &self.labels {
            Patch::Keep => details.labels,
            Patch::Set(changes) => details.labels.merged(changes)?,
            Patch::Remove => {
                details.mistyped.labels = 0;
                Labels::default()
            }
        };
        Ok(key.clone().with_details(details))
    }
}

#[cfg(test)]
mod tests {
    use super::{DetailsPatch, Patch};
    use crate::domain::sample::{DAY, NOW, key, keyring, label, name};
    use crate::domain::{
        AllowedIps, ApiKey, Change, EditError, KeyringEdit, Labels, Owner, Precondition,
        TooManyLabels, Validators,
    };

    fn amend(key: &ApiKey, patch: DetailsPatch) -> Result<ApiKey, EditError> {
        let edit = KeyringEdit::Amend { name: key.name.clone(), patch };
        let change =
            keyring(std::slice::from_ref(key)).judge(&edit, &Precondition::default(), NOW)?;
        assert!(matches!(change, Change::Replaced(_)));
        Ok(ApiKey::clone(change.key()))
    }

    #[test]
    fn what_a_patch_does_not_name_stays() {
        let one = key("a", true, "1");
        let patch = DetailsPatch {
            expires_at: Patch::Set(NOW.saturating_add(DAY)),
            allowed_ips: Patch::Set(AllowedIps::parse(&["::1"]).unwrap()),
            owner: Patch::Set(Owner::parse("crm").unwrap()),
            labels: Patch::Set([(label("env"), Some(label("prod")))].into()),
            ..Default::default()
        };
        let limited = amend(&one, patch).unwrap();
        assert_eq!((&limited.digest, &limited.scopes), (&one.digest, &one.scopes));
        let patch = DetailsPatch {
            allowed_ips: Patch::Remove,
            labels: Patch::Set([(label("team"), Some(label("x"))), (label("none"), None)].into()),
            ..Default::default()
        };
        let after = amend(&limited, patch).unwrap();
        let details = after.details();
        assert_eq!(details.limits.expires_at, Some(NOW.saturating_add(DAY)));
        assert_eq!(details.limits.allowed_ips, None);
        assert_eq!(details.owner, Some(Owner::parse("crm").unwrap()));
        let labels =
            [("env", "prod"), ("team", "x")].map(|(name, value)| (label(name), label(value)));
        assert_eq!(details.labels, Labels::new(labels).unwrap());
        let nothing = DetailsPatch {
            expires_at: Patch::Remove,
            owner: Patch::Remove,
            labels: Patch::Remove,
            ..Default::default()
        };
        assert_eq!(amend(&after, nothing).unwrap(), one);
    }

    #[test]
    fn labels_are_counted_after_the_merge() {
        let many = |range: std::ops::Range<u32>| {
            let set = range.map(|it| (label(&it.to_string()), Some(label("x"))));
            DetailsPatch { labels: Patch::Set(set.collect()), ..Default::default() }
        };
        let full = amend(&key("a", true, "1"), many(0..16)).unwrap();
        assert!(amend(&full, many(0..16)).is_ok());
        assert_eq!(amend(&full, many(16..17)), Err(EditError::TooManyLabels(TooManyLabels)));
    }

    #[test]
    fn a_patch_has_the_details_as_its_precondition() {
        let one = key("a", true, "1");
        let patch =
            DetailsPatch { expires_at: Patch::Set(NOW.saturating_add(DAY)), ..Default::default() };
        let edit = KeyringEdit::Amend { name: name("a"), patch };
        let held = |key: &ApiKey, tag| {
            let matches = Some(Validators::OneOf(vec![tag]));
            keyring(std::slice::from_ref(key)).judge(
                &edit,
                &Precondition { matches, ..Default::default() },
                NOW,
            )
        };
        let limited = held(&one, one.details_entity_tag()).unwrap();
        assert_eq!(limited.key().entity_tag(), one.entity_tag());
        assert_eq!(
            held(limited.key(), one.details_entity_tag()).unwrap_err(),
            EditError::PreconditionFailed
        );
        assert_eq!(held(&one, one.entity_tag()).unwrap_err(), EditError::PreconditionFailed);
    }
}
