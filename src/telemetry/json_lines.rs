//! A line of the log as one JSON object, written straight into a buffer that its thread keeps.
//!
//! Most requests have a line, so its cost is theirs: the library's own form builds a value of each event
//! first, and looks the calendar up each time.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Debug, Write};
use std::io::Write as _;
use std::time::Duration;

use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

use super::escape::push_json;
use crate::clock::{Clock as _, SystemClock};

/// Writes `timestamp`, `level`, then the event's fields in their order, then `target`.
pub(super) struct JsonLines<W>(pub(super) W);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local! {
            static LINE: Cell<String> = const { Cell::new(String::new()) };
        }
        // Where writing a field logs in its turn, that line finds an empty buffer, and this one is kept.
        let mut line = LINE.take();
        write_line(&mut line, event);
        // A log that cannot be written has nobody to be told.
        let _ = self.0.make_writer_for(event.metadata()).write_all(line.as_bytes());
        line.clear();
        LINE.set(line);
    }
}

fn write_line(line: &mut String, event: &Event<'_>) {
    thread_local! {
        static SECOND: RefCell<Second> = const { RefCell::new(Second::none()) };
    }
    line.push_str("{\"timestamp\":\"");
    SECOND.with_borrow_mut(|second| second.push(line, SystemClock.since_epoch()));
    line.push_str("\",\"level\":\"");
    line.push_str(event.metadata().level().as_str());
    line.push('"');
    event.record(&mut Members(line));
    line.push_str(",\"target\":\"");
    line.push_str(event.metadata().target());
    line.push_str("\"}\n");
}

/// The second that was written last, and how its timestamps begin.
struct Second {
    since_epoch: u64,
    begins: String,
}

impl Second {
    const fn none() -> Self {
        Self { since_epoch: 0, begins: String::new() }
    }

    /// Writes a time as RFC 3339 has it, in microseconds of UTC. The calendar is looked up once a second.
    fn push(&mut self, line: &mut String, time: Duration) {
        if self.begins.is_empty() || self.since_epoch != time.as_secs() {
            let date = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            let date = OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::seconds(date));
            let (year, month, day) = date.to_calendar_date();
            let (month, (hour, minute, second)) = (u8::from(month), date.to_hms());
            self.begins =
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.");
            self.since_epoch = time.as_secs();
        }
        line.push_str(&self.begins);
        let mut unit = 100_000;
        while unit > 0 {
            line.push(char::from(b'0' + (time.subsec_micros() / unit % 10) as u8));
            unit /= 10;
        }
        line.push('Z');
    }
}

/// Writes each field as a member of the object. Writing to a String cannot fail.
struct Members<'l>(&'l mut String);

impl Members<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push_str(",\"");
        // The program's own word, which has nothing to escape.
        let name = field.name();
        self.0.push_str(name.strip_prefix("r#").unwrap_or(name));
        self.0.push_str("\":");
    }

    fn plain(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.0.push_str(value);
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other numbers (RFC 8259 §6).
        match value.is_finite() {
            true => self.plain(field, &value.to_string()),
            false => self.plain(field, "null"),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, itoa::Buffer::new().format(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, if value { "true" } else { "false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.0.push('"');
        push_json(self.0, value);
        self.0.push('"');
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        self.0.push('"');
        let _ = write!(Escaping(self.0), "{value:?}");
        self.0.push('"');
    }
}

/// The inside of a JSON string.
struct Escaping<'w>(&'w mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_json(self.0, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Second;

    #[test]
    fn a_timestamp_is_utc_in_microseconds() {
        let mut second = Second::none();
        for (seconds, nanos, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (0, 999_999_999, "1970-01-01T00:00:00.999999Z"),
            (951_782_399, 1_000, "2000-02-28T23:59:59.000001Z"),
            (951_782_400, 120_034_005, "2000-02-29T00:00:00.120034Z"),
            (951_782_400, 120_035_005, "2000-02-29T00:00:00.120035Z"),
            // A clock may be set back.
            (0, 7_000_000, "1970-01-01T00:00:00.007000Z"),
            (1_767_225_599, 0, "2025-12-31T23:59:59.000000Z"),
            (u64::MAX, 0, "9999-12-31T23:59:59.000000Z"),
        ] {
            let mut text = String::new();
            second.push(&mut text, Duration::new(seconds, nanos));
            assert_eq!(text, expected);
        }
    }
}
