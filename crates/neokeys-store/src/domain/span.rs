//! Spans of time in which people think of keys: `24h`, `90d`. One rule for settings, the command line and
//! files of wanted keys.

use std::time::Duration;

/// The units, the largest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// The longest span: a hundred years, far from where adding to a date overflows.
pub const LONGEST_SPAN: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A text that is no span. The message is for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number of s, m, h or d, such as 24h or 90d")]
pub struct NoSpan;

/// A span such as `90d`, of a second at least: `0s` is none.
///
/// # Errors
/// [`NoSpan`].
pub fn parse_span(text: &str) -> Result<Duration, NoSpan> {
    parse_span_or_zero(text).and_then(|span| if span.is_zero() { Err(NoSpan) } else { Ok(span) })
}

/// A span, or none at all: `0`, which needs no unit and may have one (`0s`).
///
/// # Errors
/// [`NoSpan`].
pub fn parse_span_or_zero(text: &str) -> Result<Duration, NoSpan> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NoSpan)?;
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
    let span = Duration::from_secs(seconds.ok_or(NoSpan)?);
    if span <= LONGEST_SPAN { Ok(span) } else { Err(NoSpan) }
}

/// A span in the largest unit that divides it.
#[must_use]
pub fn show_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let fits = |factor: u64| seconds >= factor && seconds.is_multiple_of(factor);
    let unit = UNITS.iter().find(|(_, factor)| fits(*factor));
    unit.map_or_else(|| "0".to_owned(), |(name, factor)| format!("{}{name}", seconds / factor))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse_span, parse_span_or_zero, show_span};

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (text, seconds) in [("1s", 1), ("90m", 5_400), ("24h", 86_400), ("090d", 7_776_000)] {
            let span = Ok(Duration::from_secs(seconds));
            assert_eq!((parse_span(text), parse_span_or_zero(text)), (span, span), "{text}");
        }
        for text in
            ["", "d", "-1d", "+1d", "1.5h", "1w", "24 h", "1D", "99999999999999d", "40000d", "00"]
        {
            assert!(parse_span(text).is_err() && parse_span_or_zero(text).is_err(), "{text}");
        }
        for text in ["0", "0s", "0d", "00h"] {
            assert!(parse_span(text).is_err(), "{text}");
            assert_eq!(parse_span_or_zero(text), Ok(Duration::ZERO), "{text}");
        }
    }

    #[test]
    fn a_span_is_shown_in_its_largest_unit() {
        for (text, shown) in [("24h", "1d"), ("90m", "90m"), ("36h", "36h"), ("61s", "61s")] {
            assert_eq!(show_span(parse_span(text).unwrap()), shown);
        }
        assert_eq!(show_span(Duration::ZERO), "0");
    }
}
