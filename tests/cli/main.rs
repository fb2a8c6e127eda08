//! The command line, run as a process of its own in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and may say what it did"
)]

mod asked;
mod audit;
mod check;
mod copy;
mod diff;
mod held_lock;
mod import;
mod key_ends;
mod key_life;
mod key_policy;
mod keys;
mod killed_report;
mod killed_rotation;
mod login;
mod long_log;
mod manual;
mod owners;
mod plan;
mod pulled;
mod requests;
mod same_work;
mod serve;
mod settings;
mod side_by_side;
mod tenants;
mod token;
mod unseen;
mod version;
