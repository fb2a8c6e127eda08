//! A diagnostic: one fault of a document, where it is and how to fix it.

/// One fault of a document. Its texts never hold the value of a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}; {hint}")]
pub struct Diagnostic {
    /// Counted from 1.
    pub line: u64,
    /// In characters, counted from 1.
    pub column: u64,
    /// The fault, in words.
    pub fault: String,
    /// How to fix it.
    pub hint: String,
}

impl Diagnostic {
    /// A fault at a place.
    pub(crate) fn at(
        line: u64,
        column: u64,
        fault: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { line, column, fault: fault.into(), hint: hint.into() }
    }
}
