//! Keys of audit logs.

use super::value_form::Scalar;
use crate::transparency::VerifyingKey;

/// A key that verifies notes.
pub(super) struct NoteKey;

impl Scalar for NoteKey {
    type Value = VerifyingKey;

    fn parse(text: &str) -> Result<VerifyingKey, String> {
        text.parse().map_err(|error| format!("{error}"))
    }

    fn show(value: &VerifyingKey) -> String {
        value.to_string()
    }
}
