//! The entity tag: tells one state of a resource from another.

use ring::digest::{Context, SHA256};

use super::ApiKey;

/// A short name for what a caller may see of a key or of a list of keys: equal definitions give
/// equal tags on every machine, at any time. Digests have no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntityTag([u8; Self::LENGTH]);

impl EntityTag {
    /// Bytes of a entity_tag: 128 bits of a SHA-256.
    pub const LENGTH: usize = 16;

    /// A entity_tag that a caller sent back.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes, to show to callers.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The entity_tag of definitions in their order.
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
        Self(bytes)
    }
}
