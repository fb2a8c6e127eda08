//! A tenant's `security.yml`: its bytes, the keys that it defines, and where each entry stands.
//!
//! Reading is strict and bounded; an edit changes the lines of one entry and leaves every other
//! byte as it was. Nothing in here does I/O.
//!
//! Invariant: the keyring is exactly what the bytes say.

mod diagnostic;
mod editing;
mod lines;
mod lint;
mod reading;
mod yaml;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

pub use self::diagnostic::Diagnostic;
pub(crate) use self::editing::DocumentEditor;
pub use self::lint::UnlistedScope;
pub(crate) use self::lint::{Expectations, LintReport};
pub use self::reading::desired_document::{DesiredDocument, read_desired};
pub use self::reading::review::{ReviewedKey, ReviewedKeys, read_for_review};
use self::reading::section_layout::Layout;
use self::reading::{ParsedDocument, read};
use crate::audit::DocumentState;
use crate::domain::Keyring;

/// A document that could be read.
#[derive(Debug)]
pub(crate) struct Document {
    bytes: Bytes,
    layout: Layout,
    keyring: Arc<Keyring>,
    state: OnceLock<DocumentState>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// The [`Diagnostic`] that keeps the document as a whole from being read. Faults of single entries
    /// are in the keyring.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, Diagnostic> {
        let ParsedDocument { layout, keyring, .. } = read(&bytes)?;
        Ok(Self::new(bytes, layout, Arc::new(keyring)))
    }

    fn new(bytes: Bytes, layout: Layout, keyring: Arc<Keyring>) -> Self {
        Self { bytes, layout, keyring, state: OnceLock::new() }
    }

    /// Everything worth telling about a document; of ends only where there is something to hold them against.
    ///
    /// # Errors
    /// The [`Diagnostic`] that keeps the document as a whole from being read.
    pub(crate) fn check(
        bytes: &[u8],
        expectations: Option<&Expectations<'_>>,
    ) -> Result<LintReport, Diagnostic> {
        lint::check(bytes, expectations)
    }

    /// The bytes as they are in the file.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The state that records of changes name. It is hashed once.
    pub(crate) fn state(&self) -> DocumentState {
        *self.state.get_or_init(|| DocumentState::of(&self.bytes))
    }

    /// The keys that the document defines.
    pub(crate) fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }
}

/// Whether a document has nothing in it, as one has that an editor is about to write.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii().is_empty()
}

#[cfg(test)]
mod life_cycle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod styles;
#[cfg(test)]
mod tests;
