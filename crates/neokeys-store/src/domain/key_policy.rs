//! The deployment's policy on how long keys and their older tokens last.
//!
//! It binds what is asked of the service and of the command line. It touches no key that exists, and
//! nothing that people write into a document.

use std::time::Duration;

use super::{
    ApiKey, DetailsPatch, EditError, KeyDetails, KeyName, KeyringEdit, Patch, PolicyError,
    Rotation, Timestamp,
};

/// How long keys and their older tokens last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// The lifetime of a new key, and of one that is rotated, where nobody names an end.
    pub default_lifetime: Option<Duration>,
    /// The longest time to an end that may be named. Where there is one, every end has to be.
    pub max_lifetime: Option<Duration>,
    /// The longest overlap of a rotation.
    pub max_overlap: Option<Duration>,
}

/// A policy by which no new key could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("keys.default_lifetime is longer than keys.max_lifetime; lower the one or raise the other")]
pub struct DefaultBeyondMaximum;

impl Default for KeyPolicy {
    fn default() -> Self {
        let max_overlap = Some(Duration::from_secs(30 * 86_400));
        Self { default_lifetime: None, max_lifetime: None, max_overlap }
    }
}

impl KeyPolicy {
    /// Whether the policy agrees with itself.
    ///
    /// # Errors
    /// [`DefaultBeyondMaximum`].
    pub fn demand_agreement(&self) -> Result<(), DefaultBeyondMaximum> {
        match (self.default_lifetime, self.max_lifetime) {
            (Some(default), Some(most)) if default > most => Err(DefaultBeyondMaximum),
            _ => Ok(()),
        }
    }

    /// The edit that makes a key with these details now. Where no end is named, it has the default one, or
    /// the latest that is allowed.
    ///
    /// # Errors
    /// [`EditError::BeyondPolicy`], [`EditError::TooManyLabels`].
    pub fn create(
        &self,
        key: ApiKey,
        mut details: DetailsPatch,
        now: Timestamp,
    ) -> Result<KeyringEdit, EditError> {
        let lifetime = self.default_lifetime.or(self.max_lifetime);
        details.expires_at = or_after(details.expires_at, lifetime, now);
        self.demand_end(&details.expires_at, now)?;
        let made = KeyDetails { created_at: Some(now), ..KeyDetails::default() };
        Ok(KeyringEdit::Create(details.applied(&key.with_details(made))?))
    }

    /// The edit that changes a key's details. An end that is not named stays, whatever it is.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn amend(
        &self,
        name: KeyName,
        patch: DetailsPatch,
        now: Timestamp,
    ) -> Result<KeyringEdit, PolicyError> {
        self.demand_end(&patch.expires_at, now)?;
        Ok(KeyringEdit::Amend { name, patch })
    }

    /// The edit that rotates a key. Where no end is named, it has the default one, or keeps its own.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn rotate(
        &self,
        name: KeyName,
        mut rotation: Rotation,
        now: Timestamp,
    ) -> Result<KeyringEdit, PolicyError> {
        if let Some(most) = self.max_overlap.filter(|most| rotation.overlap > *most) {
            return Err(PolicyError::OverlapTooLong { most });
        }
        self.demand_end(&rotation.expires_at, now)?;
        rotation.expires_at = or_after(rotation.expires_at, self.default_lifetime, now);
        Ok(KeyringEdit::Rotate { name, rotation })
    }

    /// The latest end that is allowed now, where a key that exists ends later or never.
    #[must_use]
    pub fn latest_end_exceeded(&self, key: &ApiKey, now: Timestamp) -> Option<Timestamp> {
        let latest = now.saturating_add(self.max_lifetime?);
        let is_beyond = key.details().limits.expires_at.is_none_or(|end| end > latest);
        is_beyond.then_some(latest)
    }

    fn demand_end(&self, end: &Patch<Timestamp>, now: Timestamp) -> Result<(), PolicyError> {
        let Some(most) = self.max_lifetime else { return Ok(()) };
        let latest = now.saturating_add(most);
        match end {
            Patch::Remove => Err(PolicyError::NoEnd { latest }),
            Patch::Set(end) if *end > latest => Err(PolicyError::EndTooLate { latest }),
            Patch::Set(_) | Patch::Keep => Ok(()),
        }
    }
}

