//! Documents from one store to another, byte for byte.
//!
//! A document that is there already and is another one may be the newer: it is left alone unless
//! told otherwise. One that is there and is the same needs nothing, so that a copy which was broken
//! off goes on where it was.

use bytes::Bytes;

use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoredDocument, Version, WriteError,
};
use crate::domain::TenantId;

/// How often a document may change while it is copied.
const ATTEMPTS: usize = 20;

/// What became of a tenant's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// It was written, and read back the same.
    Written,
    /// It was there already.
    Same,
}

/// Why a tenant's document was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no such tenant where it should come from.
    #[error("there is no such tenant at the source")]
    NoSuchTenant,
    /// There is another document where it should go.
    #[error("another document is at {location}, which may be newer; it was left alone")]
    Another {
        /// Where.
        location: String,
    },
    /// One of the two kept changing.
    #[error("the document changed {ATTEMPTS} times while it was copied")]
    Restless,
    /// What was read back is not what was written.
    #[error("{location} does not hold what was written to it; somebody else may have changed it")]
    NotVerified {
        /// Where.
        location: String,
    },
    /// The source cannot be read.
    #[error("the source cannot be read")]
    Source(#[source] DocumentError),
    /// The target cannot be read.
    #[error("the target cannot be read")]
    Target(#[source] DocumentError),
    /// The target cannot be written.
    #[error("the target cannot be written")]
    Write(#[source] WriteError),
    /// The tenant cannot be made at the target.
    #[error("the tenant cannot be made at the target")]
    Create(#[source] CreateTenantError),
}

/// Copies a tenant's document, and makes the tenant if it is not there. With `force`, another
/// document in its place is replaced.
///
/// # Errors
/// [`CopyError`]; nothing was lost at the target but what `force` gave up.
pub async fn copy(
    from: &dyn DocumentStore,
    to: &dyn DocumentStore,
    tenant: &TenantId,
    force: bool,
) -> Result<Copied, CopyError> {
    let mut written: Option<Bytes> = None;
    let mut is_new = false;
    for _ in 0..ATTEMPTS {
        let Some(source) = found(from, tenant).await.map_err(CopyError::Source)? else {
            return Err(CopyError::NoSuchTenant);
        };
        let Some(target) = found(to, tenant).await.map_err(CopyError::Target)? else {
            match to.create_tenant(tenant).await {
                Ok(()) => is_new = true,
                Err(CreateTenantError::Exists) => {}
                Err(error) => return Err(CopyError::Create(error)),
            }
            continue;
        };
        let is_there = |document: &StoredDocument| document.version != Version::ABSENT;
        if source.bytes == target.bytes && is_there(&source) == is_there(&target) {
            // The source is looked at once more after every write.
            let is_ours = is_new || written.is_some();
            return Ok(if is_ours { Copied::Written } else { Copied::Same });
        }
        let location = to.locate(tenant);
        if written.as_ref() == Some(&source.bytes) && written.as_ref() != Some(&target.bytes) {
            return Err(CopyError::NotVerified { location });
        }
        let is_own = written.as_ref() == Some(&target.bytes);
        if is_there(&target) && !is_own && !force {
            return Err(CopyError::Another { location });
        }
        match to.write(tenant, &target, source.bytes.clone()).await {
            Ok(_) => written = Some(source.bytes),
            Err(WriteError::Conflict | WriteError::NoSuchTenant) => {}
            Err(error) => return Err(CopyError::Write(error)),
        }
    }
    Err(CopyError::Restless)
}

/// The document, or none where there is no such tenant.
async fn found(
    store: &dyn DocumentStore,
    tenant: &TenantId,
) -> Result<Option<StoredDocument>, DocumentError> {
    match store.read(tenant, None).await? {
        Reading::Found(document) => Ok(Some(document)),
        // Nothing was known, so nothing can be found to be so still.
        Reading::NoSuchTenant | Reading::Unchanged | Reading::Confirmed(_) => Ok(None),
    }
}
