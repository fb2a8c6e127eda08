//! The service as a monitoring system sees it, judged by Prometheus' own programs.
#![expect(unreachable_pub, reason = "a test binary has no callers")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod load;
mod scrape;

mod counts;
mod formats;
mod hostile;
mod operators;
mod prometheus;
mod standard;
mod traces;

use neokeys_testkit::Service;

/// The list of tenant `t1`.
const KEYS: &str = "/api/t1/admin/apiKeys";

/// A service whose metrics are at a free port.
fn service() -> Service {
    Service::builder().settings("metrics:\n  listen: 127.0.0.1:0\n").start()
}
