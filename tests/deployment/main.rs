//! The means of deployment (the image, the package, the unit, the manifest, the chart, the trial), judged by the
//! programs of those who run it, as far as no container engine and no running systemd are needed; and what
//! makes a release.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod chart;
mod elsewhere;
mod image;
mod kubernetes;
mod machine;
mod network;
mod package;
mod pod;
mod pods;
mod release;
mod rendering;
mod trial;
mod unit;
