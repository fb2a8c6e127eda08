//! Faults of stores, and what helps against each.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::{Remedy, Unavailable};

/// Why a store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum DocumentError {
    #[error("{location} has {size} bytes; the limit is {limit}")]
    TooLarge { location: String, size: u64, limit: u64 },
    /// The document changed so often while it was read that no whole state of it was seen.
    #[error("{location} kept changing while it was read")]
    Restless { location: String },
    #[error("{location} is being written by somebody else, who was waited for {} ms", waited.as_millis())]
    BeingEdited { location: String, waited: Duration },
    #[error("cannot {action} {path}")]
    Io {
        /// The attempt, as a verb.
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Another process holds the lock, and a change has waited for its turn for too long.
    #[error(
        "another process holds the lock {path}, and the change has waited for its turn for {} s; end \
         that process, or wait until it is done (`fuser {path}` names it)",
        .waited.as_secs()
    )]
    Locked {
        path: PathBuf,
        /// How long the change waited: for the lock, and behind other changes.
        waited: Duration,
    },
    #[error("{location} {reason}")]
    NotReplaceable {
        location: String,
        /// Why, and what to do about it.
        reason: &'static str,
    },
    /// The store is elsewhere and did not say how the document is now. What is known of it may be
    /// of the past, so nobody serves it.
    #[error("cannot {action} {location}")]
    Unreachable {
        /// The attempt, as a verb.
        action: &'static str,
        location: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing is changed without a record of it.
    #[error("the audit log cannot be written, so no change is made")]
    LogUnwritable(#[source] Box<DocumentError>),
    #[error("{location} {reason}; `neokeys audit verify` says more")]
    LogDamaged {
        /// The place of a line in the audit log.
        location: String,
        reason: &'static str,
    },
    /// The part of the program that should have answered is gone.
    #[error("the read was given up")]
    GivenUp,
}

impl DocumentError {
    /// The remedy, as callers may read it.
    fn remedy(&self) -> Remedy {
        let mend = |sentence: String| Remedy::Mend(sentence.into());
        match self {
            Self::BeingEdited { .. } => Remedy::WaitForEditor,
            Self::TooLarge { limit, .. } => mend(format!(
                "The tenant's security.yml would be, or is, larger than {limit} bytes; an operator \
                 has to remove from it what is not needed, or to raise limits.document."
            )),
            Self::NotReplaceable { reason, .. } => {
                mend(format!("The tenant's security.yml {reason}."))
            }
            Self::Io { source, .. } => Remedy::of_refusal(source),
            Self::Locked { .. } => {
                Remedy::TryLater("Another program holds the lock of the tenant's document.")
            }
            Self::Unreachable { .. } => Remedy::ReachStore,
            Self::LogUnwritable(cause) => mend(format!(
                "The tenant's audit log cannot be written, so no change is made; keys are checked as \
                 ever. {}",
                cause.remedy_of_log()
            )),
            Self::LogDamaged { .. } => mend(
                "The tenant's audit log is damaged, so no change is made; keys are checked as ever. An \
                 operator has to run `neokeys audit verify`, and to put the log back from a copy, or to \
                 move it away."
                    .to_owned(),
            ),
            Self::Restless { .. } | Self::GivenUp => Remedy::TryAgain,
        }
    }
}

impl DocumentError {
    /// The remedy of an operator where the log cannot be written.
    fn remedy_of_log(&self) -> &'static str {
        let kind = if let Self::Io { source, .. } = self { Some(source.kind()) } else { None };
        match kind {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                "An operator has to make room on its disk."
            }
            Some(io::ErrorKind::ReadOnlyFilesystem) => {
                "An operator has to mount its file system for writing."
            }
            Some(io::ErrorKind::PermissionDenied) => {
                "An operator has to give the service's user the right to write it."
            }
            _ => "An operator has to see to its disk or store.",
        }
    }
}

const MOUNTED: &str = "The tenant's security.yml is mounted as a file of its own, which cannot be \
                       replaced; an operator has to mount its folder in its place.";

impl Remedy {
    /// The remedy against a refusal of the operating system. What it refuses for good, it refuses
    /// until somebody sees to it.
    fn of_refusal(error: &io::Error) -> Self {
        const SENTENCES: [(io::ErrorKind, &str); 4] = [
            (
                io::ErrorKind::PermissionDenied,
                "The service's user lacks a right to the tenant's folder or to its security.yml; an \
                 operator has to grant it, or to give both to that user.",
            ),
            (
                io::ErrorKind::ReadOnlyFilesystem,
                "The file system with the tenant's security.yml takes no changes; an operator has to \
                 mount it for writing.",
            ),
            (io::ErrorKind::ResourceBusy, MOUNTED),
            (io::ErrorKind::CrossesDevices, MOUNTED),
        ];
        let fits = SENTENCES.iter().find(|(kind, _)| *kind == error.kind());
        fits.map_or(Self::TryAgain, |(_, sentence)| Self::Mend((*sentence).into()))
    }
}

impl From<DocumentError> for Unavailable {
    fn from(error: DocumentError) -> Self {
        let remedy = error.remedy();
        Self::with_remedy(error, remedy)
    }
}
