//! Tenant documents: one `security.yml` each, read, edited and kept.
//!
//! [`Store`] makes keyrings out of documents and commits edits to them; a [`DocumentStore`] below
//! it knows bytes and versions only. Nothing in here knows the API or who calls it.

mod check;
mod document;
mod document_store;
mod folder;
mod memory;
mod store;
mod url;

pub use check::{CheckError, Finding, Severity};
pub use document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument, Version,
    WriteError,
};
pub use folder::FolderStore;
pub use memory::MemoryStore;
pub use store::{OpenError, Store, StoreConfig, StoreStatistics};
pub use url::{StoreUrl, StoreUrlError};
