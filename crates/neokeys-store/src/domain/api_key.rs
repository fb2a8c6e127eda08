//! One key's definition.

use super::{Digest, Fingerprint, KeyName, Scopes};

/// A key as a tenant's document defines it. The plaintext is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What the key is called and addressed by.
    pub name: KeyName,
    /// Whether the key may be used now.
    pub enabled: bool,
    /// What the key may do.
    pub scopes: Scopes,
    /// What its token hashes to.
    pub digest: Digest,
}

impl ApiKey {
    /// What tells this definition from another, without a trace of the digest.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_keys([self])
    }
}
