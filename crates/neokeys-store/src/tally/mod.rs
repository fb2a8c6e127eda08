//! Counting: how often things happened and how long they took, for whoever asks later.
//!
//! Each layer owns the counts of what it does and hands them out as plain numbers; what they are
//! called in a monitoring system is the affair of whoever asks. Counting is a relaxed addition to a
//! number that no other worker writes to at the same time ([`PerThread`]); reading adds up.
//!
//! Invariant: counts only grow, and hold no text.

mod counter;
mod histogram;
mod per_thread;

pub use counter::Counter;
pub use histogram::{DURATIONS, Distribution, Histogram};
pub use per_thread::PerThread;
