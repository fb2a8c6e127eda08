//! Spans of time in which people think of keys, in settings and on the command line: `24h`, `90d`.

use std::time::Duration;

use super::amounts::{Units, amount};
use super::value_form::Scalar;

/// The largest first, so that a span is shown in the largest that divides it.
const UNITS: &Units = &[("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// The longest span: a hundred years, far from where adding to a date overflows.
const LONGEST: u64 = 100 * 365 * 86_400;

/// A span such as `90d`, of a second at least.
///
/// # Errors
/// What to write instead.
pub(crate) fn parse_span(text: &str) -> Result<Duration, String> {
    let seconds = amount(text, UNITS).filter(|seconds| (1..=LONGEST).contains(seconds));
    let form = "write a whole number of s, m, h or d, such as 24h or 90d";
    seconds.map(Duration::from_secs).ok_or_else(|| form.to_owned())
}

/// A span, or `0`.
///
/// # Errors
/// What to write instead.
pub(crate) fn parse_span_or_zero(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { parse_span(text) }
}

/// A span as a setting.
pub(super) struct Span;

impl Scalar for Span {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        parse_span(text)
    }

    fn show(span: &Duration) -> String {
        let seconds = span.as_secs();
        let unit =
            UNITS.iter().find(|(_, factor)| seconds >= *factor && seconds.is_multiple_of(*factor));
        unit.map_or_else(|| "0".to_owned(), |(name, factor)| format!("{}{name}", seconds / factor))
    }
}

/// A span or `0` as a setting.
pub(super) struct SpanOrZero;

impl Scalar for SpanOrZero {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        parse_span_or_zero(text)
    }

    fn show(span: &Duration) -> String {
        Span::show(span)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Scalar as _, Span, parse_span, parse_span_or_zero};

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (text, seconds) in [("1s", 1), ("90m", 5_400), ("24h", 86_400), ("90d", 7_776_000)] {
            assert_eq!(parse_span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "0", "0d", "d", "-1d", "1.5h", "1w", "24 h", "1D", "99999999999999d", "40000d"]
        {
            assert!(parse_span(text).is_err(), "{text}");
        }
        assert_eq!(parse_span_or_zero("0"), Ok(Duration::ZERO));
        assert!(parse_span_or_zero("0h").is_err() && parse_span_or_zero("").is_err());
    }

    #[test]
    fn a_span_is_shown_in_its_largest_unit() {
        for (text, shown) in [("24h", "1d"), ("90m", "90m"), ("36h", "36h"), ("61s", "61s")] {
            assert_eq!(Span::show(&parse_span(text).unwrap()), shown);
        }
        assert_eq!(Span::show(&Duration::ZERO), "0");
    }
}
