//! Counts requests by operation and status, and how long they took.
//!
//! Invariant: however many requests come and whatever is in them, there are as many places as operations,
//! and one.

use std::time::Duration;

use actix_web::http::StatusCode;

use crate::http::operations;
use crate::tally::{Counter, DURATIONS, Distribution, Histogram, PerThread};

/// HTTP knows statuses from 100 to 599 (RFC 9110 §15).
const STATUSES: std::ops::Range<u16> = 100..600;

/// Counts of requests, or nothing where nobody will ask.
#[derive(Debug, Default)]
pub(crate) struct RequestTally(Option<Places>);

/// The counts of one operation.
#[derive(Debug)]
pub(crate) struct OperationTally {
    /// The operation's name; none for all that is no operation, such as pages and unknown paths.
    pub operation: Option<&'static str>,
    /// How many there were of each status that there was.
    pub statuses: Vec<(u16, u64)>,
    /// How long they took until their answers' heads were ready, in nanoseconds.
    pub durations: Distribution,
}

#[derive(Debug)]
struct Places {
    operations: Vec<Place>,
    other: PerThread<Counts>,
}

#[derive(Debug)]
struct Place {
    operation: &'static str,
    counts: PerThread<Counts>,
}

#[derive(Debug)]
struct Counts {
    statuses: Box<[Counter]>,
    durations: Histogram,
}

impl RequestTally {
    /// Counts, beginning with none for each operation.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::of(operations::all().map(|operation| operation.name))
    }

    fn of(operations: impl IntoIterator<Item = &'static str>) -> Self {
        let place = |operation| Place { operation, counts: PerThread::new(Counts::new) };
        let operations = operations.into_iter().map(place).collect();
        Self(Some(Places { operations, other: PerThread::new(Counts::new) }))
    }

    /// Counts a request that has its answer, by its operation's place among all of them.
    pub(crate) fn count(&self, operation: Option<usize>, status: StatusCode, duration: Duration) {
        let Some(places) = &self.0 else { return };
        let counts = operation.and_then(|place| places.operations.get(place));
        let counts = counts.map_or(&places.other, |place| &place.counts).own();
        let place = status.as_u16().checked_sub(STATUSES.start).map(usize::from);
        if let Some(counter) = place.and_then(|place| counts.statuses.get(place)) {
            counter.increment();
        }
        counts.durations.observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The counts until now.
    #[must_use]
    pub(crate) fn counted(&self) -> Vec<OperationTally> {
        let Some(places) = &self.0 else { return Vec::new() };
        let named = places.operations.iter().map(|place| sum(&place.counts, Some(place.operation)));
        named.chain([sum(&places.other, None)]).collect()
    }
}

impl Counts {
    fn new() -> Self {
        let statuses = STATUSES.map(|_| Counter::default()).collect();
        Self { statuses, durations: Histogram::new(DURATIONS) }
    }
}

/// All threads' counts of one operation.
fn sum(counts: &PerThread<Counts>, operation: Option<&'static str>) -> OperationTally {
    let count = |place: usize| counts.iter().map(|counts| counts.statuses[place].get()).sum();
    let all = STATUSES.enumerate().map(|(place, status)| (status, count(place)));
    let statuses = all.filter(|(_, count)| *count > 0).collect();
    let mut durations = Distribution::empty(DURATIONS);
    counts.iter().for_each(|counts| durations.add(&counts.durations));
    OperationTally { operation, statuses, durations }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::StatusCode;

    use super::RequestTally;

    #[test]
    fn requests_are_counted_by_operation_and_status() {
        let tally = RequestTally::of(["List", "Get", "Other"]);
        tally.count(Some(2), StatusCode::OK, Duration::from_millis(3));
        tally.count(Some(2), StatusCode::OK, Duration::from_secs(60));
        tally.count(Some(2), StatusCode::NO_CONTENT, Duration::ZERO);
        tally.count(None, StatusCode::OK, Duration::ZERO);
        let counted = tally.counted();
        let names: Vec<_> = counted.iter().map(|it| it.operation).collect();
        assert_eq!(names, [Some("List"), Some("Get"), Some("Other"), None]);
        assert!(counted[0].statuses.is_empty());
        assert_eq!(counted[2].statuses, [(200, 2), (204, 1)]);
        assert_eq!(counted[2].durations.sum, 60_003_000_000);
        assert_eq!(counted[2].durations.counts.last(), Some(&1));
        assert_eq!(counted[3].statuses, [(200, 1)]);
    }

    #[test]
    fn there_are_so_many_places_and_no_more() {
        let tally = RequestTally::of(["List"]);
        (0..10).for_each(|place| tally.count(Some(place), StatusCode::OK, Duration::ZERO));
        let counted = tally.counted();
        assert_eq!(counted.len(), 2);
        assert_eq!(counted[1].statuses, [(200, 9)]);
    }

    #[test]
    fn what_is_off_counts_nothing() {
        let tally = RequestTally::default();
        tally.count(None, StatusCode::OK, Duration::ZERO);
        assert!(tally.counted().is_empty());
    }
}
