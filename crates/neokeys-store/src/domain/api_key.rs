//! One key's definition.

use super::{Digest, EntityTag, KeyName, Scopes};

/// A key as a tenant's document defines it. The plaintext is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The name that it is addressed by.
    pub name: KeyName,
    /// Whether the key may be used now.
    pub enabled: bool,
    /// The scopes that it grants.
    pub scopes: Scopes,
    /// The digest of its token.
    pub digest: Digest,
}

impl ApiKey {
    /// The entity tag of this definition, without a trace of the digest.
    #[must_use]
    pub fn entity_tag(&self) -> EntityTag {
        EntityTag::of_keys([self])
    }
}
