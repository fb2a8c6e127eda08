//! One key's definition.

use ring::digest::{Context, SHA256};

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

impl EntityTag {
    /// The entity tag of definitions in their order.
    pub(super) fn of_keys<'a>(keys: impl IntoIterator<Item = &'a ApiKey>) -> Self {
        let mut hash = Context::new(&SHA256);
        for key in keys {
            // No part can hold the byte that ends it, so no two definitions write the same bytes.
            hash.update(key.name.as_str().as_bytes());
            hash.update(if key.enabled { b"\0+" } else { b"\0-" });
            for scope in &key.scopes {
                hash.update(scope.as_str().as_bytes());
                hash.update(b"\0");
            }
            hash.update(b"\n");
        }
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(&hash.finish().as_ref()[..Self::LENGTH]);
        Self::from_bytes(bytes)
    }
}
