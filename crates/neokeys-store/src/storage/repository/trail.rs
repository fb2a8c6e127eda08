//! The logs of a store of documents, for who reads them.

use bytes::Bytes;

use super::DocumentRepository;
use crate::audit::{AuditTrail, SignedHead, TrailFuture, TrailHead};
use crate::domain::{TenantId, Unavailable};
use crate::storage::audit_log::AuditLog;
use crate::transparency::{Checkpoint, TreeHash};

impl DocumentRepository {
    fn log(&self) -> Option<&dyn AuditLog> {
        self.shared.documents.audit_log()
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
