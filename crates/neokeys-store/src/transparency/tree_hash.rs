//! Hashes of a tree's leaves and nodes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256, digest};

/// The hash of a leaf or a node (RFC 6962 §2.1): a SHA-256 that tells one from the other by its first byte.
/// As text it is Base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TreeHash([u8; 32]);

impl TreeHash {
    /// The length of a hash, in bytes.
    pub const LENGTH: usize = 32;

    /// The root of the tree without leaves: the SHA-256 of nothing.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self::finished(digest(&SHA256, b""))
    }

    /// The hash of a leaf: a line, without its newline.
    #[must_use]
    pub fn of_line(line: &[u8]) -> Self {
        Self::of(&[&[0], line])
    }

    /// The hash of the node above two.
    #[must_use]
    pub(super) fn of_children(left: &Self, right: &Self) -> Self {
        Self::of(&[&[1], &left.0, &right.0])
    }

    /// A hash from its text.
    #[must_use]
    pub(super) fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// A hash that was kept as bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        parts.iter().for_each(|part| context.update(part));
        Self::finished(context.finish())
    }

    fn finished(digest: ring::digest::Digest) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
