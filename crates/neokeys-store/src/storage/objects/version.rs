//! Versions of documents in object storage.

use crate::storage::boot_time::BootTime;

/// A state of an object: the tag that the storage gave it, and the moment at which it still was its.
///
/// A tag says what an object holds, not which write put it there: what is written again the same may
/// have its old tag again, and is as good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectVersion {
    /// When it was asked for.
    pub(super) checked: BootTime,
    /// Its ETag.
    pub(super) tag: String,
}

impl ObjectVersion {
    /// A state that was, and whose tag nobody knows any more.
    pub(super) fn superseded() -> Self {
        Self { checked: BootTime::NEVER, tag: "\"superseded\"".to_owned() }
    }
}
