//! The logs of a store of documents, for who reads them.

use bytes::Bytes;

use super::DocumentRepository;
use crate::audit::{AuditTrail, SignedHead, TrailFuture, TrailHead};
use crate::domain::{TenantId, Unavailable};
use crate::storage::document_store::AuditLog;
use crate::storage::verify_log::{VerifiedLog, VerifyLogError, verify_log};
use crate::transparency::{Checkpoint, TreeHash};

impl DocumentRepository {
    fn log(&self) -> Option<&dyn AuditLog> {
        self.shared.documents.audit_log()
    }

    /// Verifies a tenant's log, and that it begins with what a checkpoint says that somebody kept.
    ///
    /// # Errors
    /// [`VerifyLogError`], with the first fault.
    pub async fn verify_log(
        &self,
        tenant: &TenantId,
        kept: Option<&str>,
    ) -> Result<VerifiedLog, VerifyLogError> {
        let keys = self.shared.audit.verifying_keys();
        verify_log(&*self.shared.documents, tenant, &keys, kept).await
    }
}

impl AuditTrail for DocumentRepository {
    fn head<'a>(&'a self, tenant: &'a TenantId) -> TrailFuture<'a, Option<TrailHead>> {
        let Some(log) = self.log() else { return TrailFuture::ready(Ok(None)) };
        TrailFuture::pending(async move {
            let head = log.read_end(tenant).await.map_err(Unavailable::from)?.head;
            let signed = Checkpoint::claimed_size(&head.checkpoint);
            let signed = signed.map(|size| SignedHead { size, checkpoint: head.checkpoint });
            let is_begun = head.size > 0;
            Ok(is_begun.then_some(TrailHead { size: head.size, signed }))
        })
    }

    fn lines<'a>(&'a self, tenant: &'a TenantId, from: u64) -> TrailFuture<'a, Vec<Bytes>> {
        let Some(log) = self.log() else { return TrailFuture::ready(Ok(Vec::new())) };
        TrailFuture::pending(async move {
            log.read_lines(tenant, from).await.map_err(Unavailable::from)
        })
    }

    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> TrailFuture<'a, Vec<TreeHash>> {
        let Some(log) = self.log() else { return TrailFuture::ready(Ok(Vec::new())) };
        TrailFuture::pending(async move {
            log.block_hashes(tenant, from).await.map_err(Unavailable::from)
        })
    }
}
