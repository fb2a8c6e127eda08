//! The contract as source: what the generator makes of the documented contract, what it refuses,
//! that annotated handlers give the contract back, and that no change breaks clients
//! unannounced. And the commit that the program is made of.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod breaks;
mod commit;
mod document;
mod overlay;
mod refusals;
mod released_clients;
mod types;
