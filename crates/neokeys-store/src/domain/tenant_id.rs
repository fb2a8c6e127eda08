//! The name of a tenant.

use std::fmt;

use smol_str::SmolStr;

/// The longest tenant id, in characters.
const LONGEST: usize = 64;

/// A tenant's id: 1 to 64 of `A-Z a-z 0-9 - _`, the first a letter or digit, case-sensitive.
///
/// What does not parse names no tenant: it cannot leave a folder, break a log line or collide with
/// a file that is not a tenant's.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(SmolStr);

/// Why a text is no tenant id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum TenantIdError {
    #[error("a tenant id has at least one character")]
    Empty,
    #[error("a tenant id has at most {LONGEST} characters")]
    TooLong,
    #[error("a tenant id starts with a letter or a digit")]
    Start,
    #[error("a tenant id has only letters, digits, hyphens and underscores (A-Z a-z 0-9 - _)")]
    Character,
}

impl TenantId {
    /// Takes a text that is a tenant id.
    ///
    /// # Errors
    /// [`TenantIdError`] names the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, TenantIdError> {
        let first = text.bytes().next().ok_or(TenantIdError::Empty)?;
        if text.len() > LONGEST {
            return Err(TenantIdError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err(TenantIdError::Character);
        }
        if !first.is_ascii_alphanumeric() {
            return Err(TenantIdError::Start);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::{TenantId, TenantIdError};

    #[test]
    fn letters_digits_hyphens_and_underscores_make_a_tenant_id() {
        for text in ["a", "7", "demo", "Tenant_1-b", &"x".repeat(64)] {
            assert_eq!(TenantId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_else_names_no_tenant() {
        for (text, error) in [
            ("", TenantIdError::Empty),
            (&*"x".repeat(65), TenantIdError::TooLong),
            ("-a", TenantIdError::Start),
            ("_a", TenantIdError::Start),
            ("../t2", TenantIdError::Character),
            (".", TenantIdError::Character),
            ("a\0", TenantIdError::Character),
            ("a\r\nb", TenantIdError::Character),
            ("\u{fffd}", TenantIdError::Character),
            ("dem\u{43e}", TenantIdError::Character),
            ("a b", TenantIdError::Character),
        ] {
            assert_eq!(TenantId::parse(text), Err(error), "{text:?}");
        }
    }
}
