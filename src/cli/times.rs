//! Points of time on the command line.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::parse_span;

/// A point in time: itself, or so long from now.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Moment {
    At(Timestamp),
    In(Duration),
}

impl Moment {
    /// Reads `14d` or `2027-02-24T21:00:00Z`.
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, String> {
        parse_span(text).map(Self::In).or_else(|form| {
            Timestamp::parse(text)
                .map(Self::At)
                .map_err(|error| format!("{form}; or a time: it {error}"))
        })
    }

    /// The time, which a span is counted back to from now.
    pub(in crate::cli) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::In(span) => now.saturating_sub(span),
        }
    }

    /// The time, which a span is counted to from now.
    pub(in crate::cli) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::In(span) => now.saturating_add(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_is_a_span_or_a_time_with_its_offset() {
        assert!(matches!(Moment::parse("14d"), Ok(Moment::In(_))));
        assert!(matches!(Moment::parse("2027-02-24T21:00:00+01:00"), Ok(Moment::At(_))));
        assert!(Moment::parse("2027-02-24").is_err());
    }
}
