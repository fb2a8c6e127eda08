//! Sizes and times as settings: how they are read and shown.
//!
//! The grammar is small on purpose: whole numbers of a few units, each spelled in one way, so that a
//! mistake is an error. The crates for it take more than that and write it differently: `bytesize`
//! takes `64 kB` for 64,000 bytes and shows `64.0 KiB`; `humantime` and `jiff` take `1h 30m` and
//! `2 weeks`. A check of our own would have to stand in front of each, and is all that is here.

use std::marker::PhantomData;
use std::time::Duration;

use super::value_form::Scalar;

/// The names of units with their factors.
pub(super) type Units = [(&'static str, u64)];

/// The largest first, so that a size is shown in the largest that divides it.
const BYTES: &Units = &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1)];

/// An amount without a sign or blanks, in the smallest of its units.
pub(super) fn amount(text: &str, units: &Units) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// A number of bytes.
pub(super) struct Size<T>(PhantomData<T>);

impl<T> Scalar for Size<T>
where
    T: TryFrom<u64> + TryInto<u64> + Copy,
{
    type Value = T;

    fn parse(text: &str) -> Result<T, String> {
        let form = "a size is a whole number of B, KiB, MiB or GiB, such as 64KiB";
        amount(text, BYTES).and_then(|size| T::try_from(size).ok()).ok_or_else(|| form.to_owned())
    }

    #[expect(clippy::expect_used, reason = "no machine counts bytes beyond 64 bits")]
    fn show(value: &T) -> String {
        let bytes = (*value).try_into().ok().expect("a size fits into 64 bits");
        let unit = BYTES.iter().find(|(_, factor)| bytes >= *factor && bytes % factor == 0);
        unit.map_or_else(|| bytes.to_string(), |(name, factor)| format!("{}{name}", bytes / factor))
    }
}

/// A span of time in seconds.
pub(super) struct Time;

impl Scalar for Time {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        // A day is far beyond any sense here, and far from where adding to a clock overflows.
        let seconds = amount(text, &[("s", 1), ("m", 60)]).filter(|seconds| *seconds <= 86_400);
        let form = "a time is a whole number of s or m, a day at most, such as 10s";
        seconds.map(Duration::from_secs).ok_or_else(|| form.to_owned())
    }

    fn show(value: &Duration) -> String {
        format!("{}s", value.as_secs())
    }
}

/// A span of time in milliseconds.
pub(super) struct ShortTime;

impl Scalar for ShortTime {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        let zero = || amount(text, &[("", 1)]).filter(|number| *number == 0);
        let milliseconds = amount(text, &[("ms", 1), ("s", 1000)]).or_else(zero);
        let form = "a short time is 0, or a whole number of ms or s, an hour at most";
        let milliseconds = milliseconds.filter(|milliseconds| *milliseconds <= 3_600_000);
        milliseconds.map(Duration::from_millis).ok_or_else(|| form.to_owned())
    }

    fn show(value: &Duration) -> String {
        format!("{}ms", value.as_millis())
    }
}

/// An amount for which zero makes no sense.
pub(super) struct AboveZero<S>(PhantomData<S>);

/// The sentence about zero there.
pub(super) trait Amount: Scalar<Value: Default + PartialEq> {
    const ZERO: &'static str;
}

impl<T: Default + PartialEq> Amount for Size<T>
where
    T: TryFrom<u64> + TryInto<u64> + Copy,
{
    const ZERO: &'static str = "nothing would fit into 0 bytes; write a size such as 64KiB";
}

impl Amount for Time {
    const ZERO: &'static str = "nothing would ever be in time; write a time such as 10s";
}

impl<S: Amount> Scalar for AboveZero<S> {
    type Value = S::Value;

    fn parse(text: &str) -> Result<S::Value, String> {
        let amount = S::parse(text)?;
        if amount == S::Value::default() { Err(S::ZERO.to_owned()) } else { Ok(amount) }
    }

    fn show(value: &S::Value) -> String {
        S::show(value)
    }
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
        assert_eq!(settings.storage.loaded_limit, 0);
    }
}
