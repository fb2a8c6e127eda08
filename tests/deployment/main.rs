//! What deployments are given (the image, the unit, the manifest), judged by the programs of those
//! who run it, as far as no container and no running systemd are needed.
#![expect(unreachable_pub, reason = "a test binary has no callers")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, unused_imports, reason = "shared with tests that need more of it")]
#[path = "../api/harness/mod.rs"]
mod harness;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../programs/mod.rs"]
mod programs;

mod image;
mod kubernetes;
mod unit;
