//! One tenant's keys at one moment.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

use super::key_index::KeyIndex;
use super::previous_index::PreviousIndex;
use super::snapshot_cache::SnapshotCache;
use super::{ApiKey, Change, Digest, EntityTag, FoundToken, Generation, Timestamp, TokenRefusal};

/// An immutable snapshot of a tenant's keys, in the order of the document.
///
/// Faulty entries are no keys: they are neither shown nor found, and only take their name.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: Vec<Arc<ApiKey>>,
    by_name: KeyIndex<str>,
    /// Of several keys with one digest, the first enabled one, or else the first one.
    by_digest: KeyIndex<Digest>,
    by_previous: PreviousIndex,
    faulty: Vec<FaultyEntry>,
    pub(super) shown: SnapshotCache,
}

/// An entry of the document that cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyEntry {
    /// The name that it takes, if it has a readable one.
    pub name: Option<String>,
    /// Where it starts in the document, counted from 1.
    pub line: u64,
    /// The fault and how to fix it; never the value of a hash.
    pub fault: String,
}

impl Default for Keyring {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl Keyring {
    /// The keys and the faulty entries of a document, each in its order. Of two keys with one name, the
    /// later is lost: whoever reads a document makes such entries faulty, each of them.
    #[must_use]
    pub fn new(keys: Vec<Arc<ApiKey>>, faulty: Vec<FaultyEntry>) -> Self {
        let mut keyring = Self {
            by_name: KeyIndex::by(|key| key.name.as_str()),
            by_digest: KeyIndex::by(|key| &key.digest),
            by_previous: PreviousIndex::of(&keys),
            keys,
            faulty,
            shown: SnapshotCache::default(),
        };
        keyring.by_name.reserve(&keyring.keys);
        keyring.by_digest.reserve(&keyring.keys);
        for position in 0..keyring.keys.len() {
            if keyring.position(keyring.keys[position].name.as_str()).is_none() {
                keyring.by_name.set(&keyring.keys, position);
            }
            keyring.hold(position);
        }
        keyring
    }

    /// The keys in order.
    #[must_use]
    pub fn keys(&self) -> &[Arc<ApiKey>] {
        &self.keys
    }

    /// The list as it is shown, written once a snapshot. Where `write` fails, nothing is kept.
    pub fn listing<E>(
        &self,
        write: impl FnOnce(&[Arc<ApiKey>]) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        self.shown.listing(&self.keys, write)
    }

    /// The entries that cannot be keys.
    #[must_use]
    pub fn faulty_entries(&self) -> &[FaultyEntry] {
        &self.faulty
    }

    /// The key of this name, enabled or not.
    #[must_use]
    pub fn find_by_name(&self, name: &str) -> Option<&Arc<ApiKey>> {
        self.position(name).map(|position| &self.keys[position])
    }

    /// Where the key of this name stands among [`keys`](Self::keys).
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.find(&self.keys, name)
    }