/// The end that is named, else the one after a lifetime, if there is one.
fn or_after(end: Patch<Timestamp>, lifetime: Option<Duration>, now: Timestamp) -> Patch<Timestamp> {
    match (end, lifetime) {
        (Patch::Keep, Some(lifetime)) => Patch::Set(now.saturating_add(lifetime)),
        (end, _) => end,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::KeyPolicy;
    use crate::domain::sample::{DAY, NOW, key, name};
    use crate::domain::{
        DetailsPatch, Digest, EditError, KeyDetails, KeyringEdit, Limits, Patch, PolicyError,
        Rotation, Timestamp,
    };

    fn policy(default: Option<Duration>, most: Option<Duration>) -> KeyPolicy {
        KeyPolicy { default_lifetime: default, max_lifetime: most, ..KeyPolicy::default() }
    }

    fn after(lifetime: Duration) -> Timestamp {
        NOW.saturating_add(lifetime)
    }

    fn created(policy: &KeyPolicy, end: Patch<Timestamp>) -> Result<Option<Timestamp>, EditError> {
        let details = DetailsPatch { expires_at: end, ..DetailsPatch::default() };
        let edit = policy.create(key("a", true, "1"), details, NOW)?;
        let KeyringEdit::Create(key) = edit else { panic!("{edit:?} creates nothing") };
        assert_eq!(key.details().created_at, Some(NOW));
        Ok(key.details().limits.expires_at)
    }

    fn rotated(
        policy: &KeyPolicy,
        end: Patch<Timestamp>,
        overlap: Duration,
    ) -> Result<Patch<Timestamp>, PolicyError> {
        let rotation = Rotation { digest: Digest::of(b"2"), overlap, expires_at: end };
        let edit = policy.rotate(name("a"), rotation, NOW)?;
        let KeyringEdit::Rotate { rotation, .. } = edit else { panic!("{edit:?} rotates nothing") };
        Ok(rotation.expires_at)
    }

    #[test]
    fn a_new_key_ends_as_it_is_named_else_by_default_else_as_late_as_it_may() {
        let second = Duration::from_secs(1);
        let no_end = EditError::from(PolicyError::NoEnd { latest: after(2 * DAY) });
        let too_late = EditError::from(PolicyError::EndTooLate { latest: after(2 * DAY) });
        for (default, most, left_out, never, late) in [
            (None, None, None, Ok(None), Ok(())),
            (Some(DAY), None, Some(after(DAY)), Ok(None), Ok(())),
            (None, Some(2 * DAY), Some(after(2 * DAY)), Err(&no_end), Err(&too_late)),
            (Some(DAY), Some(2 * DAY), Some(after(DAY)), Err(&no_end), Err(&too_late)),
        ] {
            let policy = policy(default, most);
            assert_eq!(created(&policy, Patch::Keep), Ok(left_out), "{policy:?}");
            assert_eq!(created(&policy, Patch::Remove).as_ref(), never.as_ref().map_err(|it| *it));
            let last = after(2 * DAY);
            assert_eq!(created(&policy, Patch::Set(last)), Ok(Some(last)), "{policy:?}");
            let beyond = created(&policy, Patch::Set(last.saturating_add(second)));
            assert_eq!(beyond.as_ref().map(|_| ()), late, "{policy:?}");
        }
    }

    #[test]
    fn a_rotation_names_an_end_or_has_the_default_or_keeps_the_present_one() {
        let hour = Duration::from_secs(3600);
        let none = policy(None, None);
        let both = policy(Some(DAY), Some(2 * DAY));
        assert_eq!(rotated(&none, Patch::Keep, hour), Ok(Patch::Keep));
        assert_eq!(rotated(&policy(None, Some(DAY)), Patch::Keep, hour), Ok(Patch::Keep));
        assert_eq!(rotated(&both, Patch::Keep, hour), Ok(Patch::Set(after(DAY))));
        let named = Patch::Set(after(2 * DAY));
        assert_eq!(rotated(&both, named.clone(), hour), Ok(named));
        assert_eq!(rotated(&policy(Some(DAY), None), Patch::Remove, hour), Ok(Patch::Remove));
        let latest = after(2 * DAY);
        assert_eq!(rotated(&both, Patch::Remove, hour), Err(PolicyError::NoEnd { latest }));
        let late = rotated(&both, Patch::Set(after(3 * DAY)), hour);
        assert_eq!(late, Err(PolicyError::EndTooLate { latest }));
    }

    #[test]
    fn an_overlap_is_thirty_days_at_most_unless_the_policy_says_another() {
        let thirty = 30 * DAY;
        let second = Duration::from_secs(1);
        let most = KeyPolicy::default();
        assert!(rotated(&most, Patch::Keep, thirty).is_ok());
        let refused = Err(PolicyError::OverlapTooLong { most: thirty });
        assert_eq!(rotated(&most, Patch::Keep, thirty + second), refused);
        let any = KeyPolicy { max_overlap: None, ..KeyPolicy::default() };
        assert!(rotated(&any, Patch::Keep, thirty + second).is_ok());
        let none = KeyPolicy { max_overlap: Some(Duration::ZERO), ..KeyPolicy::default() };
        assert!(rotated(&none, Patch::Keep, Duration::ZERO).is_ok());
        assert!(rotated(&none, Patch::Keep, second).is_err());
    }

    #[test]
    fn keys_that_exist_stay_as_they_are_and_are_told() {
        let policy = policy(Some(DAY), Some(2 * DAY));
        let ending = |end| {
            let limits = Limits { expires_at: Some(end), ..Limits::default() };
            key("a", true, "1").with_details(KeyDetails { limits, ..KeyDetails::default() })
        };
        let latest = Some(after(2 * DAY));
        assert_eq!(policy.latest_end_exceeded(&key("a", true, "1"), NOW), latest);
        assert_eq!(policy.latest_end_exceeded(&ending(after(3 * DAY)), NOW), latest);
        assert_eq!(policy.latest_end_exceeded(&ending(after(2 * DAY)), NOW), None);
        assert_eq!(KeyPolicy::default().latest_end_exceeded(&ending(Timestamp::MAX), NOW), None);
        let patch = |expires_at| DetailsPatch { expires_at, ..DetailsPatch::default() };
        let amended = policy.amend(name("a"), patch(Patch::Keep), NOW);
        assert!(matches!(amended, Ok(KeyringEdit::Amend { .. })));
        let refused = policy.amend(name("a"), patch(Patch::Remove), NOW);
        assert_eq!(refused.err(), Some(PolicyError::NoEnd { latest: after(2 * DAY) }));
    }

    #[test]
    fn a_default_beyond_the_maximum_is_no_policy() {
        assert!(policy(Some(DAY), Some(DAY)).demand_agreement().is_ok());
        assert!(policy(Some(2 * DAY), Some(DAY)).demand_agreement().is_err());
        assert!(policy(Some(2 * DAY), None).demand_agreement().is_ok());
    }
}
