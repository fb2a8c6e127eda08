//! Clients that other people's generators make of the SDK profile, used against the running
//! program; and what other people's checkers say of it. `tests/run` installs both.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod checkers;
mod documented;
mod examples;
mod introspection;
mod overlay;
mod python;
mod readme;
mod rust;
mod service;
mod tools;
mod typescript;
