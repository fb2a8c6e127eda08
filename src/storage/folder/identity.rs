//! What tells one state of a file from another, without reading it.
//!
//! The inode alone proves nothing (numbers are handed out again), and mtime can be set back; ctime
//! cannot. Within the grain of the kernel's clock even all of them can stay the same, so a state
//! that was read too soon after its ctime counts as unsettled and is read once more.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::storage::document_store::Version;

/// Longer than the kernel's clock stands still between two ticks (10 ms at most).
pub(super) const GRAIN: Duration = Duration::from_millis(20);

/// A file as the file system tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Which file system.
    pub(super) device: u64,
    /// Which file of it.
    pub(super) inode: u64,
    /// Bytes.
    pub(super) size: u64,
    modified: u64,
    changed: u64,
}

impl Identity {
    /// The identity that a `stat` tells.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether this is the same file, be its contents the same or not.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether this is the same state of the same file, apart from a change of its name.
    pub(super) fn is_same_but_renamed(&self, other: &Self) -> bool {
        self.is_same_file(other)
            && self.size == other.size
            && self.modified == other.modified
            && self.changed <= other.changed
    }

    /// What a rename leaves as it is.
    pub(super) fn size_and_time(&self) -> (u64, u64) {
        (self.size, self.modified)
    }

    /// How long ago the file was changed.
    pub(super) fn age(&self) -> Duration {
        Duration::from_nanos(now().saturating_sub(self.changed))
    }

    /// Whether a change from now on shows in the identity for certain. A ctime that lies in the
    /// future is one from before the clock was set back.
    pub(super) fn is_settled(&self) -> bool {
        now().abs_diff(self.changed) >= GRAIN.as_nanos() as u64
    }

    /// The identity as a version, with whether it was settled when the file was read.
    pub(super) fn version(&self, settled: bool) -> Version {
        let settled = if settled { 1 } else { 2 };
        Version::new([
            self.device,
            self.inode,
            self.size,
            self.modified,
            self.changed,
            settled,
            0,
            0,
        ])
    }

    /// The identity that a version was made of, and whether it was settled; none of an absent file.
    pub(super) fn from_version(version: &Version) -> Option<(Self, bool)> {
        let [device, inode, size, modified, changed, settled, ..] = *version.numbers();
        let identity = Self { device, inode, size, modified, changed };
        (*version != Version::ABSENT).then_some((identity, settled == 1))
    }
}

// Nanoseconds since 1970 fit until the year 2554; what lies outside still tells states apart.
fn nanoseconds(seconds: i64, nanoseconds: i64) -> u64 {
    (seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(nanoseconds as u64)
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the times that the kernel gives files; another clock would tell nothing"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    nanoseconds(since.as_secs() as i64, since.subsec_nanos().into())
}
