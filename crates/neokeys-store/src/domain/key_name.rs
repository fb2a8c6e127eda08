//! The name of an API key.

use std::fmt;

use smol_str::SmolStr;

/// The longest key name, in characters.
const LONGEST: usize = 128;

/// A key's name: 1 to 128 of `A-Z a-z 0-9 - _ .`, case-sensitive, neither `.` nor `..`, which no
/// URL can address (RFC 3986 §5.2.4 removes them).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(SmolStr);

/// Why a text is no key name. The texts are for callers: they say what to send instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum KeyNameError {
    #[error("The name must have at least one character.")]
    Empty,
    #[error("The name must have at most {LONGEST} characters.")]
    TooLong,
    #[error(
        "The name may contain only letters, digits, hyphens, underscores and dots (A-Z a-z 0-9 - _ .)."
    )]
    Character,
    #[error("The names \".\" and \"..\" cannot be addressed by a URL; choose another.")]
    DotSegment,
}

impl KeyName {
    /// Takes a text that is a key name.
    ///
    /// # Errors
    /// [`KeyNameError`] names the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, KeyNameError> {
        if text.is_empty() {
            return Err(KeyNameError::Empty);
        }
        // A text of so few bytes has no more characters.
        if text.len() > LONGEST && text.chars().nth(LONGEST).is_some() {
            return Err(KeyNameError::TooLong);
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        {
            return Err(KeyNameError::Character);
        }
        if matches!(text, "." | "..") {
            return Err(KeyNameError::DotSegment);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lets a name be found in a map by its text.
impl std::borrow::Borrow<str> for KeyName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyName, KeyNameError};

    #[test]
    fn letters_digits_hyphens_underscores_and_dots_make_a_name() {
        for text in ["a", "crm-sync-prod", "_", "...", "v1.2_x", &"n".repeat(128)] {
            assert_eq!(KeyName::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn each_broken_rule_is_named() {
        for (text, error) in [
            ("", KeyNameError::Empty),
            (&*"n".repeat(129), KeyNameError::TooLong),
            (&*"\u{e9}".repeat(128), KeyNameError::Character),
            ("a b", KeyNameError::Character),
            ("a/b", KeyNameError::Character),
            ("a\n", KeyNameError::Character),
            ("caf\u{e9}", KeyNameError::Character),
            (".", KeyNameError::DotSegment),
            ("..", KeyNameError::DotSegment),
        ] {
            assert_eq!(KeyName::parse(text), Err(error), "{text:?}");
        }
    }
}
