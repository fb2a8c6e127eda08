//! What is wrong with a document, where, and how to mend it.

pub(crate) mod foreign_formats;
pub(crate) mod lint;
pub(crate) mod syntax_hints;

/// One fault of a document. Its texts never hold the value of a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}; {hint}")]
pub(crate) struct Diagnostic {
    /// Counted from 1.
    pub(crate) line: u64,
    /// In characters, counted from 1.
    pub(crate) column: u64,
    /// What is wrong.
    pub(crate) fault: String,
    /// How to mend it.
    pub(crate) hint: String,
}

impl Diagnostic {
    /// A fault at a place.
    pub(crate) fn at(line: u64, column: u64, fault: &str, hint: &str) -> Self {
        Self { line, column, fault: fault.to_owned(), hint: hint.to_owned() }
    }
}
