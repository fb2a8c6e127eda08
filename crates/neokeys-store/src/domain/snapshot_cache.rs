//! The cache of a snapshot: its entity tag and its listing, each made once.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{ApiKey, EntityTag};

/// The consequences of one snapshot's keys, once they were asked for. A snapshot with other keys has a
/// cache of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct SnapshotCache {
    entity_tag: OnceLock<EntityTag>,
    listing: OnceLock<Bytes>,
}

impl SnapshotCache {
    pub(super) fn entity_tag(&self, keys: &[Arc<ApiKey>]) -> EntityTag {
        *self.entity_tag.get_or_init(|| EntityTag::of_keys(keys.iter().map(|key| &**key)))
    }

    /// The listing of these keys, written once; the error of `write` is not kept.
    pub(super) fn listing<E>(
        &self,
        keys: &[Arc<ApiKey>],
        write: impl FnOnce(&[Arc<ApiKey>]) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        match self.listing.get() {
            Some(listing) => Ok(listing.clone()),
            None => write(keys).map(|listing| self.listing.get_or_init(|| listing).clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use crate::domain::{
        ApiKey, Digest, KeyName, Keyring, KeyringEdit, Precondition, Scopes, Timestamp,
    };

    #[test]
    fn the_list_is_written_once_and_anew_after_a_change() {
        let name = KeyName::parse("a").unwrap();
        let scopes = Scopes::parse(&["*"]).unwrap();
        let key = ApiKey::new(name.clone(), true, scopes, Digest::of(b"1"));
        let before = Keyring::new(vec![Arc::new(key)], Vec::new());
        let count = |keyring: &Keyring| {
            keyring.listing(|keys| Ok::<_, ()>(Bytes::from(keys.len().to_string()))).unwrap()
        };
        assert!(before.listing(|_| Err("the pen broke")).is_err());
        assert_eq!(count(&before), "1");
        assert_eq!(before.listing(|_| Err("it was written")).unwrap(), "1");
        let change = before
            .judge(&KeyringEdit::Delete { name }, &Precondition::default(), Timestamp::EPOCH)
            .unwrap();
        let after = before.apply(&change);
        assert_eq!((count(&after), count(&before)), ("0".into(), "1".into()));
    }
}
