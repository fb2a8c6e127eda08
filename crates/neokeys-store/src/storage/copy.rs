//! Documents from one store to another, byte for byte.
//!
//! A document that is there already and is another one may be the newer: it is left alone unless
//! told otherwise, and so is a tenant that the source does not have. One that is there and is the same
//! needs nothing, so that a copy which was broken off goes on where it was.

use bytes::Bytes;

use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoredDocument, Version, WriteError,
};
use super::tenant_events::TenantEvents;
use crate::domain::TenantId;

/// How often a document may change while it is copied.
const ATTEMPTS: usize = 20;

/// The things that may be given up at the target.
#[derive(Debug, Clone, Copy, Default)]
pub struct CopyOptions {
    /// Another document than the one at the source.
    pub replace: bool,
    /// A tenant that the source does not have.
    pub delete: bool,
}

/// The outcome of copying a tenant's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// It was written, and read back the same.
    Written,
    /// It was there already.
    Same,
    /// The tenant was taken away, since the source does not have it.
    Deleted,
}

/// Why a tenant's document was not copied.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum CopyError {
    /// There is no such tenant, at neither end.
    #[error("there is no such tenant at the source")]
    NoSuchTenant,
    /// There is a tenant where it should go, and none where it should come from.
    #[error("there is no such tenant at the source; its keys go on working at {location}")]
    Gone { location: String },
    #[error("another document is at {location}, which may be newer; it was left alone")]
    Another { location: String },
    #[error("the document changed {ATTEMPTS} times while it was copied")]
    Restless,
    #[error("{location} does not hold what was written to it; somebody else may have changed it")]
    NotVerified { location: String },
    #[error("the source cannot be read")]
    Source(#[source] DocumentError),
    #[error("the target cannot be read")]
    Target(#[source] DocumentError),
    #[error("the target cannot be written")]
    Write(#[source] WriteError),
    #[error("the tenant cannot be created at the target")]
    Create(#[source] CreateTenantError),
    #[error("the tenant cannot be deleted at the target, where its keys go on working")]
    Delete(#[source] WriteError),
}

/// Copies a document from a store to the one whose events these are, and makes the tenant if it is not there.
///
/// # Errors
/// [`CopyError`]; nothing was lost at the target but what the options gave up, and a tenant that was
/// made and could not be filled is taken away again.
pub(super) async fn copy(
    from: &dyn DocumentStore,
    to: &TenantEvents<'_>,
    options: CopyOptions,
) -> Result<Copied, CopyError> {
    let mut copy = Copy { from, to, options, written: None, is_new: false };
    let copied = copy.carry_out().await;
    if copied.is_err() && copy.is_new && copy.written.is_none() {
        copy.unmake().await;
    }
    copied
}

/// A copy under way.
struct Copy<'s, 'd> {
    from: &'s dyn DocumentStore,
    to: &'s TenantEvents<'d>,
    options: CopyOptions,
    /// The last write at the target.
    written: Option<Bytes>,
    /// The tenant was made at the target.
    is_new: bool,
}

impl Copy<'_, '_> {
    async fn carry_out(&mut self) -> Result<Copied, CopyError> {
        let (from, to, tenant) = (self.from, self.to, self.to.tenant);
        for _ in 0..ATTEMPTS {
            let source = found(from, tenant).await.map_err(CopyError::Source)?;
            let target = found(to.documents, tenant).await.map_err(CopyError::Target)?;
            let location = to.documents.locate(tenant);
            let (source, target) = match (source, target) {
                (Some(source), Some(target)) => (source, target),
                (Some(_), None) => {
                    match to.create().await {
                        Ok(()) => self.is_new = true,
                        Err(CreateTenantError::Exists) => {}
                        Err(error) => return Err(CopyError::Create(error)),
                    }
                    continue;
                }
                (None, None) => return Err(CopyError::NoSuchTenant),
                (None, Some(_)) if !self.options.delete => {
                    return Err(CopyError::Gone { location });
                }
                (None, Some(target)) => match to.remove(&target).await {
                    Ok(()) | Err(WriteError::NoSuchTenant) => return Ok(Copied::Deleted),
                    Err(WriteError::Conflict) => continue,
                    Err(error) => return Err(CopyError::Delete(error)),
                },
            };
            // No document and an empty one both are no keys; what is there cannot be made not to be.
            let is_same = source.bytes == target.bytes;
            if is_same && (is_there(&target) || !is_there(&source)) {
                // The source is looked at once more after every write.
                let is_ours = self.is_new || self.written.is_some();
                return Ok(if is_ours { Copied::Written } else { Copied::Same });
            }
            let is_own = self.written.as_ref() == Some(&target.bytes);
            if self.written.as_ref() == Some(&source.bytes) && !is_own {
                return Err(CopyError::NotVerified { location });
            }
            if is_there(&target) && !is_own && !self.options.replace {
                return Err(CopyError::Another { location });
            }
            match to.replace(&target, source.bytes.clone()).await {
                Ok(_) => self.written = Some(source.bytes),
                Err(WriteError::Conflict | WriteError::NoSuchTenant) => {}
                Err(error) => {
                    if matches!(error, WriteError::Uncertain(_)) {
                        // It may be there: then it is what the next copy goes on from.
                        self.is_new = false;
                    }
                    return Err(CopyError::Write(error));
                }
            }
        }
        Err(CopyError::Restless)
    }

    /// Takes a tenant away that was made and could not be filled.
    async fn unmake(&self) {
        let absent = StoredDocument::absent(std::time::Duration::MAX);
        if let Err(error) = self.to.remove(&absent).await {
            let location = self.to.documents.locate(self.to.tenant);
            tracing::warn!(location, %error, "a tenant without keys was left at the target");
        }
    }
}

fn is_there(document: &StoredDocument) -> bool {
    document.version != Version::ABSENT
}

/// The document, or none where there is no such tenant.
async fn found(
    store: &dyn DocumentStore,
    tenant: &TenantId,
) -> Result<Option<StoredDocument>, DocumentError> {
    match store.read(tenant, None).await? {
        Reading::Found(document) => Ok(Some(document)),
        Reading::NoSuchTenant => Ok(None),
        // Nothing was known, so nothing can be found to be so still.
        Reading::Unchanged | Reading::Confirmed(_) | Reading::BeingAcknowledged => Ok(None),
    }
}
