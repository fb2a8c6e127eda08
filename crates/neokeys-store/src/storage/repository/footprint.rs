//! What documents take in memory, one's or all together.

use std::sync::atomic::{AtomicU64, Ordering};

/// A sum that changes as documents do.
#[derive(Debug, Default)]
pub(super) struct FootprintGauge {
    bytes: AtomicU64,
    keys: AtomicU64,
    faulty: AtomicU64,
}

/// What there is of each at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Footprint {
    /// Bytes of documents.
    pub(super) bytes: u64,
    /// Keys in them.
    pub(super) keys: u64,
    /// Entries in them that are no keys.
    pub(super) faulty: u64,
}

impl FootprintGauge {
    pub(super) fn get(&self) -> Footprint {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Footprint { bytes: get(&self.bytes), keys: get(&self.keys), faulty: get(&self.faulty) }
    }

    /// One document of this sum has another weight now.
    pub(super) fn exchange(&self, one: &Self, now: Footprint) {
        let exchange = |all: &AtomicU64, one: &AtomicU64, now| {
            let before = one.swap(now, Ordering::Relaxed);
            // In this order, since a sum is never below zero.
            all.fetch_add(now, Ordering::Relaxed);
            all.fetch_sub(before, Ordering::Relaxed);
        };
        exchange(&self.bytes, &one.bytes, now.bytes);
        exchange(&self.keys, &one.keys, now.keys);
        exchange(&self.faulty, &one.faulty, now.faulty);
    }

    /// One document of this sum is in it no more.
    pub(super) fn lose(&self, one: &Self) {
        self.exchange(one, Footprint::default());
    }
}
