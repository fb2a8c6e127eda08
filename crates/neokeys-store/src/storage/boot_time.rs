//! Boot times by which the age of knowledge is told.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment since the machine was started. It goes on while the process is stopped and while the
/// machine sleeps, and nobody can set it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BootTime(u64);

impl BootTime {
    /// Before every other.
    pub(super) const NEVER: Self = Self(0);

    /// This one.
    pub(super) fn now() -> Self {
        let time = clock_gettime(ClockId::Boottime);
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        Self(number(time.tv_sec) * 1_000_000_000 + number(time.tv_nsec))
    }

    /// How long ago it was.
    pub(super) fn age(self) -> Duration {
        Duration::from_nanos(Self::now().0.saturating_sub(self.0))
    }

    /// As a number that keeps the order.
    #[cfg(feature = "etcd")]
    pub(super) fn to_number(self) -> u64 {
        self.0
    }

    /// Of such a number.
    #[cfg(feature = "etcd")]
    pub(super) fn from_number(number: u64) -> Self {
        Self(number)
    }
}
