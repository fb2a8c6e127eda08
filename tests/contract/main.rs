//! The contract as source: what the generator makes of the documented contract, what it refuses,
//! and that annotated handlers give the contract back.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../build/mod.rs"]
mod build;
mod difference;
mod document;
mod overlay;
mod refusals;
mod types;
