//! Room that documents take in memory.

use std::ops::{AddAssign, SubAssign};

/// Room that a document takes, or all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Footprint {
    /// Bytes of documents.
    pub(super) bytes: u64,
    /// Keys in them.
    pub(super) keys: u64,
    /// Entries in them that are no keys.
    pub(super) faulty: u64,
}

impl AddAssign for Footprint {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.keys += other.keys;
        self.faulty += other.faulty;
    }
}

impl SubAssign for Footprint {
    fn sub_assign(&mut self, other: Self) {
        self.bytes -= other.bytes;
        self.keys -= other.keys;
        self.faulty -= other.faulty;
    }
}
