//! Tenant documents: one `security.yml` each, read, edited and kept.

mod document;
mod document_store;
mod memory;

pub use document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument, Version,
    WriteError,
};
pub use memory::MemoryStore;
