//! Numbers of keys by how soon they end.

use std::time::Duration;

use super::{ApiKey, Timestamp};

/// Numbers of enabled keys with an end. A key that ends within a day does so within a week and a month too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyEnds {
    /// Those that have ended.
    pub ended: u64,
    /// Those that end within a day from now.
    pub within_a_day: u64,
    /// Those that end within 7 days.
    pub within_a_week: u64,
    /// Those that end within 30 days.
    pub within_a_month: u64,
}

impl KeyEnds {
    /// Counts a key.
    pub fn count(&mut self, key: &ApiKey, now: Timestamp) {
        let end = key.details().limits.expires_at.filter(|_| key.enabled);
        let Some(end) = end else { return };
        if end <= now {
            self.ended += 1;
            return;
        }
        let days = |days: u64| now.saturating_add(Duration::from_secs(days * 86_400));
        self.within_a_day += u64::from(end <= days(1));
        self.within_a_week += u64::from(end <= days(7));
        self.within_a_month += u64::from(end <= days(30));
    }
}

#[cfg(test)]
mod tests {
    use super::KeyEnds;
    use crate::domain::sample::{DAY, NOW, key};
    use crate::domain::{KeyDetails, Limits, Timestamp};

    #[test]
    fn a_key_counts_wherever_it_ends_soon_enough() {
        let ending = |enabled, end| {
            let limits = Limits { expires_at: Some(end), ..Limits::default() };
            key("a", enabled, "1").with_details(KeyDetails { limits, ..KeyDetails::default() })
        };
        let after = |days| NOW.saturating_add(DAY * days);
        let counted = |end| {
            let mut ends = KeyEnds::default();
            ends.count(&ending(true, end), NOW);
            ends.count(&ending(false, end), NOW);
            ends.count(&key("b", true, "2"), NOW);
            [ends.ended, ends.within_a_day, ends.within_a_week, ends.within_a_month]
        };
        for (end, expected) in [
            (NOW, [1, 0, 0, 0]),
            (after(1), [0, 1, 1, 1]),
            (after(2), [0, 0, 1, 1]),
            (after(7), [0, 0, 1, 1]),
            (after(8), [0, 0, 0, 1]),
            (after(30), [0, 0, 0, 1]),
            (after(31), [0, 0, 0, 0]),
            (Timestamp::MAX, [0, 0, 0, 0]),
        ] {
            assert_eq!(counted(end), expected, "{end}");
        }
    }
}
