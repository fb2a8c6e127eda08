//! The failure of a command: message, hint and exit code.

use std::error::Error;
use std::fmt::{self, Display};

use super::escape::escaped;
use crate::causes::{chain, in_full};
use crate::domain::Remedy;
use crate::storage::DocumentError;

/// A sentence for the terminal, a hint what to do next, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Something was refused or not found, or the store did not answer.
    pub(super) fn refused(error: &(dyn Error + 'static)) -> Self {
        let is_silence = chain(error).filter_map(|it| it.downcast_ref()).any(is_silence);
        let hint = is_silence.then(|| Remedy::REACH_STORE.to_owned());
        Self { hint, ..Self::new(1, in_full(error)) }
    }

    /// As [`refused`](Self::refused), where there is no error to name.
    pub(super) fn because(message: impl Into<String>) -> Self {
        Self::new(1, message.into())
    }

    /// Wrong usage.
    pub(super) fn usage(error: &(dyn Error + 'static)) -> Self {
        Self::new(2, in_full(error))
    }

    /// As [`usage`](Self::usage), where there is no error to name.
    pub(super) fn misused(message: impl Into<String>) -> Self {
        Self::new(2, message.into())
    }

    /// The result itself is a reason to stop a script; there is nothing to add.
    pub(super) fn silent() -> Self {
        Self::new(1, String::new())
    }

    /// A plan has something to do, which is shown.
    pub(super) fn pending() -> Self {
        Self::new(3, String::new())
    }

    fn new(exit_code: u8, message: String) -> Self {
        Self { exit_code, message, hint: None }
    }

    /// Adds what to do next.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The sentence, without the hint.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

fn is_silence(error: &DocumentError) -> bool {
    matches!(error, DocumentError::Unreachable { .. })
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            return Ok(());
        }
        writeln!(formatter, "error: {}", escaped(&self.message))?;
        match &self.hint {
            Some(hint) => writeln!(formatter, "  {}", escaped(hint)),
            None => Ok(()),
        }
    }
}
