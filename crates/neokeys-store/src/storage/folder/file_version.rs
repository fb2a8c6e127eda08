//! The version of a document in a folder: the state of its file, and how it was read.

use super::file_system::FileState;
use crate::storage::document_store::Version;

/// The state of a document's file when it was read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileVersion {
    pub(super) file: FileState,
    /// A change since then shows in the state of the file for certain.
    pub(super) is_settled: bool,
    /// Nobody had it open for writing, as far as could be told.
    pub(super) is_whole: bool,
    pub(super) last_write: LastWrite,
}

/// The write before which, or by which, a document came to be as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastWrite {
    /// The journal has none.
    None,
    /// The one of this number in the journal.
    Number(u64),
    /// One was under way, or the journal could not be read.
    Unknown,
}

impl FileVersion {
    /// The version that a document has after a write.
    pub(super) fn written(file: FileState, last_write: LastWrite) -> Version {
        Version::of(Self { file, is_settled: false, is_whole: true, last_write })
    }

    /// None of a document that is not there.
    pub(super) fn of(version: &Version) -> Option<&Self> {
        version.state()
    }
}
