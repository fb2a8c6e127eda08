//! The means of deployment (the image, the unit, the manifest, the chart, the trial), judged by the programs of those
//! who run it, as far as no container engine and no running systemd are needed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod chart;
mod image;
mod kubernetes;
mod network;
mod pod;
mod pods;
mod rendering;
mod trial;
mod unit;
