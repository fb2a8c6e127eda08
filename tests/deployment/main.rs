//! The means of deployment (the image, the unit, the manifest), judged by the programs of those
//! who run it, as far as no container and no running systemd are needed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod image;
mod kubernetes;
mod unit;
