//! A line of the log as one JSON object, written straight into the line: the library's own form
//! builds a value of each event first, which cost a request more than the rest of its line.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// `timestamp`, `level`, then the event's fields in their order, then `target`.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        write!(line, "\",\"level\":\"{}\"", event.metadata().level())?;
        let mut members = Members { line: &mut line, outcome: Ok(()) };
        event.record(&mut members);
        members.outcome?;
        line.write_str(",\"target\":\"")?;
        Escaping(&mut line).write_str(event.metadata().target())?;
        line.write_str("\"}\n")
    }
}

/// Writes each field as a member of the object.
struct Members<'l, W> {
    line: &'l mut W,
    outcome: fmt::Result,
}

impl<W: Write> Members<'_, W> {
    fn member(&mut self, field: &Field, write: impl FnOnce(&mut W) -> fmt::Result) {
        if self.outcome.is_ok() {
            self.outcome = self.name(field.name()).and_then(|()| write(self.line));
        }
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        self.line.write_str(",\"")?;
        Escaping(self.line).write_str(name.strip_prefix("r#").unwrap_or(name))?;
        self.line.write_str("\":")
    }

    fn text(&mut self, field: &Field, text: fmt::Arguments<'_>) {
        self.member(field, |line| {
            line.write_char('"')?;
            Escaping(line).write_fmt(text)?;
            line.write_char('"')
        });
    }
}

impl<W: Write> Visit for Members<'_, W> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other numbers (RFC 8259 §6).
        self.member(field, |line| match value.is_finite() {
            true => write!(line, "{value}"),
            false => line.write_str("null"),
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}

/// The inside of a JSON string (RFC 8259 §7).
struct Escaping<'w, W>(&'w mut W);

impl<W: Write> Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (place, byte) in text.bytes().enumerate() {
            if byte >= b' ' && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.0.write_str(&text[plain..place])?;
            match byte {
                b'"' => self.0.write_str("\\\"")?,
                b'\\' => self.0.write_str("\\\\")?,
                _ => write!(self.0, "\\u{byte:04x}")?,
            }
            plain = place + 1;
        }
        self.0.write_str(&text[plain..])
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::Escaping;

    #[test]
    fn a_text_is_given_back_as_it_was() {
        let all: String =
            (0..0x250).filter_map(char::from_u32).chain("\"\\\u{1f511}".chars()).collect();
        for text in ["", "plain", "\"", "\\\"\n", "caf\u{e9}\t\u{1f511}", &*all] {
            let mut json = String::from("\"");
            Escaping(&mut json).write_str(text).unwrap();
            json.push('"');
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
        }
    }
}
