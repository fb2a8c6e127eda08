//! Sizes and times as settings: how they are read and shown.

use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};

use super::form::{Form, parsed};

/// A number of bytes.
pub(super) struct Size<T>(PhantomData<T>);

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

const SIZE_FORM: &str = "a size is a whole number of B, KiB, MiB or GiB, such as 64KiB";

fn size(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = split_unit(text);
    let factor = match unit {
        "" => Some(1),
        _ => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor),
    };
    let bytes = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or(SIZE_FORM)
}

impl<T: TryFrom<u64> + Copy> Form for Size<T>
where
    u64: TryFrom<T>,
{
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
        parsed(source, |text| T::try_from(size(text)?).or(Err(SIZE_FORM)))
    }

    fn show(value: &T) -> String {
        let bytes = u64::try_from(*value).unwrap_or(u64::MAX);
        let unit = UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes % factor == 0);
        unit.map_or_else(|| bytes.to_string(), |(name, factor)| format!("{}{name}", bytes / factor))
    }
}

/// A number of bytes above zero, for what nothing fits into otherwise.
pub(super) struct SizeAboveZero<T>(PhantomData<T>);

impl<T: TryFrom<u64> + Copy> Form for SizeAboveZero<T>
where
    u64: TryFrom<T>,
{
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
        parsed(source, |text| match size(text)? {
            0 => Err("nothing would fit into 0 bytes; write a size such as 64KiB"),
            bytes => T::try_from(bytes).or(Err(SIZE_FORM)),
        })
    }

    fn show(value: &T) -> String {
        Size::show(value)
    }
}

/// A span of time.
pub(super) struct Time;

const TIME_FORM: &str = "a time is a whole number of s or m, a day at most, such as 10s";

fn time(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = split_unit(text);
    let duration = number.and_then(|number| match unit {
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    });
    // A day is far beyond any sense here, and far from where adding to a clock overflows.
    duration.filter(|duration| duration.as_secs() <= 86_400).ok_or(TIME_FORM)
}

impl Form for Time {
    type Value = Duration;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
        parsed(source, time)
    }

    fn show(value: &Duration) -> String {
        format!("{}s", value.as_secs())
    }
}

/// A span of time above zero, for what would never be in time otherwise.
pub(super) struct TimeAboveZero;

impl Form for TimeAboveZero {
    type Value = Duration;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
        parsed(source, |text| match time(text)? {
            Duration::ZERO => Err("nothing would ever be in time; write a time such as 10s"),
            time => Ok(time),
        })
    }

    fn show(value: &Duration) -> String {
        Time::show(value)
    }
}

/// A short span of time, or `null`.
pub(super) struct OptionalTime;

impl Form for OptionalTime {
    type Value = Option<Duration>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<ShortTime>::deserialize(source)?.map(|ShortTime(time)| time))
    }

    fn show(value: &Option<Duration>) -> String {
        value.map_or_else(|| "null".to_owned(), |time| format!("{}ms", time.as_millis()))
    }
}

struct ShortTime(Duration);

impl<'de> Deserialize<'de> for ShortTime {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        parsed(source, |text| {
            let (number, unit) = split_unit(text);
            let milliseconds = number.and_then(|number| match unit {
                "" if number == 0 => Some(0),
                "ms" => Some(number),
                "s" => number.checked_mul(1000),
                _ => None,
            });
            milliseconds
                .filter(|milliseconds| *milliseconds <= 3_600_000)
                .map(|milliseconds| Self(Duration::from_millis(milliseconds)))
                .ok_or("a short time is 0, or a whole number of ms or s, an hour at most")
        })
    }
}

fn split_unit(text: &str) -> (Option<u64>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    (number.parse().ok(), unit)
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    #[test]
    fn zero_is_refused_where_it_makes_no_sense_and_taken_where_it_does() {
        for (name, zero) in [
            ("head", "0"),
            ("head", "0KiB"),
            ("body", "0B"),
            ("document", "0MiB"),
            ("head_time", "0s"),
            ("body_time", "0m"),
            ("stall_time", "00s"),
        ] {
            let text = format!("limits: {{ {name}: {zero} }}");
            let error = Settings::from_yaml(&text).unwrap_err().to_string();
            let named = format!("limits.{name}: \"{zero}\" is refused: nothing would");
            assert!(error.contains(&named) && error.contains("line 1"), "{error}");
        }
        for text in ["limits: {connections: 0}", "traces: {one_in: 0}"] {
            assert!(Settings::from_yaml(text).is_err(), "{text}");
        }
        let zeros = "limits: {idle_time: 0s, shutdown: 0s, loaded: 0}\nstore: {max_staleness: 0}";
        let settings = Settings::from_yaml(zeros).unwrap();
        assert!(settings.limits.idle_time.is_zero() && settings.limits.shutdown.is_zero());
        assert_eq!(settings.loaded_limit, 0);
    }
}
