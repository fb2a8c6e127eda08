//! One key's definition.

use super::{Digest, EntityTag, KeyName, Scopes};

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
    pub fn entity_tag(&self) -> EntityTag {
        EntityTag::of_keys([self])
    }
}
