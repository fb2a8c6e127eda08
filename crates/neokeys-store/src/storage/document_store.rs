//! The narrow waist below the keyrings: a tenant's document as bytes with a version.
//!
//! Whatever knows YAML, keys, caches or conflicts stands above it; folder, memory, etcd and object
//! storage stand below. One conformance suite (`tests/storage/conformance.rs`) judges every
//! implementation.
//!
//! Invariant: a write is done on exactly the document that it names, or not at all.

mod audit_log;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use smol_str::SmolStr;

pub(super) use self::audit_log::each_line;
pub use self::audit_log::{AuditLog, LogEnd, LogEntry, LogHead, SEGMENT};
pub use super::document_error::DocumentError;
pub use super::version::Version;
use crate::audit::DocumentState;
use crate::domain::{MaybeReady, StoreHealth, TenantId};

/// A document's name wherever documents have names.
pub(super) const DOCUMENT_NAME: &str = "security.yml";

/// A store's answer, which is often there already.
pub type StoreFuture<'a, T, E> = MaybeReady<'a, Result<T, E>>;

/// Keeps one document a tenant.
///
/// What a read gives is fresh: the folder and memory know whatever was written before the call, by
/// anyone; a store that is shared by many machines knows whatever was written earlier than its
/// `max_staleness` before the call, and answers [`DocumentError::Unreachable`] where it cannot.
///
/// `read` answers at once where the document is known not to have changed. No answer blocks the thread
/// that polls it for longer than a look at a file takes.
pub trait DocumentStore: Send + Sync {
    /// The tenant's document, unless it is still the one that is `known`.
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError>;

    /// As [`read`](Self::read), and as new as it can be: a store that is elsewhere is asked, on
    /// condition that the document changed.
    fn read_newest<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        self.read(tenant, known)
    }

    /// Whether nothing was acknowledged by anybody between a state of the document that was good, and
    /// the one that was found later and cannot be used. A store that cannot tell says no.
    fn is_last_acknowledged<'a>(
        &'a self,
        _tenant: &'a TenantId,
        _good: &'a StoredDocument,
        _found: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        StoreFuture::ready(Ok(false))
    }

    /// Waits until no other process changes the tenant's document, for so long at most, and keeps
    /// others off until the turn is dropped. A store that needs no turns gives one at once.
    fn lock<'a>(
        &'a self,
        _tenant: &'a TenantId,
        _patience: Duration,
    ) -> StoreFuture<'a, DocumentLock, DocumentError> {
        StoreFuture::ready(Ok(DocumentLock::default()))
    }

    /// As [`write`](Self::write), by who has the turn.
    fn write_locked<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.write(tenant, expected, bytes)
    }

    /// Puts `bytes` in the place of the document that is `expected`, durably. A write that was begun
    /// goes on to its end when its future is dropped.
    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError>;

    /// The tenants there are, in order.
    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError>;

    /// Makes a tenant without a document, durably.
    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError>;

    /// Takes away a tenant with the document that is `expected`, durably. A store that keeps more
    /// than documents takes no tenant away that has more.
    fn remove_tenant<'a>(
        &'a self,
        tenant: &'a TenantId,
        _expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        let (location, reason) = (self.locate(tenant), "is in a store that takes no tenants away");
        StoreFuture::ready(Err(WriteError::Refused(DocumentError::NotReplaceable {
            location,
            reason,
        })))
    }

    /// As [`remove_tenant`](Self::remove_tenant), by who has the turn.
    fn remove_tenant_locked<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        self.remove_tenant(tenant, expected)
    }

    /// How often uses of a tenant's tokens are written to its record.
    fn usage_period(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// The record of usage that has this name, and its version. A store that keeps none has none.
    fn read_usage<'a>(
        &'a self,
        _name: &'a UsageName,
    ) -> StoreFuture<'a, Option<(Bytes, Version)>, DocumentError> {
        StoreFuture::ready(Ok(None))
    }

    /// Puts a record in the place of the one of this version, by who has the tenant's turn. It outlasts
    /// this process once it is done.
    fn write_usage<'a>(
        &'a self,
        _name: &'a UsageName,
        _expected: &'a Version,
        _bytes: Bytes,
    ) -> StoreFuture<'a, (), WriteError> {
        StoreFuture::ready(Ok(()))
    }

    /// The log of changes that the store keeps, if it keeps one.
    fn audit_log(&self) -> Option<&dyn AuditLog> {
        None
    }

    /// The place of the tenant's document, for people.
    fn locate(&self, tenant: &TenantId) -> String;

    /// Whether there certainly is no such tenant, where that can be said at once.
    fn is_absent(&self, tenant: &TenantId) -> bool {
        let _ = tenant;
        false
    }

    /// Takes the steps that a tenant which is not there takes beyond those of one that is, with a document
    /// or without: for refusals that must not tell, by the work that they make, which of the two it was.
    fn feign_absence(&self, tenant: &TenantId, has_document: bool) {
        let _ = (tenant, has_document);
    }

    /// Finds out, by and by, whether the store does all that safe changes need, and says so in the
    /// log and in [`health`](Self::health). For whoever will stay; who makes one change finds out
    /// with it.
    fn probe(&self) {}

    /// Takes note that a read did not end in the time of a request, so that
    /// [`health`](Self::health) says so as soon as the request is answered.
    fn note_silence(&self) {}

    /// The health of the store itself.
    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }
}

