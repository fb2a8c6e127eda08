//! The state of a file, told from another one without reading it.
//!
//! The inode alone proves nothing (numbers are handed out again), and mtime can be set back; ctime
//! cannot. Within the grain of the kernel's clock even all of them can stay the same, so a state
//! that was read too soon after its ctime counts as unsettled and is read once more. Some file
//! systems keep whole seconds, or every other one: there the grain is as coarse.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, UNIX_EPOCH};

use super::clock::Now;
/// Longer than the kernel's clock stands still between two ticks (10 ms at most).
pub(crate) const GRAIN: Duration = Duration::from_millis(20);
/// Longer than the stamps of a file system stand still that keeps no parts of a second: FAT has
/// every other second.
const COARSE_GRAIN: Duration = Duration::from_millis(2020);

/// A file as the file system tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileState {
    /// Which file system.
    pub(crate) device: u64,
    /// Which file of it.
    pub(crate) inode: u64,
    /// Bytes.
    pub(crate) size: u64,
    modified: u64,
    changed: u64,
    /// When the file was made, where the file system tells; else zero.
    born: u64,
}

impl FileState {
    /// The identity that a `stat` tells.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            born: metadata
                .created()
                .ok()
                .and_then(|born| born.duration_since(UNIX_EPOCH).ok())
                .map_or(0, |born| nanoseconds(born.as_secs() as i64, born.subsec_nanos().into())),
        }
    }

    /// Whether this is the same file, be its contents the same or not.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode, self.born) == (other.device, other.inode, other.born)
    }

    /// Whether this is the same file for certain: a number alone is handed out again.
    pub(crate) fn is_surely_same_file(&self, other: &Self) -> bool {
        self.born != 0 && self.is_same_file(other)
    }

    /// Whether this is the same state of the same file, apart from a change of its name.
    pub(crate) fn is_same_but_renamed(&self, other: &Self) -> bool {
        self.is_same_file(other)
            && self.size == other.size
            && self.modified == other.modified
            && self.changed <= other.changed
    }

    /// The part that a rename leaves as it is.
    pub(crate) fn size_and_time(&self) -> (u64, u64) {
        (self.size, self.modified)
    }

    /// How long ago the file was changed. Nothing where that is yet to come: the clock was set back.
    pub(crate) fn age(&self, now: Now) -> Duration {
        Duration::from_nanos(now.since_epoch.saturating_sub(self.changed))
    }

    /// Whether the file was not changed just now.
    pub(crate) fn is_at_rest(&self, now: Now) -> bool {
        self.was_changed_before(now, GRAIN)
    }

    /// Whether a change from now on shows in the identity for certain. A ctime that lies in the
    /// future is one from before the clock was set back.
    pub(crate) fn is_settled(&self, now: Now) -> bool {
        self.was_changed_before(now, if self.is_coarse() { COARSE_GRAIN } else { GRAIN })
    }

    fn was_changed_before(&self, now: Now, time: Duration) -> bool {
        now.since_epoch.abs_diff(self.changed) >= time.as_nanos() as u64
    }

    /// Whether the file system keeps whole seconds alone, by all that shows: by chance, it looks so
    /// once in a thousand million times, and then the file is read more often than it need be.
    pub(crate) fn is_coarse(&self) -> bool {
        const SECOND: u64 = 1_000_000_000;
        self.changed.is_multiple_of(SECOND)
    }
}

// Nanoseconds since 1970 fit until the year 2554; what lies outside still tells states apart.
fn nanoseconds(seconds: i64, nanoseconds: i64) -> u64 {
    (seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(nanoseconds as u64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::FileState;
    use crate::storage::folder::file_system::clock::Now;

    const SECOND: u64 = 1_000_000_000;

    fn changed_at(changed: u64) -> FileState {
        let (device, inode, size, modified, born) = (1, 2, 3, 4, 5);
        FileState { device, inode, size, modified, changed, born }
    }

    #[test]
    fn a_stamp_of_whole_seconds_says_nothing_for_two_of_them() {
        for (changed, settled_after_ms) in [
            (1_000 * SECOND + 4, 20),
            (1_000 * SECOND + 999_999_999, 20),
            (1_000 * SECOND, 2_020),
            (1_001 * SECOND, 2_020),
        ] {
            let state = changed_at(changed);
            let is_settled = |ms: u64| state.is_settled(Now::at(changed + ms * 1_000_000));
            assert!(!is_settled(settled_after_ms - 1), "{changed}");
            assert!(is_settled(settled_after_ms), "{changed}");
        }
    }

    #[test]
    fn a_stamp_of_the_future_has_no_age_but_settles() {
        let state = changed_at(5_000 * SECOND + 1);
        let now = Now::at(1_000 * SECOND);
        assert_eq!(state.age(now), Duration::ZERO);
        assert!(state.is_settled(now));
    }

    #[test]
    fn a_number_that_was_handed_out_again_is_another_file() {
        let (one, mut other) = (changed_at(7), changed_at(8));
        assert!(one.is_surely_same_file(&other));
        other.born += 1;
        assert!(!one.is_same_file(&other));
        let nobody_knows = FileState { born: 0, ..one };
        assert!(nobody_knows.is_same_file(&nobody_knows));
        assert!(!nobody_knows.is_surely_same_file(&nobody_knows));
    }
}
