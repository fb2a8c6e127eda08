//! Points in time to the minute.

use std::time::Duration;

use super::Timestamp;

const SECONDS: u64 = 60;

/// A whole minute of UTC, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Minute(u32);

impl Minute {
    /// The minute that this time since the epoch is in.
    #[must_use]
    pub fn of(since_epoch: Duration) -> Self {
        // They fit until the year 10136.
        Self(u32::try_from(since_epoch.as_secs() / SECONDS).unwrap_or(u32::MAX))
    }

    /// The minute that this second is in; before 1970, the first one.
    #[must_use]
    pub fn with(second: Timestamp) -> Self {
        Self::of(Duration::from_secs(u64::try_from(second.seconds_since_epoch()).unwrap_or(0)))
    }

    /// The minute of this number since the epoch.
    #[must_use]
    pub const fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Minutes since the epoch.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The beginning of the minute, since the epoch.
    #[must_use]
    pub fn since_epoch(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Minute;

    #[test]
    fn a_minute_lasts_from_its_first_second_to_its_last() {
        let seconds = Duration::from_secs;
        assert_eq!(Minute::of(seconds(59)), Minute::numbered(0));
        assert_eq!(Minute::of(seconds(60)), Minute::numbered(1));
        let minute = Minute::of(Duration::from_millis(1_764_230_459_999));
        assert_eq!(minute.since_epoch(), seconds(1_764_230_400));
        assert_eq!(Minute::of(minute.since_epoch()), minute);
    }
}
