//! The obstacles to an edit.

use super::{KeyDetails, PolicyError, Timestamp, TooManyLabels};

/// Why an edit cannot be done on this keyring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A key of the new key's name exists.
    #[error("a key of this name exists")]
    NameTaken,
    /// The name stands in the document, in an entry that is faulty and so not shown.
    #[error("line {line} of the document has an invalid entry of this name: {fault}")]
    NameTakenByFaultyEntry {
        /// Where the entry starts, counted from 1.
        line: u64,
        /// The fault of that entry.
        fault: String,
    },
    /// There is no key of this name.
    #[error("there is no key of this name")]
    NotFound,
    /// There is no key of this name, since the entry that has it is faulty.
    #[error("line {line} of the document has an invalid entry of this name: {fault}")]
    NoKeyButFaultyEntry {
        /// Where the entry starts, counted from 1.
        line: u64,
        /// The fault of that entry.
        fault: String,
    },
    /// The present token cannot be kept beside so many older ones that are still valid.
    #[error("{} older tokens of this key are still valid", KeyDetails::MOST_PREVIOUS)]
    TooManyTokens,
    /// The key has ended, and the rotation gives it no end in the future.
    #[error("the key expired at {at}")]
    KeyExpired {
        /// The first second in which it is not valid.
        at: Timestamp,
    },
    /// The key does not have the token that is to end.
    #[error("the key does not have this token any more")]
    NoSuchToken,
    /// The key would have too many labels.
    #[error(transparent)]
    TooManyLabels(#[from] TooManyLabels),
    /// The policy does not allow it.
    #[error(transparent)]
    BeyondPolicy(#[from] PolicyError),
    /// The key or list is not in a state that the caller named.
    #[error("the precondition does not hold")]
    PreconditionFailed,
}
