//! Scalars: their values by the core schema of YAML 1.2 (§10.3), and how to write one so that every
//! reader agrees.

use granit_parser::{ScalarStyle, Tag};

/// The value of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number,
    Text,
    /// Something that only its tag explains: one that we do not know, or one that the text does not fit.
    Other,
}

/// How a text is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Quotes {
    /// None, wherever the text allows it.
    #[default]
    Plain,
    Single,
    Double,
}

impl Quotes {
    /// The habit that a written scalar shows.
    pub(crate) fn of(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => Self::Plain,
        }
    }
}

/// The value of a scalar of this text, style and tag.
pub(crate) fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    match (tag, style) {
        (Some(tag), _) => resolve_tagged(text, tag),
        (None, ScalarStyle::Plain) => resolve_plain(text),
        (
            None,
            ScalarStyle::SingleQuoted
            | ScalarStyle::DoubleQuoted
            | ScalarStyle::Literal
            | ScalarStyle::Folded,
        ) => Value::Text,
    }
}

/// A tag says what a scalar is, whatever its quotes (§10.3.1).
fn resolve_tagged(text: &str, tag: &Tag) -> Value {
    if is_non_specific(tag) {
        return Value::Text;
    }
    match (tag.core_suffix(), resolve_plain(text)) {
        (Some("str"), _) => Value::Text,
        (Some("null"), value @ Value::Null) | (Some("bool"), value @ Value::Bool(_)) => value,
        (Some("int"), _) if is_integer(text) => Value::Number,
        (Some("float"), Value::Number) => Value::Number,
        _ => Value::Other,
    }
}

/// Whether a tag is the lone `!`, which leaves a node to be what its own kind is: a text, a list or a
/// mapping (§6.9.1).
pub(crate) fn is_non_specific(tag: &Tag) -> bool {
    tag.handle().is_empty() && tag.suffix() == "!"
}

fn resolve_plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Value::Number,
        _ if is_integer(text) || is_float(text) => Value::Number,
        _ => Value::Text,
    }
}

fn is_integer(text: &str) -> bool {
    let all = |digits: &str, allowed: fn(&u8) -> bool| {
        !digits.is_empty() && digits.as_bytes().iter().all(allowed)
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    all(text.strip_prefix(['-', '+']).unwrap_or(text), u8::is_ascii_digit)
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    // Most texts end here, at their first letter.
    if !unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) {
        return false;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits_of = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits_of.is_empty() && digits(digits_of)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    exponent_fits && digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

/// The text as a scalar on one line, fit for block and flow style, in the given quotes or in the
/// least that it needs. The text is printable ASCII without space, `"` and `\`.
pub(crate) fn write_text(text: &str, quotes: Quotes) -> String {
    match quotes {
        Quotes::Plain if is_plain(text) => text.to_owned(),
        Quotes::Plain if text.contains('\'') => format!("\"{text}\""),
        Quotes::Plain => format!("'{text}'"),
        Quotes::Single => format!("'{}'", text.replace('\'', "''")),
        Quotes::Double => format!("\"{text}\""),
    }
}

/// The same for any text without control characters but tabs and line feeds.
pub(crate) fn write_any(text: &str, quotes: Quotes) -> String {
    let is_graphic = |it: char| it.is_ascii_graphic() && !matches!(it, '"' | '\\');
    if !text.is_empty() && text.chars().all(is_graphic) {
        return write_text(text, quotes);
    }
    // What some reader takes for a line break, a mark or nothing at all.
    let is_odd = |it: char| {
        it.is_control()
            || matches!(it, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    if quotes != Quotes::Double && !text.contains(is_odd) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut written = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => written += "\\n",
            '\t' => written += "\\t",
            '"' | '\\' => written.extend(['\\', character]),
            _ if is_odd(character) => written += &format!("\\u{:04x}", u32::from(character)),
            _ => written.push(character),
        }
    }
    written + "\""
}

/// Whether a plain scalar of this text is this text to readers of YAML 1.2 and 1.1, in block and in
/// flow style. Errs on the side of quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    let first_fits = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        || (text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'))
            && !text.starts_with("0x")
            && !text.starts_with("0o")
            && !is_yaml_1_1_binary(text));
    let rest_fits =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:+@~^=$".contains(&byte))
            && !text.ends_with(':');
    first_fits && rest_fits && resolve_plain(text) == Value::Text && !is_yaml_1_1_word(text)
}

fn is_yaml_1_1_binary(text: &str) -> bool {
    text.strip_prefix("0b").is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'0' | b'1')))
}

fn is_yaml_1_1_word(text: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use granit_parser::{ScalarStyle, Tag};

    use super::{Quotes, Value, resolve, write_text};

    fn plain(text: &str) -> Value {
        resolve(text, ScalarStyle::Plain, None)
    }

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        for text in ["true", "True", "TRUE"] {
            assert_eq!(plain(text), Value::Bool(true));
        }
        for text in ["yes", "no", "on", "off", "y", "tRUE", "1_000", "0b1", "12:30", "e", "-", "."]
        {
            assert_eq!(plain(text), Value::Text, "{text}");
        }
        for text in ["0", "-12", "+1", "0o17", "0xFf", "1.5", ".5", "5.", "1e3", "-.inf", ".NaN"] {
            assert_eq!(plain(text), Value::Number, "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(plain(text), Value::Null, "{text}");
        }
        assert_eq!(resolve("true", ScalarStyle::SingleQuoted, None), Value::Text);
    }

    #[test]
    fn a_tag_says_what_a_scalar_is() {
        let core = |suffix: &str| Tag::new("tag:yaml.org,2002:", suffix);
        for (tag, text, value) in [
            (core("bool"), "true", Value::Bool(true)),
            (core("bool"), "FALSE", Value::Bool(false)),
            (core("bool"), "yes", Value::Other),
            (core("null"), "", Value::Null),
            (core("null"), "x", Value::Other),
            (core("int"), "5", Value::Number),
            (core("int"), "5.5", Value::Other),
            (core("float"), "5", Value::Number),
            (core("str"), "5", Value::Text),
            (Tag::new("", "!"), "456", Value::Text),
            (Tag::new("", "tag:yaml.org,2002:bool"), "true", Value::Bool(true)),
            (Tag::new("!", "mine"), "true", Value::Other),
        ] {
            for style in [ScalarStyle::Plain, ScalarStyle::DoubleQuoted] {
                assert_eq!(resolve(text, style, Some(&tag)), value, "{tag:?} {text}");
            }
        }
    }

    #[test]
    fn a_text_is_quoted_where_a_reader_could_take_it_for_something_else() {
        for (text, written) in [
            ("passes:write", "passes:write"),
            ("crm-sync.v2", "crm-sync.v2"),
            ("*", "'*'"),
            ("true", "'true'"),
            ("No", "'No'"),
            ("123", "'123'"),
            ("1e5", "'1e5'"),
            ("12:30", "'12:30'"),
            ("-x", "'-x'"),
            ("a:", "'a:'"),
            ("a#b", "'a#b'"),
            ("it's", "\"it's\""),
            ("[a]", "'[a]'"),
        ] {
            assert_eq!(write_text(text, Quotes::Plain), written);
        }
        assert_eq!(write_text("it's", Quotes::Single), "'it''s'");
        assert_eq!(write_text("a", Quotes::Double), "\"a\"");
    }
}
