//! Rotation: a new token for a key, and the ends of its older ones.

use std::time::Duration;

use super::{ApiKey, Digest, EditError, KeyDetails, LastUse, Patch, PreviousToken, Timestamp};

/// A new token for a key, and what becomes of the one that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The digest of the new token.
    pub digest: Digest,
    /// How long the present token is valid yet, from the moment of the change; at zero it is not kept.
    pub overlap: Duration,
    /// The end of the key from now on.
    pub expires_at: Patch<Timestamp>,
}

impl Rotation {
    /// A key with the new token. Its present one ends with the overlap, and never later than it would have
    /// anyway.
    pub(super) fn applied(&self, key: &ApiKey, now: Timestamp) -> Result<ApiKey, EditError> {
        let mut details = key.details().clone();
        let old_end = details.limits.expires_at;
        let until = old_end.into_iter().chain([now.saturating_add(self.overlap)]).min();
        details.limits.expires_at = self.expires_at.applied(&old_end);
        if let Some(at) = details.limits.expires_at.filter(|end| *end <= now) {
            return Err(EditError::KeyExpired { at });
        }
        if let Some(expires_at) = until.filter(|until| now < *until) {
            if key.details().previous_at(now).count() >= KeyDetails::MOST_PREVIOUS {
                return Err(EditError::TooManyTokens);
            }
            let last_use = key.last_use.clone();
            details.previous.push(PreviousToken { digest: key.digest, expires_at, last_use });
        }
        // Later than the last one in any case: it tells one state of the key from another.
        let after = |last: Timestamp| last.saturating_add(Duration::from_secs(1));
        details.rotated_at = details.rotated_at.map(after).into_iter().chain([now]).max();
        let (digest, last_use) = (self.digest, LastUse::default());
        Ok(ApiKey { digest, last_use, ..key.clone() }.with_details(details))
    }
}

impl ApiKey {
    /// The key with those of its older tokens that are to be kept.
    pub(super) fn with_previous(&self, keep: impl FnMut(&PreviousToken) -> bool) -> ApiKey {
        let mut details = self.details().clone();
        details.previous.retain(keep);
        self.clone().with_details(details)
    }

    /// The key without older tokens, and without what was meant to be one.
    pub(super) fn without_previous(&self) -> ApiKey {
        let mut details = self.details().clone();
        details.previous.clear();
        details.mistyped.previous = 0;
        self.clone().with_details(details)
    }

