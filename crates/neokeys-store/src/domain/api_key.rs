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
        let mut written = Vec::with_capacity(256);
        for key in keys {
            // No part can hold the byte that ends it, so no two definitions write the same bytes.
            written.clear();
            written.extend_from_slice(key.name.as_str().as_bytes());
            written.extend_from_slice(if key.enabled { b"\0+" } else { b"\0-" });
            for scope in &key.scopes {
                written.extend_from_slice(scope.as_str().as_bytes());
                written.push(b'\0');
            }
            written.push(b'\n');
            hash.update(&written);
        }
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(&hash.finish().as_ref()[..Self::LENGTH]);
        Self::from_bytes(bytes)
    }
}