    /// The token of this digest, valid or not. Where several keys have it, that of the first enabled one,
    /// and rather a current token than an older one.
    #[must_use]
    pub fn find_by_digest(&self, digest: &Digest) -> Option<FoundToken<'_>> {
        super::work_trace::record(super::work_trace::Work::Lookup);
        let current = self.find_current(digest);
        match current {
            Some(key) if key.enabled => Some(FoundToken { key, generation: Generation::Current }),
            _ => {
                let current =
                    current.map(|key| FoundToken { key, generation: Generation::Current });
                let previous = self.by_previous.find(digest);
                previous.filter(|it| it.key.enabled).or(current).or(previous)
            }
        }
    }

    /// The digests of all tokens of the keys, valid or not.
    pub fn tokens(&self) -> impl Iterator<Item = &Digest> {
        self.keys.iter().flat_map(|key| key.tokens()).map(|(digest, _)| digest)
    }

    /// Takes over which uses of its tokens an older snapshot has noted.
    pub fn carry_on_uses(&self, older: &Self) {
        let noted = older.keys.iter().flat_map(|key| key.tokens()).filter(|it| it.1.is_known());
        for (digest, last_use) in noted {
            if let Some(token) = self.find_by_digest(digest) {
                token.last_use().carry_on(last_use);
            }
        }
    }

    /// The token of this digest, valid now from a client of this address, if it is known.
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub fn verify_token(
        &self,
        digest: &Digest,
        now: Timestamp,
        client: Option<IpAddr>,
    ) -> Result<FoundToken<'_>, TokenRefusal> {
        let found = self.find_by_digest(digest).ok_or(TokenRefusal::Unknown)?;
        found.verify(now, client)?;
        Ok(found)
    }

    fn find_current(&self, digest: &Digest) -> Option<&Arc<ApiKey>> {
        self.by_digest.find(&self.keys, digest).map(|position| &self.keys[position])
    }

    /// The entity tag of this list, computed once a snapshot.
    #[must_use]
    pub fn entity_tag(&self) -> EntityTag {
        self.shown.entity_tag(&self.keys)
    }

    /// The entity tag of this list with all details.
    #[must_use]
    pub fn details_entity_tag(&self) -> EntityTag {
        EntityTag::of_details(self.keys.iter().map(AsRef::as_ref))
    }

    /// The snapshot after a change that was judged on this one.
    #[must_use]
    pub fn apply(&self, change: &Change) -> Self {
        let mut after = self.clone();
        after.make(change);
        after
    }

    /// Makes a change that was judged on this keyring in its place, without going through all keys
    /// for it: a writer makes many on one working copy. Faulty entries keep the lines that they
    /// had; whoever moves them in the document builds a new snapshot from it.
    pub fn make(&mut self, change: &Change) {
        self.shown = SnapshotCache::default();
        let position = self.position(change.key().name.as_str());
        match (change, position) {
            (Change::Removed(_), Some(position)) => self.take_out(position),
            (Change::Removed(_), None) => {}
            (Change::Replaced(key) | Change::Inserted(key), Some(position)) => {
                let is_rotated = self.keys[position].digest != key.digest;
                let must_look =
                    self.shares_digests() || is_rotated && self.find_current(&key.digest).is_some();
                if is_rotated && !must_look {
                    let old = self.keys[position].digest;
                    self.by_digest.remove(&self.keys, &old);
                }
                let old = std::mem::replace(&mut self.keys[position], Arc::clone(key));
                self.by_previous.replace(Some(&old), Some(key), &self.keys);
                if must_look {
                    self.find_holders_anew();
                } else if is_rotated {
                    self.by_digest.set(&self.keys, position);
                }
            }
            (Change::Replaced(key) | Change::Inserted(key), None) => {
                self.keys.push(Arc::clone(key));
                self.by_previous.replace(None, Some(key), &self.keys);
                let position = self.keys.len() - 1;
                self.by_name.set(&self.keys, position);
                self.hold(position);
            }
        }
    }

    fn take_out(&mut self, position: usize) {
        let shared = self.shares_digests();
        let key = Arc::clone(&self.keys[position]);
        self.by_name.remove(&self.keys, key.name.as_str());
        self.by_name.close_gap(position);
        if !shared {
            self.by_digest.remove(&self.keys, &key.digest);
            self.by_digest.close_gap(position);
        }
        self.keys.remove(position);
        self.by_previous.replace(Some(&key), None, &self.keys);
        if shared {
            self.find_holders_anew();
        }
    }

    /// Whether several keys have one digest, as only a document that people wrote may have it.
    fn shares_digests(&self) -> bool {
        self.by_digest.len() != self.keys.len()
    }

    fn find_holders_anew(&mut self) {
        self.by_digest = KeyIndex::by(|key| &key.digest);
        self.by_digest.reserve(&self.keys);
        for position in 0..self.keys.len() {
            self.hold(position);
        }
    }

    /// A token that several entries hold is the first enabled one's, or else the first one's. The
    /// positions before this one have been held.
    fn hold(&mut self, position: usize) {
        let key = &self.keys[position];
        let holder = self.find_current(&key.digest);
        if holder.is_none_or(|holder| key.enabled && !holder.enabled) {
            self.by_digest.set(&self.keys, position);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::sample::{DAY, NOW, key, keyring, names};
    use crate::domain::{
        AllowedIps, ApiKey, Change, Digest, FoundToken, Generation, KeyDetails, KeyName, Keyring,
        KeyringEdit, Limits, Precondition, PreviousToken, Scopes, TokenRefusal,
    };

    fn with_previous(key: ApiKey, tokens: &[&str]) -> ApiKey {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let token = |text: &&str| PreviousToken::new(digest(text), NOW.saturating_add(DAY));
        let previous = tokens.iter().map(token).collect();
        key.with_details(KeyDetails { previous, ..Default::default() })
    }

    fn shown(found: Option<FoundToken<'_>>) -> Option<(String, Generation)> {
        found.map(|it| (it.key.name.to_string(), it.generation))
    }

    #[test]
    fn a_created_key_comes_last_and_is_found() {
        let before = keyring(&[key("a", true, "1")]);
        let change =
            before.judge(&KeyringEdit::Create(key("b", true, "2")), &Precondition::default(), NOW);
        let after = before.apply(&change.unwrap());
        assert_eq!(names(&after), ["a", "b"]);
        assert_eq!(after.find_by_digest(&Digest::of(b"2")).unwrap().key.name.as_str(), "b");
        assert!(before.find_by_name("b").is_none());
    }

    #[test]
    fn a_digest_in_two_entries_is_the_first_enabled_ones() {
        let keys = [key("off", false, "1"), key("on", true, "1"), key("on-too", true, "1")];
        let holder = keyring(&keys);
        assert_eq!(holder.find_by_digest(&Digest::of(b"1")).unwrap().key.name.as_str(), "on");
    }

    #[test]
    fn a_keyring_that_was_changed_in_place_equals_one_that_was_built_anew() {
        let mut changed = keyring(&[]);
        let tokens = ["1", "2", "1", "3", "1", "4"];
        let older: [&[&str]; 4] = [&[], &[], &["5"], &["6", "1", "4", "6"]];
        let names = ["a", "b", "c", "d", "e"];
        let mut random = 7_u32;
        for _ in 0..2000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let pick = (random >> 16) as usize % names.len();
            let token = if random >> 28 & 1 == 1 { tokens[pick] } else { tokens[5] };
            let next = with_previous(
                key(names[pick], random >> 31 == 1, token),
                older[(random >> 26) as usize % older.len()],
            );
            let change = match (changed.find_by_name(names[pick]), random >> 29 & 1) {
                (None, _) => Change::Inserted(Arc::new(next)),
                (Some(_), 0) => Change::Replaced(Arc::new(next)),
                (Some(was), _) => Change::Removed(Arc::clone(was)),
            };
            changed.make(&change);
            let anew =
                keyring(&changed.keys().iter().map(|key| (**key).clone()).collect::<Vec<_>>());
            for name in names {
                assert_eq!(changed.find_by_name(name), anew.find_by_name(name));
                assert_eq!(changed.position(name), anew.position(name));
            }
            for token in ["1", "2", "3", "4", "5", "6"] {
                let digest = Digest::of(token.as_bytes());
                let find = |keyring: &Keyring| shown(keyring.find_by_digest(&digest));
                assert_eq!(find(&changed), find(&anew), "{change:?}");
            }
            assert_eq!(changed.entity_tag(), anew.entity_tag());
        }
    }

    #[test]
    fn a_key_is_found_by_each_of_its_tokens() {
        let keys = [
            with_previous(key("a", true, "1"), &["2", "3"]),
            with_previous(key("off", false, "4"), &["5"]),
            with_previous(key("b", true, "6"), &["4", "5", "1"]),
        ];
        let keyring = keyring(&keys);
        let find = |token: &str| shown(keyring.find_by_digest(&Digest::of(token.as_bytes())));
        let previous =
            |name: &str, position| Some((name.to_owned(), Generation::Previous { position }));
        assert_eq!(find("1"), Some(("a".to_owned(), Generation::Current)));
        assert_eq!(find("2"), previous("a", 0));
        assert_eq!(find("3"), previous("a", 1));
        assert_eq!(find("4"), previous("b", 0));
        assert_eq!(find("5"), previous("b", 1));
        assert_eq!(find("7"), None);
    }

    #[test]
    fn only_who_may_use_a_key_at_all_is_told_its_end() {
        let limits = Limits {
            expires_at: Some(NOW),
            allowed_ips: Some(AllowedIps::parse(&["192.0.2.0/24"]).unwrap()),
        };
        let ended = key("a", true, "1").with_details(KeyDetails { limits, ..Default::default() });
        let verify = |key: &ApiKey, client: &str| {
            let client = client.parse().ok();
            keyring(std::slice::from_ref(key))
                .verify_token(&key.digest, NOW, client)
                .map(|_| ())
                .unwrap_err()
        };
        assert_eq!(verify(&ended, "192.0.2.1"), TokenRefusal::Expired { at: NOW });
        assert_eq!(verify(&ended, "192.0.3.1"), TokenRefusal::AddressNotAllowed);
        assert_eq!(verify(&ended, "nowhere"), TokenRefusal::AddressNotAllowed);
        let disabled = ApiKey { enabled: false, ..ended };
        assert_eq!(verify(&disabled, "192.0.2.1"), TokenRefusal::Disabled);
    }

    #[test]
    fn a_key_without_details_takes_one_pointer_for_them() {
        assert_eq!(size_of::<ApiKey>(), size_of::<(KeyName, bool, Scopes, Digest)>() + 8);
    }
}
