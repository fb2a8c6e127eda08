//! The storage layer, judged from outside: every document store by one suite, the folder under
//! crash, race and hostile files, and edits of people's files byte by byte.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that panics fails, its files need not last, and it may say what it did"
)]

mod audit;
mod coarse_stamps;
mod concurrent;
mod conformance;
mod crash;
mod crowds;
mod golden;
mod hand_edits;
mod linearizability;
mod newest;
mod no_folder;
mod ocsf;
mod other_parser;
mod power_cut;
mod real_faults;
mod repository;
mod rotation;
mod shared_audit;
mod slow_hands;
mod slow_hands_rounds;
#[cfg(feature = "object-storage")]
mod spoiled_buckets;
#[cfg(all(feature = "etcd", feature = "object-storage"))]
mod spoiled_logs;
mod together;
mod told_heads;
mod unchecked;
mod usage;
mod yaml_suite;
