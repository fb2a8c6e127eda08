//! Characters that nobody sees, made visible.

use std::fmt::{self, Write as _};

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

/// Writes a text as the inside of a JSON string (RFC 8259 §7), with the commands that JSON lets stand
/// escaped too.
pub(super) fn push_json(json: &mut String, text: &str) {
    // Nearly all texts are plain, and are looked at in large steps.
    if text.bytes().fold(true, |is_plain, byte| is_plain & is_plain_in_json(byte)) {
        json.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            _ if is_command(character) => push_escape(json, character),
            _ => json.push(character),
        }
    }
}

/// Whether a byte is a character that stands for itself in a JSON string.
fn is_plain_in_json(byte: u8) -> bool {
    (b' '..0x7f).contains(&byte) & (byte != b'"') & (byte != b'\\')
}

/// Writes a character as JSON escapes it, in UTF-16.
fn push_escape(json: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(json, "\\u{unit:04x}");
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
            push_escape(&mut plain, character);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::push_json;

    #[test]
    fn a_text_is_given_back_as_it_was() {
        let all: String =
            (0..0x250).filter_map(char::from_u32).chain("\"\\\u{1f511}".chars()).collect();
        for text in ["", "plain", "\"", "\\\"\n", "caf\u{e9}\t\u{1f511}", &*all] {
            let mut json = String::from("\"");
            push_json(&mut json, text);
            json.push('"');
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
        }
    }
}
