//! How a keyring comes to be out of a document.

use std::sync::Arc;

use super::ApiKey;
use super::keyring::{FaultyEntry, Keyring};

/// Gathers the entries of a document in their order.
#[derive(Debug, Default)]
pub struct KeyringBuilder {
    keys: Vec<Arc<ApiKey>>,
    faulty: Vec<FaultyEntry>,
}

impl KeyringBuilder {
    /// Room for this many keys.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        Self { keys: Vec::with_capacity(keys), faulty: Vec::new() }
    }

    /// Adds a key at the end. Of two keys with one name, the later is lost: whoever reads a
    /// document makes such entries [`faulty`](Self::faulty), each of them.
    pub fn key(&mut self, key: Arc<ApiKey>) {
        self.keys.push(key);
    }

    /// Adds an entry that cannot be a key.
    pub fn faulty(&mut self, entry: FaultyEntry) {
        self.faulty.push(entry);
    }

    /// The snapshot.
    #[must_use]
    pub fn build(self) -> Keyring {
        Keyring::new(self.keys, self.faulty)
    }
}