/// The name of a record of usage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsageName(SmolStr);

impl UsageName {
    /// The record that says since when this store's uses are tracked.
    pub(crate) const STORE: Self = Self(SmolStr::new_static(".since"));

    /// A tenant's record.
    #[must_use]
    pub fn of(tenant: &TenantId) -> Self {
        Self(tenant.as_str().into())
    }

    /// The one beside it that keeps what was in its place and cannot be read.
    pub(crate) fn damaged(&self) -> Self {
        Self(smol_str::format_smolstr!("{}.damaged", self.0))
    }

    /// The name as text, which is no path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The right to change a tenant's document: while it is there, other processes keep off.
#[derive(Clone, Default)]
pub struct DocumentLock(Option<Arc<dyn Any + Send + Sync>>);

impl DocumentLock {
    /// Nothing is held.
    #[must_use]
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// A turn that lasts as long as something is held.
    #[must_use]
    pub(crate) fn holding(held: impl Any + Send + Sync) -> Self {
        Self(Some(Arc::new(held)))
    }

    /// The thing that is held, if it is of this kind.
    #[must_use]
    pub(crate) fn held<T: Any>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }
}

/// A document as a store holds it.
#[derive(Debug, Clone)]
pub struct StoredDocument {
    /// Its contents; nothing where it is [absent](Version::ABSENT).
    pub bytes: Bytes,
    /// Which state of the document this is.
    pub version: Version,
    /// How long the document has been so, at least. [`Duration::MAX`] from a store whose documents
    /// always arrive whole.
    pub unchanged_for: Duration,
}

impl StoredDocument {
    /// The document of a tenant that has none.
    #[must_use]
    pub fn absent(unchanged_for: Duration) -> Self {
        Self { bytes: Bytes::new(), version: Version::ABSENT, unchanged_for }
    }

    /// The state that records of changes name.
    pub(super) fn state(&self) -> DocumentState {
        if self.version.is_absent() {
            DocumentState::Absent
        } else {
            DocumentState::of(&self.bytes)
        }
    }
}

/// The outcome of a read.
#[derive(Debug, Clone)]
pub enum Reading {
    /// The document is the one that is known, or somebody is in the middle of writing another.
    Unchanged,
    /// The document is the one that is known, and goes by this version from now on.
    Confirmed(Version),
    /// This very store put another document in the place of the one that is known. Whoever has it
    /// write knows that one, once it is acknowledged; anybody else reads without a known version.
    BeingAcknowledged,
    /// Another document, or none ([`Version::ABSENT`]), in a tenant that exists.
    Found(StoredDocument),
    /// There is no such tenant.
    NoSuchTenant,
}

/// Why a write was not done, or may not have been.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum WriteError {
    /// The document is another than the one expected. Nothing was written.
    #[error("the document has changed")]
    Conflict,
    /// There is no such tenant. Nothing was written.
    #[error("there is no such tenant")]
    NoSuchTenant,
    #[error("nothing was written")]
    Refused(#[source] DocumentError),
    /// The document may be the old one or the new one, now and after a power cut.
    #[error("whether the document was written is not known")]
    Uncertain(#[source] DocumentError),
}

#[cfg(any(feature = "etcd", feature = "object-storage"))]
impl WriteError {
    /// The error of a write that was refused, or that may have been done all the same.
    pub(super) fn of(error: DocumentError, in_doubt: bool) -> Self {
        if in_doubt { Self::Uncertain(error) } else { Self::Refused(error) }
    }
}

/// Why a tenant was not made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum CreateTenantError {
    #[error("the tenant exists already")]
    Exists,
    #[error("the tenant was not created")]
    Failed(#[source] DocumentError),
}
