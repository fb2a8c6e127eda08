//! Tenant documents: one `security.yml` each, read, edited and kept.
//!
//! [`DocumentRepository`] makes keyrings out of documents and commits edits to them; a [`DocumentStore`] below
//! it knows bytes and versions only. Nothing in here knows the API or who calls it.

mod background;
#[cfg(any(feature = "etcd", feature = "object-storage"))]
mod boot_time;
mod check;
mod copy;
mod document;
mod document_error;
mod document_store;
#[cfg(feature = "etcd")]
mod etcd;
mod folder;
mod found_change;
mod log_draft;
mod memory;
#[cfg(feature = "object-storage")]
mod objects;
#[cfg(any(feature = "etcd", feature = "object-storage"))]
mod remote;
mod repository;
mod tenant_events;
mod url;
mod usage_record;
mod verify_log;
mod version;
#[cfg(any(feature = "etcd", feature = "object-storage"))]
mod write_ids;

pub use background::finish_background_work;
pub use check::{CheckError, Finding, Severity};
pub use copy::{Copied, CopyError, CopyOptions};
pub use document::{
    DesiredDocument, Diagnostic, ReviewedKey, ReviewedKeys, UnlistedScope, read_desired,
    read_for_review,
};
pub use document_store::{AuditLog, LogEnd, LogEntry, LogHead, SEGMENT};
pub use document_store::{
    CreateTenantError, DocumentError, DocumentLock, DocumentStore, Reading, StoreFuture,
    StoredDocument, UsageName, Version, WriteError,
};
#[cfg(feature = "etcd")]
pub use etcd::{EtcdOpenError, EtcdStore};
pub use folder::FolderStore;
pub use memory::MemoryStore;
#[cfg(feature = "object-storage")]
pub use objects::{ObjectsOpenError, ObjectsStore};
pub use repository::{
    AuditConfig, AuditKeyError, DocumentRepository, OpenError, RepositoryStatistics, StoreConfig,
    open_documents,
};
pub use url::{
    Cloud, EtcdUrl, EtcdUrlError, ObjectsUrl, ObjectsUrlError, StoreUrl, StoreUrlError,
    without_credentials, without_secrets,
};
pub use verify_log::{VerifiedLog, VerifyLogError};
