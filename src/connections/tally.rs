//! Counts of connections that ended before there was a request to count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tally::Counter;

/// Counts of connections.
#[derive(Debug, Default)]
pub struct ConnectionTally {
    open: AtomicUsize,
    bad_requests: Counter,
    heads_too_large: Counter,
    head_timeouts: Counter,
    handshakes: Counter,
}

/// Why a connection was refused before there was a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are no HTTP: 400.
    BadRequest,
    /// A head beyond what the parser takes: 431.
    HeadTooLarge,
    /// A head that did not arrive in time: 408.
    HeadTimeout,
    /// A TLS handshake that failed or did not end in time.
    Handshake,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Open(Arc<ConnectionTally>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::BadRequest, Self::HeadTooLarge, Self::HeadTimeout, Self::Handshake];

    /// Its name in counts and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::HeadTooLarge => "head_too_large",
            Self::HeadTimeout => "head_timeout",
            Self::Handshake => "handshake",
        }
    }
}

impl ConnectionTally {
    /// Counts one more that is open, until what this gives is dropped.
    pub(super) fn open(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    /// Counts a refusal. Who sends nonsense can send a lot of it, so the log tells each at debug
    /// level alone.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        self.counter(refusal).increment();
        tracing::debug!(reason = refusal.as_str(), "a connection was refused before its request");
    }

    /// How many are open.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How many were refused for this reason.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.counter(refusal).get()
    }

    fn counter(&self, refusal: Refusal) -> &Counter {
        match refusal {
            Refusal::BadRequest => &self.bad_requests,
            Refusal::HeadTooLarge => &self.heads_too_large,
            Refusal::HeadTimeout => &self.head_timeouts,
            Refusal::Handshake => &self.handshakes,
        }
    }
}
