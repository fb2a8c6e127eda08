//! The storage layer, judged from outside: every document store by one suite, the folder under
//! crash, race and hostile files, and edits of people's files byte by byte.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "a test that panics fails, and its files need not last"
)]

mod concurrent;
mod conformance;
mod golden;
mod repository;
mod tenants;
mod yaml_suite;
