//! Documents in memory, for tests and trials. They are gone when the process is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::document_store::{
    AuditLog, CreateTenantError, DOCUMENT_NAME, DocumentError, DocumentLock, DocumentStore, LogEnd,
    LogEntry, LogHead, Reading, StoreFuture, StoredDocument, UsageName, Version, WriteError,
};
use crate::domain::TenantId;
use crate::transparency::{BLOCK, TreeHash};

/// A [`DocumentStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    documents: BTreeMap<TenantId, StoredDocument>,
    writes: u64,
    /// The number of the last write that was acknowledged; not of what was put.
    acknowledged: BTreeMap<TenantId, u64>,
    usage: BTreeMap<UsageName, (Bytes, Version)>,
    logs: BTreeMap<TenantId, MemoryLog>,
}

#[derive(Debug, Default)]
struct MemoryLog {
    lines: Vec<Bytes>,
    blocks: Vec<TreeHash>,
    head: LogHead,
    document: Option<Bytes>,
}

impl MemoryStore {
    /// A store without tenants.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a document in place whatever is there, as a hand edit does; makes the tenant if absent.
    pub fn put(&self, tenant: &TenantId, bytes: impl Into<Bytes>) {
        self.contents().put(tenant, bytes.into());
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // Each change is one insert, so what a panic left behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn put(&mut self, tenant: &TenantId, bytes: Bytes) -> Version {
        self.writes += 1;
        let version = Version::of(self.writes);
        let document =
            StoredDocument { bytes, version: version.clone(), unchanged_for: Duration::MAX };
        self.documents.insert(tenant.clone(), document);
        version
    }

    fn replace(
        &mut self,
        tenant: &TenantId,
        expected: &StoredDocument,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        match self.documents.get(tenant) {
            None => Err(WriteError::NoSuchTenant),
            Some(document) if document.version != expected.version => Err(WriteError::Conflict),
            Some(_) => {
                let version = self.put(tenant, bytes);
                self.acknowledged.insert(tenant.clone(), self.writes);
                Ok(version)
            }
        }
    }

    fn append(&mut self, tenant: &TenantId, entry: &LogEntry) -> Result<(), WriteError> {
        let log = self.logs.entry(tenant.clone()).or_default();
        if log.head != entry.after {
            return Err(WriteError::Conflict);
        }
        log.lines.extend(entry.each_line());
        log.blocks.extend(&entry.blocks);
        log.head = entry.head.clone();
        Ok(())
    }
}

impl DocumentStore for MemoryStore {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        StoreFuture::ready(Ok(match self.contents().documents.get(tenant) {
            None => Reading::NoSuchTenant,
            Some(document) if known == Some(&document.version) => Reading::Unchanged,
            Some(document) => Reading::Found(document.clone()),
        }))
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        let mut contents = self.contents();
        StoreFuture::ready(contents.replace(tenant, expected, bytes))
    }

    fn is_last_acknowledged<'a>(
        &'a self,
        tenant: &'a TenantId,
        good: &'a StoredDocument,
        _found: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        let last = self.contents().acknowledged.get(tenant).copied().unwrap_or_default();
        StoreFuture::ready(Ok(good.version.state().copied().unwrap_or(0_u64) >= last))
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        StoreFuture::ready(Ok(self.contents().documents.keys().cloned().collect()))
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        let documents = &mut self.contents().documents;
        if documents.contains_key(tenant) {
            return StoreFuture::ready(Err(CreateTenantError::Exists));
        }
        documents.insert(tenant.clone(), StoredDocument::absent(Duration::MAX));
        StoreFuture::ready(Ok(()))
    }

    fn remove_tenant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        let Contents { documents, usage, .. } = &mut *self.contents();
        StoreFuture::ready(match documents.get(tenant) {
            None => Err(WriteError::NoSuchTenant),
            Some(document) if document.version != expected.version => Err(WriteError::Conflict),
            Some(_) => {
                documents.remove(tenant);
                usage.remove(&UsageName::of(tenant));
                Ok(())
            }
        })
    }

    fn read_usage<'a>(
        &'a self,
        name: &'a UsageName,
    ) -> StoreFuture<'a, Option<(Bytes, Version)>, DocumentError> {
        StoreFuture::ready(Ok(self.contents().usage.get(name).cloned()))
    }

    fn write_usage<'a>(
        &'a self,
        name: &'a UsageName,
        expected: &'a Version,
        bytes: Bytes,
    ) -> StoreFuture<'a, (), WriteError> {
        let mut contents = self.contents();
        let there =
            contents.usage.get(name).map_or(Version::ABSENT, |(_, version)| version.clone());
        if there != *expected {
            return StoreFuture::ready(Err(WriteError::Conflict));
        }
        contents.writes += 1;
        let version = Version::of(contents.writes);
        contents.usage.insert(name.clone(), (bytes, version));
        StoreFuture::ready(Ok(()))
    }

    fn audit_log(&self) -> Option<&dyn AuditLog> {
        Some(self)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        format!("memory:{tenant}/{DOCUMENT_NAME}")
    }
}

/// Lines, document and head change at once.
impl AuditLog for MemoryStore {
    fn read_end<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, LogEnd, DocumentError> {
        let contents = self.contents();
        let head = contents.logs.get(tenant).map(|log| log.head.clone()).unwrap_or_default();
        StoreFuture::ready(Ok(LogEnd { head, ..LogEnd::default() }))
    }

    fn read_lines<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<Bytes>, DocumentError> {
        let contents = self.contents();
        let lines = contents.logs.get(tenant).map_or(&[][..], |log| &log.lines);
        let [first, end] = [from, (from / BLOCK + 1) * BLOCK]
            .map(|it| usize::try_from(it).unwrap_or(usize::MAX).min(lines.len()));
        StoreFuture::ready(Ok(lines[first..end].to_vec()))
    }

    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<TreeHash>, DocumentError> {
        let contents = self.contents();
        let blocks = contents.logs.get(tenant).map_or(&[][..], |log| &log.blocks);
        let first = usize::try_from(from).unwrap_or(usize::MAX).min(blocks.len());
        StoreFuture::ready(Ok(blocks[first..].to_vec()))
    }

    fn append<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, (), WriteError> {
        StoreFuture::ready(self.contents().append(tenant, entry))
    }

    fn write<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, Version, WriteError> {
        let mut contents = self.contents();
        // The log first: where another is longer meanwhile, nothing is done.
        let is_next = contents.logs.get(tenant).is_none_or(|log| log.head == entry.after);
        let written = if is_next {
            contents.replace(tenant, expected, bytes)
        } else {
            Err(WriteError::Conflict)
        };
        StoreFuture::ready(written.and_then(|version| {
            contents.append(tenant, entry)?;
            Ok(version)
        }))
    }

    fn remember<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        document: &'a Bytes,
    ) -> StoreFuture<'a, (), DocumentError> {
        self.contents().logs.entry(tenant.clone()).or_default().document = Some(document.clone());
        StoreFuture::ready(Ok(()))
    }

    fn recall<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<Bytes>, DocumentError> {
        let contents = self.contents();
        StoreFuture::ready(Ok(contents.logs.get(tenant).and_then(|log| log.document.clone())))
    }

    fn locate_line(&self, tenant: &TenantId, sequence: u64) -> String {
        format!("memory:audit/{tenant}, line {sequence}")
    }
}
