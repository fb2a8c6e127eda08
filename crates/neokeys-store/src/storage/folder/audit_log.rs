//! The logs of a folder, for whoever waits for them.

use std::convert::identity;

use bytes::Bytes;

use super::FolderStore;
use super::lock::Held;
use crate::domain::TenantId;
use crate::storage::document_store::{
    AuditLog, DocumentError, DocumentLock, LogEnd, LogEntry, StoreFuture, StoredDocument, Version,
    WriteError,
};
use crate::transparency::TreeHash;

impl AuditLog for FolderStore {
    fn read_end<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, LogEnd, DocumentError> {
        let tenant = tenant.clone();
        self.block(identity, move |folder| folder.read_log_end(&tenant))
    }

    fn read_lines<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<Bytes>, DocumentError> {
        let tenant = tenant.clone();
        self.block(identity, move |folder| folder.read_log_lines(&tenant, from))
    }

    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<TreeHash>, DocumentError> {
        let tenant = tenant.clone();
        self.block(identity, move |folder| folder.read_block_hashes(&tenant, from))
    }

    fn append<'a>(
        &'a self,
        turn: &'a DocumentLock,
        tenant: &'a TenantId,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, (), WriteError> {
        let (turn, tenant, entry) = (turn.clone(), tenant.clone(), entry.clone());
        self.block(WriteError::Uncertain, move |folder| {
            folder.append_to_log(&tenant, &entry)?;
            folder.replace_head(&tenant, &entry);
            drop(turn);
            Ok(())
        })
    }

    fn write<'a>(
        &'a self,
        turn: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.start_watch();
        let (turn, tenant, expected) = (turn.clone(), tenant.clone(), expected.clone());
        let entry = entry.clone();
        self.block(WriteError::Uncertain, move |folder| match turn.held::<Held>() {
            Some(held) => folder.write_locked(held, &tenant, &expected, &bytes, Some(&entry)),
            // Whoever has no turn would come between another's lines and its document.
            None => Err(WriteError::Refused(DocumentError::GivenUp)),
        })
    }

    fn remember<'a>(
        &'a self,
        turn: &'a DocumentLock,
        tenant: &'a TenantId,
        document: &'a Bytes,
    ) -> StoreFuture<'a, (), DocumentError> {
        let (turn, tenant, document) = (turn.clone(), tenant.clone(), document.clone());
        self.block(identity, move |folder| {
            let remembered = folder.remember(&tenant, &document);
            drop(turn);
            remembered
        })
    }

    fn recall<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<Bytes>, DocumentError> {
        let tenant = tenant.clone();
        self.block(identity, move |folder| folder.recall(&tenant))
    }

    fn locate_line(&self, tenant: &TenantId, sequence: u64) -> String {
        self.folder.locate_line(tenant, sequence)
    }
}
