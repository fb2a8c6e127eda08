//! Tenant documents: one `security.yml` each, read, edited and kept.
//!
//! [`Store`] makes keyrings out of documents and commits edits to them; a [`DocumentStore`] below
//! it knows bytes and versions only. Nothing in here knows the API or who calls it.

mod check;
mod copy;
mod document;
mod document_store;
#[cfg(feature = "etcd")]
mod etcd;
mod folder;
mod memory;
#[cfg(any(feature = "etcd", feature = "object-storage"))]
mod moment;
#[cfg(feature = "object-storage")]
mod objects;
#[cfg(any(feature = "etcd", feature = "object-storage"))]
mod remote;
mod store;
mod store_future;
mod url;

pub use check::{CheckError, Finding, Severity};
pub use copy::{Copied, CopyError, CopyOptions, copy};
pub use document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument, Turn,
    Version, WriteError,
};
#[cfg(feature = "etcd")]
pub use etcd::{EtcdOpenError, EtcdStore};
pub use folder::FolderStore;
pub use memory::MemoryStore;
#[cfg(feature = "object-storage")]
pub use objects::{ObjectsOpenError, ObjectsStore};
pub use store::{OpenError, Store, StoreConfig, StoreStatistics, open_documents};
pub use url::{
    Cloud, EtcdUrl, EtcdUrlError, ObjectsUrl, ObjectsUrlError, StoreUrl, StoreUrlError,
    without_credentials, without_secrets,
};