    /// The key without an older token, or disabled where it is the current one.
    pub(super) fn without_token(&self, digest: &Digest) -> Result<ApiKey, EditError> {
        if self.digest == *digest {
            return Ok(ApiKey { enabled: false, ..self.clone() });
        }
        let without = self.with_previous(|token| token.digest != *digest);
        if without.details().previous.len() == self.details().previous.len() {
            return Err(EditError::NoSuchToken);
        }
        Ok(without)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Rotation;
    use crate::domain::sample::{DAY, NOW, key, keyring, name};
    use crate::domain::{
        ApiKey, Digest, EditError, Generation, KeyDetails, KeyStatus, KeyringEdit, Limits, Patch,
        Precondition, Timestamp, TokenRefusal, Validators,
    };

    fn to(token: &str, overlap: Duration) -> Rotation {
        Rotation { digest: Digest::of(token.as_bytes()), overlap, expires_at: Patch::Keep }
    }

    fn ending(key: ApiKey, expires_at: Timestamp) -> ApiKey {
        let limits = Limits { expires_at: Some(expires_at), ..Default::default() };
        key.with_details(KeyDetails { limits, ..Default::default() })
    }

    fn judge(key: &ApiKey, edit: &KeyringEdit, now: Timestamp) -> Result<ApiKey, EditError> {
        let change =
            keyring(std::slice::from_ref(key)).judge(edit, &Precondition::default(), now)?;
        Ok(ApiKey::clone(change.key()))
    }

    fn rotate(key: &ApiKey, rotation: Rotation, now: Timestamp) -> Result<ApiKey, EditError> {
        judge(key, &KeyringEdit::Rotate { name: key.name.clone(), rotation }, now)
    }

    fn verify(key: &ApiKey, token: &str, now: Timestamp) -> Result<Generation, TokenRefusal> {
        let keyring = keyring(std::slice::from_ref(key));
        keyring.verify_token(&Digest::of(token.as_bytes()), now, None).map(|it| it.generation)
    }

    #[test]
    fn both_tokens_are_valid_until_the_overlap_ends() {
        let old = key("a", true, "1");
        let new = rotate(&old, to("2", DAY), NOW).unwrap();
        let end = NOW.saturating_add(DAY);
        let last = NOW.saturating_add(DAY - Duration::from_secs(1));
        let older = Ok(Generation::Previous { position: 0 });
        for now in [NOW, last] {
            assert_eq!(verify(&new, "1", now), older);
            assert_eq!(verify(&new, "2", now), Ok(Generation::Current));
        }
        for now in [end, Timestamp::MAX] {
            assert_eq!(verify(&new, "1", now), Err(TokenRefusal::Expired { at: end }));
            assert_eq!(verify(&new, "2", now), Ok(Generation::Current));
        }
        assert_eq!((&new.name, &new.scopes, new.enabled), (&old.name, &old.scopes, true));
        assert_eq!(new.entity_tag(), old.entity_tag());
        assert_ne!(new.details_entity_tag(), old.details_entity_tag());
    }

    #[test]
    fn without_an_overlap_the_old_token_is_not_kept() {
        let new = rotate(&key("a", true, "1"), to("2", Duration::ZERO), NOW).unwrap();
        assert_eq!(verify(&new, "1", NOW), Err(TokenRefusal::Unknown));
        assert!(new.details().previous.is_empty());
        assert_eq!(new.details().rotated_at, Some(NOW));
    }

    #[test]
    fn an_old_token_never_outlives_its_own_end() {
        let soon = NOW.saturating_add(Duration::from_secs(60));
        let key = ending(key("a", true, "1"), soon);
        let never = Rotation { expires_at: Patch::Remove, ..to("2", DAY) };
        let new = rotate(&key, never, NOW).unwrap();
        assert_eq!(new.details().previous[0].expires_at, soon);
        assert_eq!(verify(&new, "1", soon), Err(TokenRefusal::Expired { at: soon }));
        assert_eq!(verify(&new, "2", Timestamp::MAX), Ok(Generation::Current));
        let kept = rotate(&key, to("2", DAY), NOW).unwrap();
        assert_eq!(verify(&kept, "2", soon), Err(TokenRefusal::Expired { at: soon }));
    }

    #[test]
    fn a_fifth_older_token_is_refused_until_one_has_ended() {
        let mut rotated = key("a", true, "0");
        for token in ["1", "2", "3", "4"] {
            rotated = rotate(&rotated, to(token, DAY), NOW).unwrap();
        }
        assert_eq!(rotate(&rotated, to("5", DAY), NOW), Err(EditError::TooManyTokens));
        assert!(rotate(&rotated, to("5", Duration::ZERO), NOW).is_ok());
        let ended = rotate(&rotated, to("5", DAY), NOW.saturating_add(DAY)).unwrap();
        assert_eq!(ended.details().previous.len(), 1);
        let edit = KeyringEdit::EndOverlap { name: rotated.name.clone() };
        let alone = judge(&rotated, &edit, NOW).unwrap();
        assert_eq!(verify(&alone, "3", NOW), Err(TokenRefusal::Unknown));
        assert_eq!(verify(&alone, "4", NOW), Ok(Generation::Current));
        assert_eq!(judge(&alone, &edit, NOW).unwrap(), alone);
        assert!(rotate(&alone, to("5", DAY), NOW).is_ok());
    }

    #[test]
    fn an_ended_key_is_rotated_only_to_an_end_in_the_future() {
        let key = ending(key("a", true, "1"), NOW);
        assert_eq!(key.status(NOW), KeyStatus::Expired);
        let refused = Err(EditError::KeyExpired { at: NOW });
        assert_eq!(rotate(&key, to("2", DAY), NOW), refused);
        let past = Rotation { expires_at: Patch::Set(NOW), ..to("2", DAY) };
        assert_eq!(rotate(&key, past, NOW), refused);
        for expires_at in [Patch::Set(NOW.saturating_add(DAY)), Patch::Remove] {
            let new = rotate(&key, Rotation { expires_at, ..to("2", DAY) }, NOW).unwrap();
            assert_eq!(verify(&new, "1", NOW), Err(TokenRefusal::Unknown));
            assert_eq!(verify(&new, "2", NOW), Ok(Generation::Current));
        }
    }

    #[test]
    fn a_disabled_key_stays_disabled_with_all_its_tokens() {
        let new = rotate(&key("a", false, "1"), to("2", DAY), NOW).unwrap();
        assert_eq!(new.status(NOW), KeyStatus::Disabled);
        for token in ["1", "2"] {
            assert_eq!(verify(&new, token, NOW), Err(TokenRefusal::Disabled));
        }
    }

    #[test]
    fn a_repeated_rotation_fails_on_its_precondition_within_one_second_too() {
        let mut key = key("a", true, "0");
        for token in ["1", "2", "3"] {
            let matches = Some(Validators::OneOf(vec![key.details_entity_tag()]));
            let only = Precondition { matches, ..Default::default() };
            let rotation = to(token, Duration::ZERO);
            let edit = KeyringEdit::Rotate { name: name("a"), rotation };
            let change = keyring(std::slice::from_ref(&key)).judge(&edit, &only, NOW).unwrap();
            key = ApiKey::clone(change.key());
            let again = keyring(std::slice::from_ref(&key)).judge(&edit, &only, NOW);
            assert_eq!(again.unwrap_err(), EditError::PreconditionFailed);
        }
    }

    #[test]
    fn one_token_ends_alone_if_it_is_an_older_one() {
        let key = rotate(&key("a", true, "1"), to("2", DAY), NOW).unwrap();
        let key = rotate(&key, to("3", DAY), NOW).unwrap();
        let end = |key: &ApiKey, token: &str| {
            let digest = Digest::of(token.as_bytes());
            judge(key, &KeyringEdit::EndToken { name: name("a"), digest }, NOW)
        };
        let without = end(&key, "1").unwrap();
        assert_eq!(verify(&without, "1", NOW), Err(TokenRefusal::Unknown));
        assert!(verify(&without, "2", NOW).is_ok() && verify(&without, "3", NOW).is_ok());
        assert_eq!(end(&without, "1"), Err(EditError::NoSuchToken));
        let disabled = end(&without, "3").unwrap();
        assert_eq!(verify(&disabled, "2", NOW), Err(TokenRefusal::Disabled));
    }
}
