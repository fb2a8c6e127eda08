//! Errors of the file system, as the store tells them.

use std::io;
use std::path::Path;

use crate::storage::document_store::{DocumentError, WriteError};

/// Nothing could be read, or told.
pub(super) fn cannot(action: &'static str, path: &Path, source: io::Error) -> DocumentError {
    DocumentError::Io { action, path: path.to_owned(), source }
}

/// Nothing was written.
pub(super) fn refused(action: &'static str, path: &Path, source: io::Error) -> WriteError {
    WriteError::Refused(cannot(action, path, source))
}

/// It may have been written.
pub(super) fn uncertain(action: &'static str, path: &Path, source: io::Error) -> WriteError {
    WriteError::Uncertain(cannot(action, path, source))
}
