//! The output of commands: tables, JSON and one-line results on standard output, remarks on standard
//! error.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use serde::Serialize;

use super::escape::escaped;
use super::failure::Failure;
use crate::telemetry::json_escaped;

/// The two streams of a command.
pub(super) struct Output<'w> {
    results: Box<dyn Write + 'w>,
    remarks: Box<dyn Write + 'w>,
}

impl Output<'_> {
    /// The process's own streams.
    pub(super) fn of_process() -> Self {
        Self { results: Box::new(io::stdout()), remarks: Box::new(io::stderr()) }
    }

    /// Writes a result. A closed pipe is no failure.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self.deliver(text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome.map_err(|error| {
                Failure::because(format!("cannot write to standard output: {error}"))
            }),
        }
    }

    /// Writes a result that must arrive.
    pub(super) fn deliver(&mut self, text: &str) -> io::Result<()> {
        self.results.write_all(text.as_bytes())?;
        self.results.flush()
    }

    /// Writes a value as JSON.
    pub(super) fn write_json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let json = to_json(value)?;
        self.write(&json)
    }

    /// Writes to standard error; there is nobody left to tell when that fails.
    pub(super) fn say(&mut self, text: &impl Display) {
        let _ = write!(self.remarks, "{text}");
        let _ = self.remarks.flush();
    }
}

/// A value as JSON, over several lines.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| Failure::refused(&error))?;
    text.push('\n');
    Ok(json_escaped(&text))
}

/// Rows under a heading, each column as wide as its widest cell.
pub(super) fn table<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let rows: Vec<[Cow<'_, str>; COLUMNS]> =
        rows.iter().map(|row| row.each_ref().map(|cell| escaped(cell))).collect();
    let mut widths = heading.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(heading.map(Cow::Borrowed)).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up_and_lines_have_no_trailing_blanks() {
        let rows = [["a".to_owned(), "b c".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "X"], &rows), "NAME  X\na     b c\nlong\n");
        assert_eq!(table(["NAME", "X"], &[]), "NAME  X\n");
    }
}
