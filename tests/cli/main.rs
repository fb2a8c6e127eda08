//! The command line, run as a process of its own in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keys;
mod program;
mod serve;
mod settings;
mod tenants;
