//! One tenant's keys at one moment.

use std::sync::Arc;

use bytes::Bytes;

use super::key_index::KeyIndex;
use super::snapshot_cache::SnapshotCache;
use super::{ApiKey, Change, Digest, EditError, EntityTag, KeyName, KeyringEdit, Precondition};

/// An immutable snapshot of a tenant's keys, in the order of the document.
///
/// Faulty entries are no keys: they are neither shown nor found, and only take their name.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: Vec<Arc<ApiKey>>,
    by_name: KeyIndex<str>,
    /// Of several keys with one digest, the first enabled one, or else the first one.
    by_digest: KeyIndex<Digest>,
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

    /// The key whose token hashes to this digest, enabled or not. Where several entries hold the
    /// digest, the first enabled one.
    #[must_use]
    pub fn find_by_digest(&self, digest: &Digest) -> Option<&Arc<ApiKey>> {
        super::work_trace::record(super::work_trace::Work::Lookup);
        self.by_digest.find(&self.keys, digest).map(|position| &self.keys[position])
    }

    /// The entity tag of this list, computed once a snapshot.
    #[must_use]
    pub fn entity_tag(&self) -> EntityTag {
        self.shown.entity_tag(&self.keys)
    }

    /// The change that an edit would make here, if it may.
    ///
    /// # Errors
    /// [`EditError`] says what stands in the way. A precondition is judged last, so that it hides
    /// no other error (RFC 9110 §13.2.1).
    pub fn judge(
        &self,
        edit: &KeyringEdit,
        precondition: &Precondition,
    ) -> Result<Change, EditError> {
        let demand = |present: &EntityTag| {
            if precondition.holds(present) { Ok(()) } else { Err(EditError::PreconditionFailed) }
        };
        let get = |name: &KeyName| {
            let key = self.get_by_name(name)?;
            if !precondition.is_empty() {
                demand(&key.entity_tag())?;
            }
            Ok(key)
        };
        match edit {
            KeyringEdit::Create(key) => {
                self.demand_free(&key.name)?;
                if !precondition.is_empty() {
                    demand(&self.entity_tag())?;
                }
                Ok(Change::Inserted(Arc::new(key.clone())))
            }
            KeyringEdit::Update { name, enabled, scopes } => {
                let key = get(name)?;
                Ok(Change::Replaced(Arc::new(ApiKey {
                    name: key.name.clone(),
                    enabled: *enabled,
                    scopes: scopes.clone(),
                    digest: key.digest,
                })))
            }
            KeyringEdit::Delete { name } => Ok(Change::Removed(Arc::clone(get(name)?))),
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
        let mut faulty = self.faulty.iter();
        let entry = faulty.find(|entry| entry.name.as_deref() == Some(name.as_str()))?;
        Some((entry.line, entry.fault.clone()))
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
                let shared = self.shares_digests();
                let old = std::mem::replace(&mut self.keys[position], Arc::clone(key));
                if shared || old.digest != key.digest {
                    self.find_holders_anew();
                }
            }
            (Change::Replaced(key) | Change::Inserted(key), None) => {
                self.keys.push(Arc::clone(key));
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
        let holder = self.find_by_digest(&key.digest);
        if holder.is_none_or(|holder| key.enabled && !holder.enabled) {
            self.by_digest.set(&self.keys, position);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{FaultyEntry, Keyring};
    use crate::domain::{
        ApiKey, Change, Digest, EditError, KeyName, KeyringEdit, Precondition, Scopes, Validators,
    };

    fn key(name: &str, enabled: bool, token: &str) -> ApiKey {
        ApiKey {
            name: KeyName::parse(name).unwrap(),
            enabled,
            scopes: Scopes::parse(&["passes:read"]).unwrap(),
            digest: Digest::of(token.as_bytes()),
        }
    }

    fn keyring(keys: &[ApiKey]) -> Keyring {
        Keyring::new(keys.iter().cloned().map(Arc::new).collect(), Vec::new())
    }

    fn names(keyring: &Keyring) -> Vec<&str> {
        keyring.keys().iter().map(|key| key.name.as_str()).collect()
    }

    fn delete(name: &str) -> KeyringEdit {
        KeyringEdit::Delete { name: KeyName::parse(name).unwrap() }
    }

    #[test]
    fn a_created_key_comes_last_and_is_found() {
        let before = keyring(&[key("a", true, "1")]);
        let change =
            before.judge(&KeyringEdit::Create(key("b", true, "2")), &Precondition::default());
        let after = before.apply(&change.unwrap());
        assert_eq!(names(&after), ["a", "b"]);
        assert_eq!(after.find_by_digest(&Digest::of(b"2")).unwrap().name.as_str(), "b");
        assert!(before.find_by_name("b").is_none());
    }

    #[test]
    fn a_name_is_taken_by_a_key_and_by_a_faulty_entry() {
        let fault = FaultyEntry { name: Some("b".into()), line: 7, fault: "no hash".into() };
        let keyring = Keyring::new(vec![Arc::new(key("a", true, "1"))], vec![fault]);
        let create = |name| {
            keyring.judge(&KeyringEdit::Create(key(name, true, "3")), &Precondition::default())
        };
        assert_eq!(create("a").unwrap_err(), EditError::NameTaken);
        assert!(matches!(create("b"), Err(EditError::NameTakenByFaultyEntry { line: 7, .. })));
        assert!(create("A").is_ok());
        assert!(keyring.find_by_name("b").is_none());
        assert_eq!(
            keyring.judge(&delete("b"), &Precondition::default()).unwrap_err(),
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
        let after = before.apply(&before.judge(&edit, &Precondition::default()).unwrap());
        assert_eq!(names(&after), ["a", "b"]);
        let changed = after.find_by_digest(&Digest::of(b"1")).unwrap();
        assert!(!changed.enabled && changed.scopes.grant("x"));
    }

    #[test]
    fn a_deleted_key_is_found_no_more() {
        let before = keyring(&[key("a", true, "1"), key("b", true, "2")]);
        let change = before.judge(&delete("a"), &Precondition::default()).unwrap();
        assert!(matches!(&change, Change::Removed(key) if key.name.as_str() == "a"));
        let after = before.apply(&change);
        assert_eq!(names(&after), ["b"]);
        assert!(after.find_by_digest(&Digest::of(b"1")).is_none());
        assert_eq!(after.find_by_digest(&Digest::of(b"2")).unwrap().name.as_str(), "b");
    }

    #[test]
    fn a_digest_in_two_entries_is_the_first_enabled_ones() {
        let keys = [key("off", false, "1"), key("on", true, "1"), key("on-too", true, "1")];
        let holder = keyring(&keys);
        assert_eq!(holder.find_by_digest(&Digest::of(b"1")).unwrap().name.as_str(), "on");
    }

    #[test]
    fn a_keyring_that_was_changed_in_place_equals_one_that_was_built_anew() {
        let mut changed = keyring(&[]);
        let tokens = ["1", "2", "1", "3", "1"];
        let names = ["a", "b", "c", "d", "e"];
        let mut random = 7_u32;
        for _ in 0..2000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let pick = (random >> 16) as usize % names.len();
            let next =
                key(names[pick], random.is_power_of_two() || random >> 31 == 1, tokens[pick]);
            let change = match (changed.find_by_name(names[pick]), random >> 29 & 1) {
                (None, _) => Change::Inserted(Arc::new(next)),
                (Some(_), 0) => Change::Replaced(Arc::new(next)),
                (Some(was), _) => Change::Removed(Arc::clone(was)),
            };
            changed.make(&change);
            let anew =
                keyring(&changed.keys().iter().map(|key| (**key).clone()).collect::<Vec<_>>());
            for (name, token) in names.iter().zip(tokens) {
                assert_eq!(changed.find_by_name(name), anew.find_by_name(name));
                assert_eq!(changed.position(name), anew.position(name));
                let digest = Digest::of(token.as_bytes());
                assert_eq!(
                    changed.find_by_digest(&digest),
                    anew.find_by_digest(&digest),
                    "{change:?}"
                );
            }
            assert_eq!(changed.entity_tag(), anew.entity_tag());
        }
    }

    #[test]
    fn a_precondition_is_judged_after_everything_else() {
        let keyring = keyring(&[key("a", true, "1")]);
        let none =
            Precondition { matches: Some(Validators::OneOf(Vec::new())), ..Default::default() };
        assert_eq!(keyring.judge(&delete("x"), &none).unwrap_err(), EditError::NotFound);
        assert_eq!(keyring.judge(&delete("a"), &none).unwrap_err(), EditError::PreconditionFailed);
        let present = keyring.find_by_name("a").unwrap().entity_tag();
        let this =
            Precondition { matches: Some(Validators::OneOf(vec![present])), ..Default::default() };
        assert!(keyring.judge(&delete("a"), &this).is_ok());
        let not_any = Precondition { matches_none: Some(Validators::Any), ..Default::default() };
        assert_eq!(
            keyring.judge(&delete("a"), &not_any).unwrap_err(),
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
