//! Ids of writes, which a store that is elsewhere keeps beside the documents: where an answer was lost,
//! they say which write was done.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::domain::NoRandomBytes;

/// Ids of writes that nobody else gives.
#[derive(Debug)]
pub(super) struct WriteIds {
    process: u128,
    count: AtomicU64,
}

/// An id that no other write has, in whatever history of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WriteId {
    process: u128,
    number: u64,
}

impl WriteIds {
    pub(super) fn new() -> Result<Self, NoRandomBytes> {
        let mut process = [0; 16];
        SystemRandom::new().fill(&mut process).or(Err(NoRandomBytes))?;
        Ok(Self { process: u128::from_be_bytes(process), count: AtomicU64::new(0) })
    }

    pub(super) fn next(&self) -> WriteId {
        WriteId { process: self.process, number: self.count.fetch_add(1, Ordering::Relaxed) }
    }
}

#[cfg(feature = "etcd")]
impl WriteId {
    /// None for bytes that were not made by [`to_bytes`](Self::to_bytes).
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (process, number) = bytes.split_first_chunk()?;
        let number = u64::from_be_bytes(number.try_into().ok()?);
        Some(Self { process: u128::from_be_bytes(*process), number })
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        [&self.process.to_be_bytes()[..], &self.number.to_be_bytes()].concat()
    }
}

/// One word of visible ASCII.
impl fmt::Display for WriteId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}.{:x}", self.process, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::{WriteId, WriteIds};

    #[cfg(feature = "etcd")]
    #[test]
    fn an_id_is_read_as_it_was_written() {
        for (process, number) in [(u128::MAX, 0), (0, 9)] {
            let id = WriteId { process, number };
            assert_eq!(id.to_bytes().len(), 24);
            assert_eq!(WriteId::of_bytes(&id.to_bytes()), Some(id));
        }
        assert_eq!(WriteId::of_bytes(b"another length"), None);
        assert_eq!(WriteId::of_bytes(&[0; 25]), None);
    }

    #[test]
    fn no_id_is_another_one() {
        let (one, other) = (WriteIds::new().unwrap(), WriteIds::new().unwrap());
        let ids: [WriteId; 4] = [one.next(), one.next(), other.next(), other.next()];
        for (place, id) in ids.iter().enumerate() {
            assert!(ids[..place].iter().all(|before| before.to_string() != id.to_string()));
        }
    }
}
