//! Stores that are elsewhere: their requests run on a thread of their own, so that they come to their
//! end whatever becomes of who asked.

use std::convert::identity;
use std::future::{Future, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::background::Background;
use super::document_store::{
    AuditLog, CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture,
    StoredDocument, UsageName, Version, WriteError,
};
use crate::domain::{StoreHealth, TenantId};

/// Documents in a cluster or a bucket. The methods that give a future send requests.
pub trait RemoteDocuments: Send + Sync + 'static {
    /// As [`DocumentStore::usage_period`].
    const USAGE_PERIOD: Duration;

    /// Whether the document surely is the one of this version still, as far as is known without asking.
    fn vouches_for(&self, tenant: &TenantId, known: &Version) -> bool;

    /// As [`DocumentStore::read_newest`].
    fn read(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
    ) -> impl Future<Output = Result<Reading, DocumentError>> + Send;

    /// As [`DocumentStore::is_last_acknowledged`].
    fn is_last_acknowledged(
        &self,
        _tenant: &TenantId,
        _good: &Version,
        _found: &Version,
    ) -> impl Future<Output = bool> + Send {
        ready(false)
    }

    /// As [`DocumentStore::write`].
    fn write(
        &self,
        tenant: &TenantId,
        expected: &Version,
        bytes: Bytes,
    ) -> impl Future<Output = Result<Version, WriteError>> + Send;

    /// As [`DocumentStore::tenants`].
    fn tenants(&self) -> impl Future<Output = Result<Vec<TenantId>, DocumentError>> + Send;

    /// As [`DocumentStore::create_tenant`].
    fn create_tenant(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<(), CreateTenantError>> + Send;

    /// As [`DocumentStore::remove_tenant`].
    fn remove_tenant(
        &self,
        tenant: &TenantId,
        expected: &Version,
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// As [`DocumentStore::read_usage`].
    fn read_usage(
        &self,
        name: &UsageName,
    ) -> impl Future<Output = Result<Option<(Bytes, Version)>, DocumentError>> + Send;

    /// As [`DocumentStore::write_usage`].
    fn write_usage(
        &self,
        name: &UsageName,
        expected: &Version,
        bytes: Bytes,
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// As [`DocumentStore::audit_log`].
    fn audit_log(_store: &RemoteStore<Self>) -> Option<&dyn AuditLog>
    where
        Self: Sized,
    {
        None
    }

    /// As [`DocumentStore::probe`].
    fn probe(&self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// As [`DocumentStore::note_silence`].
    fn note_silence(&self) {}

    /// As [`DocumentStore::locate`].
    fn locate(&self, tenant: &TenantId) -> String;

    /// As [`DocumentStore::health`].
    fn health(&self) -> StoreHealth;
}

/// A [`DocumentStore`] that is elsewhere. What is under way when it is dropped is given up.
pub struct RemoteStore<R> {
    remote: Arc<R>,
    background: Background,
}

impl<R: RemoteDocuments> RemoteStore<R> {
    /// A store of documents whose requests run on a thread of this name.
    pub(super) fn start(name: &'static str, remote: R) -> io::Result<Self> {
        Ok(Self { remote: Arc::new(remote), background: Background::start(name)? })
    }

    /// The remote side.
    pub(super) fn remote(&self) -> &R {
        &self.remote
    }

    /// Lets something run as long as the store is there.
    pub(super) fn spawn<F>(&self, work: impl FnOnce(Arc<R>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(self.background.spawn(work(Arc::clone(&self.remote))));
    }

    /// Asks for something. If the answer is given up, the error is what `given_up` makes of that.
    pub(super) fn ask<'a, T, E, F>(
        &self,
        given_up: fn(DocumentError) -> E,
        work: impl FnOnce(Arc<R>) -> F,
    ) -> StoreFuture<'a, T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let task = self.background.spawn(work(Arc::clone(&self.remote)));
        StoreFuture::pending(async move {
            task.await.unwrap_or_else(|_gone| Err(given_up(DocumentError::GivenUp)))
        })
    }
}

impl<R: RemoteDocuments> DocumentStore for RemoteStore<R> {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        if known.is_some_and(|known| self.remote.vouches_for(tenant, known)) {
            return StoreFuture::ready(Ok(Reading::Unchanged));
        }
        self.read_newest(tenant, known)
    }

    fn read_newest<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        let (tenant, known) = (tenant.clone(), known.cloned());
        self.ask(identity, |remote| async move { remote.read(&tenant, known.as_ref()).await })
    }

    fn is_last_acknowledged<'a>(
        &'a self,
        tenant: &'a TenantId,
        good: &'a StoredDocument,
        found: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        let (tenant, good, found) = (tenant.clone(), good.version.clone(), found.clone());
        self.ask(identity, |remote| async move {
            Ok(remote.is_last_acknowledged(&tenant, &good, &found).await)
        })
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        let (tenant, expected) = (tenant.clone(), expected.version.clone());
        self.ask(WriteError::Uncertain, |remote| async move {
            remote.write(&tenant, &expected, bytes).await
        })
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        self.ask(identity, |remote| async move { remote.tenants().await })
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        let tenant = tenant.clone();
        self.ask(
            CreateTenantError::Failed,
            |remote| async move { remote.create_tenant(&tenant).await },
        )
    }

    fn remove_tenant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        let (tenant, expected) = (tenant.clone(), expected.version.clone());
        self.ask(WriteError::Uncertain, |remote| async move {
            remote.remove_tenant(&tenant, &expected).await
        })
    }

    fn usage_period(&self) -> Duration {
        R::USAGE_PERIOD
    }

    fn read_usage<'a>(
        &'a self,
        name: &'a UsageName,
    ) -> StoreFuture<'a, Option<(Bytes, Version)>, DocumentError> {
        let name = name.clone();
        self.ask(identity, |remote| async move { remote.read_usage(&name).await })
    }

    fn write_usage<'a>(
        &'a self,
        name: &'a UsageName,
        expected: &'a Version,
        bytes: Bytes,
    ) -> StoreFuture<'a, (), WriteError> {
        let (name, expected) = (name.clone(), expected.clone());
        self.ask(WriteError::Uncertain, |remote| async move {
            remote.write_usage(&name, &expected, bytes).await
        })
    }

    fn audit_log(&self) -> Option<&dyn AuditLog> {
        R::audit_log(self)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.remote.locate(tenant)
    }

    fn probe(&self) {
        self.spawn(|remote| async move { remote.probe().await });
    }

    fn note_silence(&self) {
        self.remote.note_silence();
    }

    fn health(&self) -> StoreHealth {
        self.remote.health()
    }
}
