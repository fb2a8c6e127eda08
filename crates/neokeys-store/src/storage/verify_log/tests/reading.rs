//! The reads of the store by a verification.

use std::time::Duration;

use bytes::Bytes;

use super::Store;
use crate::domain::TenantId;
use crate::storage::document_store::{
    AuditLog, CreateTenantError, DocumentError, DocumentLock, DocumentStore, LogEnd, LogEntry,
    Reading, StoreFuture, StoredDocument, Version, WriteError,
};
use crate::transparency::{BLOCK, TreeHash};

impl AuditLog for Store {
    fn read_end<'a>(&'a self, _: &'a TenantId) -> StoreFuture<'a, LogEnd, DocumentError> {
        StoreFuture::ready(Ok(self.end.clone()))
    }

    fn read_lines<'a>(
        &'a self,
        _: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<Bytes>, DocumentError> {
        let end = (from / BLOCK + 1) * BLOCK;
        let [from, end] = [from, end].map(|it| usize::try_from(it).unwrap().min(self.lines.len()));
        StoreFuture::ready(Ok(self.lines[from..end].to_vec()))
    }

    fn block_hashes<'a>(
        &'a self,
        _: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<TreeHash>, DocumentError> {
        StoreFuture::ready(Ok(self.blocks[usize::try_from(from).unwrap()..].to_vec()))
    }

    fn append<'a>(
        &'a self,
        _: &'a DocumentLock,
        _: &'a TenantId,
        _: &'a LogEntry,
    ) -> StoreFuture<'a, (), WriteError> {
        unreachable!("a verification writes nothing")
    }

    fn write<'a>(
        &'a self,
        _: &'a DocumentLock,
        _: &'a TenantId,
        _: &'a StoredDocument,
        _: Bytes,
        _: &'a LogEntry,
    ) -> StoreFuture<'a, Version, WriteError> {
        unreachable!("a verification writes nothing")
    }

    fn locate_line(&self, _: &TenantId, sequence: u64) -> String {
        sequence.to_string()
    }
}

impl DocumentStore for Store {
    fn read<'a>(
        &'a self,
        _: &'a TenantId,
        _: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        let (bytes, version) = (self.document.clone(), Version::of(1_u64));
        let unchanged_for = Duration::MAX;
        StoreFuture::ready(Ok(Reading::Found(StoredDocument { bytes, version, unchanged_for })))
    }

    fn audit_log(&self) -> Option<&dyn AuditLog> {
        Some(self)
    }

    fn write<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a StoredDocument,
        _: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        unreachable!("a verification writes nothing")
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        unreachable!("one tenant is verified")
    }

    fn create_tenant<'a>(&'a self, _: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        unreachable!("a verification writes nothing")
    }

    fn locate(&self, _: &TenantId) -> String {
        "security.yml".to_owned()
    }
}
