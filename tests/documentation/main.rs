//! The examples of the pages, run: every command and configuration of `README.md` and `docs/` is in the
//! inventory, with the test that runs it as it stands there, or with why none can.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod commands;
mod configurations;
mod guard;
mod inventory;
mod key_life;
mod keys_in_git;
mod pages;
mod readme;
mod security;
mod server;
mod versions;
