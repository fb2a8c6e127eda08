//! Log lines on standard error: text for people, JSON for machines.
//!
//! Invariant: a line of the log is one line, and reads as it is. What nobody sees in what callers sent
//! (line breaks, terminal escapes of both the 7-bit and the 8-bit kind, Unicode's line separators, what
//! turns a text's direction or has no width) is written escaped, so nobody forges a line, speaks to a
//! terminal or hides a word.

mod escape;
mod json_lines;
mod queue;

use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use rustix::fs::FileType;

use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::prelude::*;

use escape::escaped;
pub(crate) use escape::{is_command, json_escaped};
use json_lines::JsonLines;
use queue::Queue;

/// The lines that wait for a reader, where there may be none.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// How the log is written: the settings `log.…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least grave events that are worth a line.
    pub level: LogLevel,
    /// Whether the line of a request that was refused says from which address it came.
    pub client_address: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: LogLevel::default(), client_address: true }
    }
}

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Words, coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The least important line that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing at all.
    Off,
    /// Failures that need somebody.
    Error,
    /// And what may need somebody.
    Warn,
    /// And a line for each request.
    #[default]
    Info,
    /// And why credentials were refused.
    Debug,
    /// And what the libraries say.
    Trace,
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// Starts the log. A second call changes nothing. What the library `talkative` says is nobody's
/// concern: clients can make it warn as often as they like.
pub fn init(config: LogConfig, talkative: &'static str) {
    let colours = io::stderr().is_terminal();
    let queue = if is_file(io::stderr()) { None } else { Queue::start(io::stderr()).ok() };
    let subscriber = match queue {
        // A file takes what it is given.
        None => subscriber(config, Some(talkative), colours, io::stderr),
        Some(queue) => {
            let queue = QUEUE.get_or_init(|| queue);
            subscriber(config, Some(talkative), colours, queue.clone())
        }
    };
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Waits for the lines that were not written yet, as long as somebody reads them. The process ends
/// after this.
pub fn finish() {
    if let Some(queue) = QUEUE.get() {
        queue.finish();
    }
}

/// How many lines were dropped because nobody read them.
#[must_use]
pub(crate) fn dropped_lines() -> u64 {
    QUEUE.get().map_or(0, Queue::dropped)
}

fn is_file(descriptor: impl AsFd) -> bool {
    rustix::fs::fstat(descriptor)
        .is_ok_and(|it| FileType::from_raw_mode(it.st_mode) == FileType::RegularFile)
}

fn subscriber<W>(
    config: LogConfig,
    talkative: Option<&'static str>,
    colours: bool,
    writer: W,
) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let registry = tracing_subscriber::registry();
    match config.format {
        LogFormat::Text => {
            let fields = debug_fn(|writer, field, value| match field.name() {
                "message" => write!(writer, "{}", escaped(value)),
                name => write!(writer, "{name}={}", escaped(value)),
            })
            .delimited(" ");
            let lines = tracing_subscriber::fmt::layer()
                .with_ansi(colours)
                .with_target(false)
                .fmt_fields(fields)
                .with_writer(writer)
                .with_filter(ours(config.level, talkative));
            Box::new(registry.with(lines))
        }
        LogFormat::Json => {
            // Each layer's own filter would be asked anew for each line.
            Box::new(registry.with(JsonLines(writer)).with(ours(config.level, talkative)))
        }
    }
}

/// Lines of ours from the level up; lines of libraries only when they warn, or at `trace`. A library
/// that warns whenever a client wants it to is only heard at `trace`.
fn ours(level: LogLevel, talkative: Option<&'static str>) -> tracing_subscriber::filter::Targets {
    let is_all = level == LogLevel::Trace;
    let others = if is_all { level } else { level.min_importance(LogLevel::Warn) };
    let talkative =
        talkative.map(|library| (library, if is_all { level.filter() } else { LevelFilter::OFF }));
    tracing_subscriber::filter::Targets::new()
        .with_default(others.filter())
        .with_targets(talkative)
        .with_target("neokeys", level.filter())
}

