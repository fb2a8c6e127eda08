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

/// Held by tests that load the whole machine, so that they do not slow each other down.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Waits until no other such test runs.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
