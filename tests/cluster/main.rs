//! Several nodes on one shared store, with everything failing that can.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that panics fails, its files need not last, and it may say what it measured"
)]
#![expect(unreachable_pub, reason = "a test binary has no callers")]

mod behind;
mod calls;
mod chaos;
mod copy;
mod down;
mod example;
mod lag;
mod network;
mod node;
mod objects;
mod own_tools;
mod paused;
mod plans;
mod restored;
mod rotation;
mod secure;
mod silent;
