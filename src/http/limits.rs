//! How much a request may ask for.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Bounds on requests and connections: the settings `limits.…`.
///
/// A request's head is bounded by the HTTP parser: 128 KiB and 96 headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// The largest body, in bytes.
    pub body: usize,
    /// How long a connection's first request may take to arrive up to its body. Those that follow
    /// on it are bounded by the silence between their bytes alone, `idle_time`.
    pub head_time: Duration,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long a connection is kept between requests.
    pub idle_time: Duration,
    /// The most connections at once; further ones wait to be accepted.
    pub connections: NonZeroUsize,
    /// How long requests in flight may take to end once the service is told to stop.
    pub shutdown: Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body: 64 * 1024,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            connections: NonZeroUsize::MIN.saturating_add(9_999),
            shutdown: Duration::from_secs(10),
        }
    }
}
