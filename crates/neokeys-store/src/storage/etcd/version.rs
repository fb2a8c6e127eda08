//! Versions of documents in etcd.

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
pub(super) struct WriteId([u8; 24]);

impl WriteId {
    /// Of a process and the number of its write.
    pub(super) fn new(process: [u8; 16], number: u64) -> Self {
        let mut id = [0; 24];
        id[..16].copy_from_slice(&process);
        id[16..].copy_from_slice(&number.to_be_bytes());
        Self(id)
    }

    /// None for bytes that were not made by [`to_bytes`](Self::to_bytes).
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::WriteId;

    #[test]
    fn an_id_is_read_as_it_was_written() {
        for id in [WriteId::new([255; 16], 0), WriteId::new([0; 16], 9)] {
            assert_eq!(WriteId::of_bytes(&id.to_bytes()), Some(id));
        }
        assert_ne!(WriteId::new([0; 16], 1), WriteId::new([0; 16], 2));
        assert_eq!(WriteId::of_bytes(b"another length"), None);
    }
}
