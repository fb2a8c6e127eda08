//! The time of day, as a capability.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// A source of the time, so that tests can set it.
pub trait Clock: Send + Sync {
    /// Time since the Unix epoch (UTC, without leap seconds, as RFC 7519's `NumericDate`).
    fn since_epoch(&self) -> Duration;

    /// The present second.
    fn now(&self) -> Timestamp {
        Timestamp::from_epoch(self.since_epoch())
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the wall clock")]
    fn since_epoch(&self) -> Duration {
        // A clock set before 1970 is read as 1970: every token is then not yet valid.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
