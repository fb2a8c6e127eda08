//! Control characters, made visible.

use std::fmt::{self, Write as _};
use std::io;

use tracing_subscriber::fmt::MakeWriter;

/// Whether a terminal or a reader of lines could take the character for a command.
fn is_command(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// A value as its `Debug` has it, with the control characters that this lets through escaped.
pub(super) fn escaped(value: &dyn fmt::Debug) -> String {
    let text = format!("{value:?}");
    if !text.chars().any(is_command) {
        return text;
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_command(character) {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// A writer of JSON lines in which the control characters that JSON allows are escaped too: those
/// beyond ASCII can stand only inside strings, where an escape means the same.
pub(super) struct EscapedJson<W>(pub(super) W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for EscapedJson<W> {
    type Writer = Lines<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Lines(self.0.make_writer())
    }
}

/// See [`EscapedJson`]. It is handed whole lines.
pub(super) struct Lines<W>(W);

impl<W: io::Write> io::Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().any(|it| !it.is_ascii() && is_command(it)) => {
                self.0.write_all(json_escaped(text).as_bytes())?;
                Ok(bytes.len())
            }
            _ => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn json_escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if !character.is_ascii() && is_command(character) {
            // Writing to a String cannot fail.
            let _ = write!(plain, "\\u{:04x}", u32::from(character));
        } else {
            plain.push(character);
        }
    }
    plain
}
