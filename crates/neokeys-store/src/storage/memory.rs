//! Documents in memory, for tests and trials. They are gone when the process is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::document_store::{
    CreateTenantError, DOCUMENT_NAME, DocumentError, DocumentStore, Reading, StoreFuture,
    StoredDocument, UsageName, Version, WriteError,
};
use crate::domain::TenantId;

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
        StoreFuture::ready(match contents.documents.get(tenant) {
            None => Err(WriteError::NoSuchTenant),
            Some(document) if document.version != expected.version => Err(WriteError::Conflict),
            Some(_) => {
                let version = contents.put(tenant, bytes);
                let number = contents.writes;
                contents.acknowledged.insert(tenant.clone(), number);
                Ok(version)
            }
        })
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

    fn locate(&self, tenant: &TenantId) -> String {
        format!("memory:{tenant}/{DOCUMENT_NAME}")
    }
}
