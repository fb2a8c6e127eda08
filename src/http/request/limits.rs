//! The limits on requests and connections.

use std::num::NonZeroUsize;
use std::time::Duration;

use actix_web::HttpRequest;

use crate::problem::{Problem, ProblemType};

/// Bounds on requests and connections: the settings `limits.…`.
///
/// Beyond 128 KiB or 96 headers a request's head is refused by the HTTP parser, whatever is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// The largest target and headers together, in bytes.
    pub head: usize,
    /// The largest body, in bytes.
    pub body: usize,
    /// How long a request may take to arrive up to its body, from its first byte.
    pub head_time: Duration,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long a connection is kept between requests.
    pub idle_time: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub stall_time: Duration,
    /// The most connections at once; further ones wait to be accepted.
    pub connections: NonZeroUsize,
    /// How long requests in flight may take to end once the service is told to stop.
    pub shutdown: Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            body: 64 * 1024,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            stall_time: Duration::from_secs(30),
            connections: NonZeroUsize::MIN.saturating_add(9_999),
            shutdown: Duration::from_secs(10),
        }
    }
}

impl LimitsConfig {
    /// The problem of a request whose head is too large.
    pub(crate) fn refuse_head(&self, request: &HttpRequest) -> Option<Problem> {
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        let lengths =
            request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
        (target + lengths.sum::<usize>() > self.head).then(|| {
            let detail = format!("Target and headers have at most {} bytes.", self.head);
            Problem::new(ProblemType::HeadTooLarge, detail)
        })
    }
}
