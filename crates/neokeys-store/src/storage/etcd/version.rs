//! Versions of documents in etcd.

use crate::storage::document_store::Version;

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

/// An id that no other write has, in whatever history of etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WriteId([u64; 3]);

impl WriteId {
    /// Of a process and the number of its write.
    pub(super) const fn new(process: [u64; 2], number: u64) -> Self {
        let [first, second] = process;
        Self([first, second, number])
    }

    /// None for bytes that were not made by [`to_bytes`](Self::to_bytes).
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut parts = bytes.chunks_exact(8).map(<[u8; 8]>::try_from);
        let mut next = || parts.next()?.ok().map(u64::from_be_bytes);
        (bytes.len() == 24).then(|| Some(Self([next()?, next()?, next()?]))).flatten()
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|part| part.to_be_bytes()).collect()
    }
}

impl EtcdVersion {
    /// None for a document that is not there.
    pub(super) fn of(version: &Version) -> Option<Self> {
        let [modified, as_of, watch, first, second, number, ..] = *version.numbers();
        let id = (first, second) != (0, 0);
        // Revisions are counted from 1.
        (modified > 0).then(|| Self {
            modified: modified.cast_signed(),
            as_of: as_of.cast_signed(),
            watch,
            id: id.then_some(WriteId([first, second, number])),
        })
    }

    pub(super) fn version(self) -> Version {
        let (modified, as_of) = (self.modified.cast_unsigned(), self.as_of.cast_unsigned());
        let WriteId([first, second, number]) = self.id.unwrap_or(WriteId([0; 3]));
        Version::new([modified, as_of, self.watch, first, second, number, 0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::{EtcdVersion, WriteId};
    use crate::storage::document_store::Version;

    #[test]
    fn a_version_gives_back_what_it_was_made_of() {
        for id in [None, Some(WriteId::new([u64::MAX, 1], 0)), Some(WriteId::new([0, 7], 9))] {
            let known = EtcdVersion { modified: i64::MAX, as_of: 3, watch: 4, id };
            assert_eq!(EtcdVersion::of(&known.version()), Some(known));
            assert_eq!(id.map(|id| WriteId::of_bytes(&id.to_bytes())), id.map(Some));
        }
        assert_eq!(EtcdVersion::of(&Version::ABSENT), None);
        assert_eq!(WriteId::of_bytes(b"another length"), None);
    }
}
