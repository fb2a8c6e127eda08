//! A point in time, to the second.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const DIGITS: &[u8; 10] = b"0123456789";

/// Whole seconds since the Unix epoch, in the years 0000 to 9999, which RFC 3339 can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date and a time with their offset, such as 2027-02-24T21:00:00Z")]
pub struct TimestampError;

impl Timestamp {
    /// The first second of 1970.
    pub const EPOCH: Self = Self(0);

    /// The last second of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// The point so long after the Unix epoch, without its fraction of a second.
    #[must_use]
    pub fn from_epoch(since: Duration) -> Self {
        Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)).min(Self::MAX)
    }

    /// Takes a date and a time of RFC 3339 with any offset; a space may stand for the `T`. A fraction of a
    /// second is left out, so what ends by it ends no later than it says.
    ///
    /// # Errors
    /// [`TimestampError`] for anything else, above all without hour or offset.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return Err(TimestampError);
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).or(Err(TimestampError))?;
        let seconds = time.unix_timestamp();
        let writable = OffsetDateTime::from_unix_timestamp(seconds).is_ok_and(|it| it.year() >= 0);
        if writable { Ok(Self(seconds)) } else { Err(TimestampError) }
    }

    /// Seconds since the Unix epoch, as `exp` of RFC 7519 has them.
    #[must_use]
    pub fn seconds_since_epoch(self) -> i64 {
        self.0
    }

    /// The point so much earlier, or the first one there is.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        const FIRST: Timestamp = Timestamp(-62_167_219_200);
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(seconds)).max(FIRST)
    }

    /// The point so much later, or the last one there is.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(seconds)).min(Self::MAX)
    }
}

impl Timestamp {
    /// The time in RFC 3339 in UTC, with `Z` and without fractions, for whoever writes it often.
    #[must_use]
    #[expect(clippy::expect_used, reason = "every constructor keeps to the years 0000 to 9999")]
    pub fn to_ascii(self) -> [u8; 20] {
        let time = OffsetDateTime::from_unix_timestamp(self.0).expect("the year has four digits");
        let mut text = *b"0000-00-00T00:00:00Z";
        let mut put = |place: usize, number: u32| {
            text[place] = DIGITS[number as usize / 10 % 10];
            text[place + 1] = DIGITS[number as usize % 10];
        };
        let year = time.year().unsigned_abs();
        put(0, year / 100);
        put(2, year % 100);
        let month = u8::from(time.month());
        let places = [5, 8, 11, 14, 17];
        let numbers = [month, time.day(), time.hour(), time.minute(), time.second()];
        places.into_iter().zip(numbers).for_each(|(place, number)| put(place, number.into()));
        text
    }
}

/// RFC 3339, as [`to_ascii`](Timestamp::to_ascii) has it.
impl fmt::Display for Timestamp {
    #[expect(clippy::expect_used, reason = "digits and signs are UTF-8")]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(std::str::from_utf8(&self.to_ascii()).expect("ASCII is UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Timestamp, TimestampError};

    #[test]
    fn a_time_is_read_with_any_offset_and_shown_in_utc() {
        for (text, shown) in [
            ("2027-02-24T21:00:00Z", "2027-02-24T21:00:00Z"),
            ("2027-02-24T21:00:00.999Z", "2027-02-24T21:00:00Z"),
            ("2027-02-24t21:00:00z", "2027-02-24T21:00:00Z"),
            ("2027-02-24 21:00:00+00:00", "2027-02-24T21:00:00Z"),
            ("2027-02-25T00:30:00+03:30", "2027-02-24T21:00:00Z"),
            ("2024-02-29T23:59:59-01:00", "2024-03-01T00:59:59Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            let time = Timestamp::parse(text).unwrap();
            assert_eq!(time.to_string(), shown, "{text}");
            assert_eq!(Timestamp::parse(shown), Ok(time));
        }
    }

    #[test]
    fn a_time_without_hour_or_offset_is_none() {
        for text in [
            "",
            "2027-02-24",
            "2027-02-24T21:00:00",
            "2027-02-24T21:00Z",
            "2027-02-24x21:00:00Z",
            "2027-02-30T21:00:00Z",
            "2027-02-24T24:00:00Z",
            "2027-02-24T21:00:00 Z",
            "2027-02-24T21:00:00+0200",
            "tomorrow",
            "1800000000",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), Err(TimestampError), "{text:?}");
        }
    }

    #[test]
    fn every_day_and_second_is_shown_as_it_is_read() {
        let days = (0..3_000_000_i64).step_by(97).map(|day| day * 86_400 - 62_167_219_200);
        let seconds = (0..86_400_i64).step_by(7);
        for (day, second) in days.zip(seconds.cycle()) {
            let time = Timestamp(day + second);
            assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        }
    }

    #[test]
    fn nothing_comes_after_the_year_9999() {
        assert_eq!(Timestamp::from_epoch(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.saturating_add(Duration::from_secs(1)), Timestamp::MAX);
        let epoch = Timestamp::from_epoch(Duration::from_millis(1999));
        assert_eq!(epoch.0, 1);
        assert_eq!(
            epoch.saturating_add(Duration::from_secs(59)).to_string(),
            "1970-01-01T00:01:00Z"
        );
        assert_eq!(epoch.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
    }
}
