//! States of a tenant's document, told apart by their SHA-256.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The text of a document that is not there.
const ABSENT: &str = "absent";
const PREFIX: &str = "sha256:";

/// A state of a document: `absent`, or `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum DocumentState {
    /// There is no document.
    Absent,
    /// The SHA-256 of its bytes.
    Sha256([u8; 32]),
}

/// The states around a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DocumentChange {
    /// The document that it was made on.
    pub before: DocumentState,
    /// The document with it.
    pub after: DocumentState,
}

/// The text is no state of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {ABSENT}, or {PREFIX} and 64 hexadecimal digits")]
pub struct DocumentStateError;

impl DocumentState {
    /// The state of a document that has these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for DocumentState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str(ABSENT),
            Self::Sha256(hash) => {
                let digit = |digit: u8| char::from(b"0123456789abcdef"[usize::from(digit)]);
                let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
                formatter.write_str(PREFIX)?;
                formatter.write_str(&hash.iter().flat_map(digits).collect::<String>())
            }
        }
    }
}

impl From<DocumentState> for String {
    fn from(state: DocumentState) -> Self {
        state.to_string()
    }
}

impl TryFrom<String> for DocumentState {
    type Error = DocumentStateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for DocumentState {
    type Err = DocumentStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == ABSENT {
            return Ok(Self::Absent);
        }
        let digits = text.strip_prefix(PREFIX).ok_or(DocumentStateError)?.as_bytes();
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(DocumentStateError),
        };
        let (pairs, rest) = digits.as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(DocumentStateError);
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self::Sha256(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentState;

    #[test]
    fn a_state_is_read_as_it_was_written_and_nothing_else_is_one() {
        for state in [DocumentState::Absent, DocumentState::of(b""), DocumentState::of(b"x")] {
            assert_eq!(state.to_string().parse(), Ok(state));
        }
        let whole = DocumentState::of(b"x").to_string();
        for other in
            ["", "sha256:", &whole[..whole.len() - 1], &whole.to_uppercase(), &format!("{whole}0")]
        {
            assert!(other.parse::<DocumentState>().is_err(), "{other}");
        }
    }
}
