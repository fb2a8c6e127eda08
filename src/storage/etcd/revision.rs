//! Versions of documents in etcd.

use crate::storage::document_store::Version;

/// A state of a document that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The revision that made it.
    pub(super) modified: i64,
    /// The revision as of which it was so still.
    pub(super) as_of: i64,
    /// The history that the revisions count.
    pub(super) history: u64,
}

impl Known {
    /// None for a document that is not there.
    pub(super) fn of(version: &Version) -> Option<Self> {
        let [modified, as_of, history, ..] = *version.numbers();
        // Revisions are counted from 1.
        (modified > 0).then(|| Self {
            modified: modified.cast_signed(),
            as_of: as_of.cast_signed(),
            history,
        })
    }

    pub(super) fn version(self) -> Version {
        let (modified, as_of) = (self.modified.cast_unsigned(), self.as_of.cast_unsigned());
        Version::new([modified, as_of, self.history, 0, 0, 0, 0, 0])
    }
}
