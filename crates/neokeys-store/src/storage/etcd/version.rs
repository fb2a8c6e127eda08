//! Versions of documents in etcd.

use crate::storage::write_ids::WriteId;

/// A state of a document that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EtcdVersion {
    /// The revision that made it.
    pub(super) modified: i64,
    /// The revision as of which it was so still.
    pub(super) as_of: i64,
    /// The watch that was being followed when it was read.
    pub(super) watch: u64,
    /// The write that made it; none where that was not one of ours.
    pub(super) id: Option<WriteId>,
}
