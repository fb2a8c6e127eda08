//! A token's last use as its process knows it.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Minute;

/// The minute of a token's last use in this process: a number beside the token, which every use looks
/// at and one use a minute changes.
///
/// It says which uses need not be told again. It is no part of what a key is: keys that differ in
/// nothing else are equal.
#[derive(Default)]
pub struct LastUse(AtomicU32);

impl LastUse {
    /// Notes a use; says whether it is the first one in its minute, which is told to whoever keeps
    /// uses. A clock that was set back begins anew; one that is read late, as a minute ends, does not.
    #[must_use]
    pub fn note(&self, now: Minute) -> bool {
        let now = now.number();
        let is_noted = |last: u32| last == now || last == now.saturating_add(1);
        !is_noted(self.0.load(Ordering::Relaxed)) && !is_noted(self.0.swap(now, Ordering::Relaxed))
    }

    /// Takes over what the same token's cell in an older snapshot says.
    pub(super) fn carry_on(&self, older: &Self) {
        self.0.fetch_max(older.0.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether a use was noted.
    pub(super) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

impl Clone for LastUse {
    fn clone(&self) -> Self {
        Self(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

impl PartialEq for LastUse {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LastUse {}

impl fmt::Debug for LastUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LastUse")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use std::sync::Arc;
    use std::time::Duration;

    use super::LastUse;
    use crate::domain::{
        ApiKey, Digest, KeyName, Keyring, KeyringEdit, Minute, Patch, Precondition, Rotation,
        Scopes, Timestamp,
    };

    const NOW: Minute = Minute::numbered(29_000_000);

    fn keyring() -> Keyring {
        let key = |name: &str| {
            let scopes = Scopes::parse(&["a"]).unwrap();
            let digest = Digest::of(name.as_bytes());
            Arc::new(ApiKey::new(KeyName::parse(name).unwrap(), true, scopes, digest))
        };
        Keyring::new(["a", "b"].map(key).into(), Vec::new())
    }

    /// Whether a use of a token is told.
    fn is_told(keyring: &Keyring, token: &str) -> bool {
        keyring.find_by_digest(&Digest::of(token.as_bytes())).unwrap().note_use(NOW)
    }

    #[test]
    fn what_was_noted_in_one_reading_is_in_the_next_one() {
        let (older, newer) = (keyring(), keyring());
        assert!(is_told(&older, "a"));
        newer.carry_on_uses(&older);
        assert_eq!((is_told(&newer, "a"), is_told(&newer, "b")), (false, true));
    }

    #[test]
    fn the_older_token_of_a_rotated_key_keeps_its_use_and_the_new_one_has_none() {
        let before = keyring();
        assert!(is_told(&before, "a"));
        let rotation = Rotation {
            digest: Digest::of(b"new"),
            overlap: Duration::from_secs(3600),
            expires_at: Patch::Keep,
        };
        let edit = KeyringEdit::Rotate { name: KeyName::parse("a").unwrap(), rotation };
        let now = Timestamp::from_epoch(NOW.since_epoch());
        let after = before.apply(&before.judge(&edit, &Precondition::default(), now).unwrap());
        assert_eq!((is_told(&after, "a"), is_told(&after, "new")), (false, true));
        assert_eq!((is_told(&after, "a"), is_told(&after, "new")), (false, false));
        assert_eq!(after.tokens().count(), 3);
    }

    #[test]
    fn a_key_is_no_larger_for_it() {
        struct Without {
            _name: KeyName,
            _enabled: bool,
            _scopes: Scopes,
            _digest: Digest,
            _details: Option<Box<()>>,
        }
        assert_eq!(size_of::<ApiKey>(), size_of::<Without>());
    }

    #[test]
    fn the_first_use_of_a_minute_is_told() {
        let last = LastUse::default();
        let note = |minute| last.note(Minute::numbered(minute));
        assert_eq!([7, 7, 8, 8, 20].map(note), [true, false, true, false, true]);
        // Somebody who began before others comes late.
        assert_eq!([19, 20].map(note), [false, false]);
        // The clock is set back, and goes on from there.
        assert_eq!([5, 5, 6].map(note), [true, false, true]);
    }

    #[test]
    fn of_a_thousand_uses_at_once_one_is_told() {
        const USERS: usize = 1024;
        let (last, told, start) = (LastUse::default(), AtomicUsize::new(0), Barrier::new(USERS));
        std::thread::scope(|scope| {
            for _ in 0..USERS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..100 {
                        told.fetch_add(
                            usize::from(last.note(Minute::numbered(7))),
                            Ordering::Relaxed,
                        );
                    }
                });
            }
        });
        assert_eq!(told.into_inner(), 1);
    }

    #[test]
    fn a_newer_snapshot_takes_over_and_never_goes_back() {
        let (older, newer) = (LastUse::default(), LastUse::default());
        assert!(older.note(Minute::numbered(7)));
        newer.carry_on(&older);
        assert!(!newer.note(Minute::numbered(7)));
        assert!(newer.note(Minute::numbered(9)));
        newer.carry_on(&older);
        assert!(!newer.note(Minute::numbered(9)));
        assert!(!older.clone().note(Minute::numbered(7)));
    }
}
