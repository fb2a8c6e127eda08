//! Text for a terminal, to which a path, an argument or a file's content must not give commands.

use std::borrow::Cow;

use crate::telemetry::is_command;

/// The text with control characters and invisible ones written out.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_command) {
        let escape = |character: char| match is_command(character) {
            true => character.escape_default().to_string(),
            false => character.to_string(),
        };
        Cow::Owned(text.chars().map(escape).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_speaks_to_the_terminal() {
        assert_eq!(escaped("a\x1b[31mb\nc\u{9b}"), "a\\u{1b}[31mb\\nc\\u{9b}");
        assert_eq!(escaped("a\u{202e}b\u{7f}"), "a\\u{202e}b\\u{7f}");
        assert_eq!(escaped("caf\u{e9} \u{2014}"), "caf\u{e9} \u{2014}");
    }
}
