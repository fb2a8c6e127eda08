//! The entity tag: tells one state of a resource from another.

/// A short name for what a caller may see of a key or of a list of keys: equal definitions give
/// equal tags on every machine, at any time. Digests have no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntityTag([u8; Self::LENGTH]);

impl EntityTag {
    /// Bytes of an entity tag: 128 bits of a SHA-256.
    pub const LENGTH: usize = 16;

    /// An entity tag that a caller sent back.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes, to show to callers.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}
