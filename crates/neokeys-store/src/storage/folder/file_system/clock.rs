//! The clocks that files and waiting are told by.

use std::time::{Duration, Instant};

/// A moment, by two clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// The one by which the kernel stamps files, in nanoseconds since 1970. It can be set.
    pub(crate) since_epoch: u64,
    /// One that only goes on.
    pub(crate) steady: Instant,
}

impl Now {
    /// How long ago a moment was.
    pub(crate) fn since(self, earlier: Instant) -> Duration {
        self.steady.saturating_duration_since(earlier)
    }

    /// The same by clocks that are so many milliseconds ahead.
    #[cfg(test)]
    pub(crate) fn ahead(self, day: i64, steady: i64) -> Self {
        let since_epoch = self.since_epoch.saturating_add_signed(day * 1_000_000);
        Self { since_epoch, steady: self.steady + Duration::from_millis(steady as u64) }
    }

    /// A moment by the clock that can be set.
    #[cfg(test)]
    pub(crate) fn at(since_epoch: u64) -> Self {
        Self { since_epoch, steady: Instant::now() }
    }
}
