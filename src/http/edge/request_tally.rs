//! What requests came to, counted: how many by operation and status, and how long they took.
//!
//! Invariant: however many requests come and whatever is in them, there are no more places than
//! [`PLACES`] and one; a place is named by the program alone.

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::http::StatusCode;

use crate::http::operations;
use crate::tally::{Counter, DURATIONS, Distribution, Histogram, PerThread};

/// Operations that are told apart; those beyond are counted with what is none.
const PLACES: usize = 64;

/// HTTP knows statuses from 100 to 599 (RFC 9110 §15).
const STATUSES: std::ops::Range<u16> = 100..600;

/// Counts of requests, or nothing where nobody will ask.
#[derive(Debug, Default)]
pub(crate) struct RequestTally(Option<Places>);

/// What the requests of one operation came to.
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
    operations: [OnceLock<Place>; PLACES],
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

    /// Counts, beginning with none for each of these operations; others get their place when they
    /// are first called.
    fn of(operations: impl IntoIterator<Item = &'static str>) -> Self {
        let places = Places {
            operations: [const { OnceLock::new() }; PLACES],
            other: PerThread::new(Counts::new),
        };
        for operation in operations {
            places.counts(Some(operation));
        }
        Self(Some(places))
    }

    /// Counts a request that has its answer.
    pub(crate) fn count(
        &self,
        operation: Option<&'static str>,
        status: StatusCode,
        duration: Duration,
    ) {
        let Some(places) = &self.0 else { return };
        let counts = places.counts(operation).own();
        let place = status.as_u16().checked_sub(STATUSES.start).map(usize::from);
        if let Some(counter) = place.and_then(|place| counts.statuses.get(place)) {
            counter.increment();
        }
        counts.durations.observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What was counted until now.
    #[must_use]
    pub(crate) fn counted(&self) -> Vec<OperationTally> {
        let Some(places) = &self.0 else { return Vec::new() };
        let named = places.operations.iter().map_while(OnceLock::get);
        let named = named.map(|place| sum(&place.counts, Some(place.operation)));
        named.chain([sum(&places.other, None)]).collect()
    }
}

impl Places {
    /// The place of an operation.
    fn counts(&self, operation: Option<&'static str>) -> &PerThread<Counts> {
        let Some(operation) = operation else { return &self.other };
        let make = || Place { operation, counts: PerThread::new(Counts::new) };
        let mut places = self.operations.iter().map(|place| place.get_or_init(make));
        let found = places.find(|place| place.operation == operation);
        found.map_or(&self.other, |place| &place.counts)
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

    use super::{PLACES, RequestTally};

    #[test]
    fn requests_are_counted_by_operation_and_status() {
        let tally = RequestTally::of(["List", "Get"]);
        tally.count(Some("Other"), StatusCode::OK, Duration::from_millis(3));
        tally.count(Some("Other"), StatusCode::OK, Duration::from_secs(60));
        tally.count(Some("Other"), StatusCode::NO_CONTENT, Duration::ZERO);
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
        let tally = RequestTally::of([]);
        for number in 0..2 * PLACES {
            let name: &'static str = Box::leak(number.to_string().into_boxed_str());
            tally.count(Some(name), StatusCode::OK, Duration::ZERO);
        }
        let counted = tally.counted();
        assert_eq!(counted.len(), PLACES + 1);
        assert_eq!(counted[PLACES].statuses, [(200, PLACES as u64)]);
    }

    #[test]
    fn what_is_off_counts_nothing() {
        let tally = RequestTally::default();
        tally.count(None, StatusCode::OK, Duration::ZERO);
        assert!(tally.counted().is_empty());
    }
}
