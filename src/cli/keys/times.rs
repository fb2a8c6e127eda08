//! Spans and points of time on the command line.

use std::time::Duration;

use crate::domain::Timestamp;

/// The longest span: a hundred years, far from where adding to a date overflows.
const LONGEST: u64 = 100 * 365 * 86_400;

/// A span such as `90d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let seconds = factor.and_then(|factor| number.parse::<u64>().ok()?.checked_mul(factor));
    let seconds = seconds.filter(|seconds| (1..=LONGEST).contains(seconds));
    let form = "write a whole number of s, m, h or d, such as 24h or 90d";
    seconds.map(Duration::from_secs).ok_or_else(|| form.to_owned())
}

/// A span, or 0.
pub(super) fn overlap(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { span(text) }
}

/// A point in time: itself, or so long from now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    At(Timestamp),
    In(Duration),
}

impl Moment {
    /// Reads `14d` or `2027-02-24T21:00:00Z`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        span(text).map(Self::In).or_else(|form| {
            Timestamp::parse(text)
                .map(Self::At)
                .map_err(|error| format!("{form}; or a time: it {error}"))
        })
    }

    /// The time, which a span is counted back to from now.
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::In(span) => now.saturating_sub(span),
        }
    }

    /// The time, which a span is counted to from now.
    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::In(span) => now.saturating_add(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Moment, overlap, span};

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (text, seconds) in [("1s", 1), ("90m", 5_400), ("24h", 86_400), ("90d", 7_776_000)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "0", "0d", "d", "-1d", "1.5h", "1w", "24 h", "1D", "99999999999999d", "40000d"]
        {
            assert!(span(text).is_err(), "{text}");
        }
        assert_eq!(overlap("0"), Ok(Duration::ZERO));
        assert!(overlap("0h").is_err() && overlap("").is_err());
        assert!(matches!(Moment::parse("2027-02-24T21:00:00+01:00"), Ok(Moment::At(_))));
        assert!(Moment::parse("2027-02-24").is_err());
    }
}
