//! Characters that nobody sees, made visible.

use std::fmt::{self, Write as _};
use std::io;

use tracing_subscriber::fmt::MakeWriter;

/// Whether a terminal or a reader of lines could take the character for a command, or not see it:
/// control characters of 7 and 8 bits, Unicode's line separators, what turns the direction of a text
/// (UAX #9), and what has no width (`Default_Ignorable_Code_Point`, UAX #44).
#[must_use]
pub(crate) fn is_command(character: char) -> bool {
    // Most of what is written is ASCII.
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    matches!(character,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A value as its `Debug` has it, with the commands that this lets through escaped.
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

/// A writer of JSON lines in which the commands that JSON allows are escaped too.
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
            Ok(text) if text.chars().any(is_command_in_json) => {
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

/// Whether a command can stand in JSON as it is: those below U+0020 are escaped inside of strings, and
/// outside of them are blanks.
fn is_command_in_json(character: char) -> bool {
    character >= ' ' && is_command(character)
}

/// JSON in which every command is escaped: those that JSON lets stand can stand only inside strings,
/// where an escape means the same (RFC 8259 §7).
#[must_use]
pub(crate) fn json_escaped(json: &str) -> String {
    let mut plain = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_command_in_json(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(plain, "\\u{unit:04x}");
            }
        } else {
            plain.push(character);
        }
    }
    plain
}
