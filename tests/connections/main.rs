//! Clients that do to a process what they can by connecting to it, and signals: deadlines, memory,
//! descriptors, the log, start and stop.
//!
//! Each test has a process of its own, so that what it takes can be told from what tests take.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod clients;
mod node;

mod closing;
mod descriptors;
mod gone;
mod hang_up;
mod heads;
mod log_pipe;
mod memory;
mod scrapes;
mod stopping;
