//! What is known of a tenant's log: the last document in it, and how many changes were refused of late.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::DocumentState;
use crate::domain::Keyring;

/// Refused changes of a tenant that have a line each, in a minute.
const MOST_REFUSALS: u64 = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// The part of a tenant that is about its log.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// The keys of the document that the log told of last.
    pub(super) last: Option<(DocumentState, Arc<Keyring>)>,
    pub(super) refusals: Refusals,
}

/// Counts refused changes, of which few have lines of their own.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Since when the present ones are counted.
    since: Duration,
    count: u64,
}

impl Refusals {
    /// One more. Says how many of the minute before had no line, and whether this one has one.
    pub(super) fn note(&mut self, now: Duration) -> (u64, bool) {
        let left_out = self.take_left_out(now);
        if left_out > 0 || self.count == 0 {
            *self = Self { since: now, count: 0 };
        }
        self.count += 1;
        (left_out, self.count <= MOST_REFUSALS)
    }

    /// How many had no line, if their minute is over.
    fn take_left_out(&mut self, now: Duration) -> u64 {
        if now.saturating_sub(self.since) < MINUTE {
            return 0;
        }
        std::mem::take(&mut self.count).saturating_sub(MOST_REFUSALS)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MOST_REFUSALS, Refusals};

    #[test]
    fn few_refusals_of_a_minute_have_lines_and_the_others_are_counted() {
        let mut refusals = Refusals::default();
        let at = Duration::from_secs;
        let told: Vec<_> = (0..15).map(|second| refusals.note(at(1_000 + second))).collect();
        assert_eq!(told.iter().filter(|(_, has_line)| *has_line).count() as u64, MOST_REFUSALS);
        assert!(told.iter().all(|(left_out, _)| *left_out == 0));
        assert_eq!(refusals.note(at(1_060)), (5, true));
        assert_eq!(refusals.note(at(1_061)), (0, true));
    }
}
