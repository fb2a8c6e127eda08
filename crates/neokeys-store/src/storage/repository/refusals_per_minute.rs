//! Refused changes of a tenant, counted by the minute: the first of a minute have a line each in its log, the
//! others a count.

use std::mem::{replace, take};
use std::time::Duration;

/// Refused changes of a tenant that have a line each, in a minute.
pub(super) const MOST_REFUSALS: u64 = 10;
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// The counts.
#[derive(Debug, Default)]
pub(super) struct RefusalsPerMinute {
    /// Since when the present ones are counted.
    since: Duration,
    count: u64,
    /// Those of minutes before that had no line, and are in no count in the log.
    left_out: u64,
    /// Those of them that are in lines on their way to the log.
    under_way: u64,
    /// Somebody waits until a count is due.
    is_awaited: bool,
}

impl RefusalsPerMinute {
    /// One more. Says whether it has a line.
    pub(super) fn has_line(&mut self, now: Duration) -> bool {
        self.end_minute(now);
        if self.count == 0 {
            self.since = now;
        }
        self.count += 1;
        self.count <= MOST_REFUSALS
    }

    /// How many had no line, of minutes that are over.
    pub(super) fn take_left_out(&mut self, now: Duration) -> u64 {
        self.end_minute(now);
        self.under_way += take(&mut self.left_out);
        self.under_way
    }

    /// The count that was taken is in the log. Until then it is given again.
    pub(super) fn told(&mut self) {
        self.under_way = 0;
    }

    /// Whether somebody is to wait until a count is due who does not yet.
    pub(super) fn begin_to_wait(&mut self) -> bool {
        self.due().is_some() && !replace(&mut self.is_awaited, true)
    }

    /// When the next count is due; nobody waits any more where all were told of.
    pub(super) fn wait_on(&mut self) -> Option<Duration> {
        let due = self.due();
        self.is_awaited = due.is_some();
        due
    }

    /// When a count is to be in the log; none where all were told of.
    fn due(&self) -> Option<Duration> {
        if self.left_out + self.under_way > 0 {
            return Some(self.since);
        }
        (self.count > MOST_REFUSALS).then(|| self.since + MINUTE)
    }

    fn end_minute(&mut self, now: Duration) {
        if now.saturating_sub(self.since) >= MINUTE {
            self.left_out += take(&mut self.count).saturating_sub(MOST_REFUSALS);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MOST_REFUSALS, RefusalsPerMinute};

    #[test]
    fn few_refusals_of_a_minute_have_lines_and_the_others_are_counted() {
        let mut refusals = RefusalsPerMinute::default();
        let at = Duration::from_secs;
        let told: Vec<_> = (0..15).map(|second| refusals.has_line(at(1_000 + second))).collect();
        assert_eq!(told.iter().filter(|has_line| **has_line).count() as u64, MOST_REFUSALS);
        assert_eq!(refusals.due(), Some(at(1_060)));
        assert_eq!(refusals.take_left_out(at(1_059)), 0, "their minute is not over");
        assert!(refusals.has_line(at(1_060)));
        assert_eq!(refusals.take_left_out(at(1_061)), 5);
        assert_eq!(refusals.take_left_out(at(1_062)), 5, "their line did not come to be");
        refusals.told();
        assert_eq!(refusals.due(), None);
        assert_eq!(refusals.take_left_out(at(2_000)), 0, "told once");
    }
}
