//! The tests' own tools, each of which more than one suite needs: programs and servers that are not
//! ours, the program under test, keys and tenants of a store, histories of what its callers did; and,
//! with the feature `service`, the service in this process, an issuer that it trusts, and a client that
//! holds every exchange against its documents.
//!
//! What fails panics, as a test does. Nothing is skipped where something is missing: the test fails with
//! the line that installs it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "these are parts of tests, which fail by panicking and whose names say what they are"
)]

pub mod audit_log;
pub mod book;
pub mod clock;
pub mod difference;
pub mod documents;
pub mod fixed_answer;
pub mod linearizable;
pub mod long_log;
pub mod programs;
pub mod seeded;
pub mod server;
pub mod servers;
#[cfg(feature = "service")]
mod service;
#[cfg(feature = "service")]
pub mod signer;
pub mod tenants;
pub mod workplace;

#[cfg(feature = "service")]
pub use service::*;