impl LogLevel {
    /// The level that writes less of the two.
    fn min_importance(self, other: Self) -> Self {
        if self.filter() < other.filter() { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::{LogConfig, LogFormat, LogLevel, subscriber};

    /// A writer whose bytes a test reads back.
    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Each character that nobody sees, between two that everybody does.
    fn hostile_text() -> String {
        let ranges = [
            0..0x20,
            0x7f..0xa0,
            0xad..0xae,
            0x34f..0x350,
            0x61c..0x61d,
            0x180e..0x180f,
            0x200b..0x2010,
            0x2028..0x202f,
            0x2060..0x2070,
            0x3164..0x3165,
            0xfe00..0xfe10,
            0xfeff..0xff00,
            0xfff9..0xfffc,
            0xe0001..0xe0002,
            0xe0020..0xe0080,
        ];
        let unseen = ranges.into_iter().flatten().filter_map(char::from_u32);
        let text: String = unseen.flat_map(|unseen| [unseen, 'x']).collect();
        format!("a\x1b[31mb\"c\\d{text}e\u{1f511}\u{e9}")
    }

    fn logged(format: LogFormat, level: LogLevel, write: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = subscriber(
            LogConfig { format, level, ..LogConfig::default() },
            Some("talkative"),
            false,
            move || writer.clone(),
        );
        tracing::subscriber::with_default(subscriber, write);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn hostile() {
        let hostile = hostile_text();
        tracing::info!(a = &*hostile, b = %hostile, c = ?hostile, "message {hostile}");
    }

    #[test]
    fn a_line_is_one_line_whatever_callers_send() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = logged(format, LogLevel::Info, hostile);
            assert_eq!(text.matches('\n').count(), 1, "{text:?}");
            let line = text.trim_end_matches('\n');
            let hostile = hostile_text();
            let unseen = |c: &char| !matches!(c, ' '..='~' | '\u{1f511}' | '\u{e9}');
            let raw: Vec<_> = line.chars().filter(|c| unseen(c) && hostile.contains(*c)).collect();
            assert!(raw.is_empty(), "{raw:?} in {text:?}");
        }
    }

    #[test]
    fn a_json_line_is_json_and_gives_the_text_back() {
        let text = logged(LogFormat::Json, LogLevel::Info, hostile);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["a"], hostile_text());
        assert_eq!(line["b"], hostile_text());
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn a_json_line_has_each_kind_of_value() {
        let write = || {
            let nothing: Option<&str> = None;
            tracing::warn!(a.b = 1_u64, c = -1, d = 0.5, e = f64::NAN, f = true, g = nothing, r#type = ?Some("x"), "say");
        };
        let text = logged(LogFormat::Json, LogLevel::Info, write);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let members: Vec<_> = line.as_object().unwrap().iter().skip(1).collect();
        let members = serde_json::to_string(&members).unwrap();
        assert_eq!(
            members,
            r#"[["level","WARN"],["message","say"],["a.b",1],["c",-1],["d",0.5],["e",null],["f",true],["type","Some(\"x\")"],["target","neokeys::telemetry::tests"]]"#
        );
    }

    #[test]
    fn a_level_keeps_out_what_is_less() {
        let write = || {
            tracing::debug!("fine print");
            tracing::error!("a failure");
            tracing::info!(target: "actix_server", "a library's word");
        };
        let text = logged(LogFormat::Text, LogLevel::Info, write);
        assert!(text.contains("a failure") && !text.contains("fine print"), "{text}");
        assert!(!text.contains("a library's word"), "{text}");
        assert_eq!(logged(LogFormat::Text, LogLevel::Off, write), "");
        let talk = || tracing::error!(target: "talkative::part", "a client's doing");
        assert_eq!(logged(LogFormat::Text, LogLevel::Debug, talk), "");
        assert!(logged(LogFormat::Text, LogLevel::Trace, talk).contains("a client's doing"));
        assert!(logged(LogFormat::Text, LogLevel::Trace, write).contains("a library's word"));
    }
}
