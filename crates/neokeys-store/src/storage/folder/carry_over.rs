//! Carries late edits over to the document; one that cannot be is kept beside it.

use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;

use super::Folder;
use super::editors::STANDS_STILL;
use super::errors::refused;
use super::file_names::conflict_names;
use super::file_system::FileState;
use super::late_edits::{Displaced, merge};
use super::replace::{NotReplaced, Purpose};
use crate::domain::TenantId;
use crate::storage::document_store::{DocumentError, StoredDocument, Version, WriteError};

/// How often a change may be brought over to a document that changes meanwhile.
const ATTEMPTS: usize = 100;

/// Why an edit by hand did not come over.
#[derive(Debug, thiserror::Error)]
enum NotBroughtOver {
    #[error("the document is being written")]
    Later,
    /// Both changed the same lines or the same key, or what they wrote cannot be read.
    #[error("it conflicts with the document as it is now, or it cannot be read")]
    DoesNotFit,
    #[error("the document that it was made from is no longer known")]
    NothingKnown,
    #[error("the document could not be written")]
    NotWritten(#[source] WriteError),
}

impl From<WriteError> for NotBroughtOver {
    fn from(error: WriteError) -> Self {
        Self::NotWritten(error)
    }
}

impl Folder {
    /// Someone wrote into a displaced file and closed it: makes the same change to the document.
    pub(crate) fn bring_over(&self, tenant: &TenantId, mut displaced: Displaced, now: FileState) {
        let theirs = match self.files.read(&displaced.file, self.limit + 1) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => {
                tracing::error!(tenant.id = %tenant, %error, "an edit by hand cannot be read");
                return;
            }
        };
        if displaced.held.as_ref() != Some(&theirs) {
            match self.apply_to_document(tenant, &displaced, &theirs) {
                Ok(()) => {
                    tracing::info!(tenant.id = %tenant, "an edit by hand was merged");
                }
                // Where this process ends, somebody else's edit is not waited for without end.
                Err(NotBroughtOver::Later)
                    if !self.is_closing()
                        || self.files.now().since(displaced.since) < 2 * STANDS_STILL =>
                {
                    self.watch_displaced(tenant, displaced);
                    return;
                }
                Err(error) => self.put_aside(tenant, &displaced.target, &theirs, &error),
            }
        }
        displaced.held = Some(theirs);
        displaced.seen = now;
        displaced.since = self.files.now().steady;
        self.watch_displaced(tenant, displaced);
    }

    fn apply_to_document(
        &self,
        tenant: &TenantId,
        displaced: &Displaced,
        theirs: &Bytes,
    ) -> Result<(), NotBroughtOver> {
        let target = &displaced.target;
        let held = displaced.held.as_ref().ok_or(NotBroughtOver::NothingKnown)?;
        // Whoever holds it for long is waited for, and the edit stays where it is meanwhile.
        let Some(_lock) = self.try_lock(tenant).map_err(WriteError::Refused)? else {
            return Err(NotBroughtOver::Later);
        };
        for _ in 0..ATTEMPTS {
            let current = match self.files.open(target) {
                Ok(current) => current,
                // Who removed the document since then meant all of it.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(source) => return Err(refused("open", target, source).into()),
            };
            let bytes = self
                .files
                .read(&current, self.limit + 1)
                .map_err(|source| refused("read", target, source))?;
            let ours = Bytes::from(bytes);
            let merged = merge(held, theirs, &ours).ok_or(NotBroughtOver::DoesNotFit)?;
            if merged == ours {
                return Ok(());
            }
            if merged.len() as u64 > self.limit {
                let location = target.display().to_string();
                let (size, limit) = (merged.len() as u64, self.limit);
                let error = DocumentError::TooLarge { location, size, limit };
                return Err(WriteError::Refused(error).into());
            }
            let expected = StoredDocument {
                bytes: ours,
                version: Version::of(()),
                unchanged_for: std::time::Duration::ZERO,
            };
            match self.replace(
                tenant,
                &expected,
                (&merged, None),
                target,
                current,
                Purpose::BringOver,
            ) {
                Err(NotReplaced::Failed(WriteError::Conflict)) => {}
                Err(NotReplaced::BeingEdited) => return Err(NotBroughtOver::Later),
                Err(NotReplaced::Failed(error)) => return Err(error.into()),
                Ok(_) => return Ok(()),
            }
        }
        Err(NotBroughtOver::Later)
    }

    /// Leaves the document as it is, and keeps theirs beside it.
    fn put_aside(&self, tenant: &TenantId, target: &Path, theirs: &[u8], error: &NotBroughtOver) {
        let aside = conflict_names(target).find_map(|path| {
            let file = self.files.create(&path).ok()?;
            let written = self.files.write(&file, theirs).and_then(|()| self.files.sync(&file));
            written.ok().map(|()| path)
        });
        tracing::error!(
            tenant.id = %tenant,
            error = error as &dyn std::error::Error,
            kept = ?aside,
            "an edit by hand could not be merged; it is kept beside the document"
        );
    }
}
