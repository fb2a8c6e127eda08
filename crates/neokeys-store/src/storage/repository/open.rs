//! Opening the store of documents at an address.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::audit::{AuditConfig, AuditKeyError};
use crate::storage::document_store::DocumentStore;
#[cfg(feature = "etcd")]
use crate::storage::etcd::{EtcdOpenError, EtcdStore};
use crate::storage::folder::{EDIT_TIME, FolderStore, create_store_folder};
use crate::storage::memory::MemoryStore;
#[cfg(feature = "object-storage")]
use crate::storage::objects::{ObjectsOpenError, ObjectsStore};
use crate::storage::url::StoreUrl;

/// Settings of a store and of the repository on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Bytes that a document may have.
    pub document_limit: u64,
    /// Make the store's folder if it is not there. Without this, a missing folder is an error, so
    /// that a mistyped path or a missing mount is not taken for a store without tenants.
    pub create_folder: bool,
    /// Bytes of documents that are kept in memory, all tenants together. Above that, the tenants
    /// used least lately are dropped, and loaded again when they are asked for.
    pub loaded_limit: u64,
    /// How old knowledge may be that is served from a store which several nodes share; each has a
    /// bound of its own otherwise. Zero: every read asks the store. The folder and memory are
    /// always fresh.
    pub max_staleness: Option<Duration>,
    /// How long a change waits for somebody who goes on writing to the document in a folder.
    pub edit_time: Duration,
    /// The audit logs.
    pub audit: AuditConfig,
    /// How often uses of tokens are written down; each kind of store has a period of its own otherwise.
    pub usage_period: Option<Duration>,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            document_limit: 16 << 20,
            create_folder: false,
            loaded_limit: 1 << 30,
            max_staleness: None,
            edit_time: EDIT_TIME,
            audit: AuditConfig::default(),
            usage_period: None,
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum OpenError {
    #[error("there is no folder {}; create it, or name another store", .0.display())]
    NoFolder(PathBuf),
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("cannot open the folder {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// A document of 4 GiB or more could not be parsed.
    #[error("the limit of a document is {0} bytes; it must be less than 4 GiB")]
    Limit(u64),
    #[error(
        "this neokeys is built without {scheme}://; build one that has it: \
         cargo install --profile dist --path . --features {feature}{needs}"
    )]
    NotBuiltIn {
        /// The beginning of its address.
        scheme: &'static str,
        feature: &'static str,
        /// A further need of the machine for that.
        needs: &'static str,
    },
    #[cfg(feature = "etcd")]
    #[error("etcd cannot be used")]
    Etcd(#[source] EtcdOpenError),
    #[cfg(feature = "object-storage")]
    #[error("the object storage cannot be used")]
    Objects(#[source] ObjectsOpenError),
    #[error("the heads of audit logs cannot be signed (setting audit.signing_key)")]
    AuditKey(#[source] AuditKeyError),
    #[error("cannot start the storage threads")]
    Threads(#[source] io::Error),
}

/// Opens what keeps the documents at an address. A store that is elsewhere need not answer yet.
///
/// # Errors
/// [`OpenError`] when the folder is not there, the settings make no sense, or the store is not built
/// in.
pub fn open_documents(
    url: &StoreUrl,
    config: &StoreConfig,
) -> Result<Arc<dyn DocumentStore>, OpenError> {
    let limit = config.document_limit;
    if limit > u32::MAX.into() {
        return Err(OpenError::Limit(limit));
    }
    Ok(match url {
        StoreUrl::Memory => Arc::new(MemoryStore::new()),
        StoreUrl::File(path) => {
            demand_folder(path, config.create_folder)?;
            Arc::new(FolderStore::with_patience(path, limit, config.edit_time))
        }
        #[cfg(feature = "etcd")]
        StoreUrl::Etcd(url) => {
            let store = EtcdStore::open(url, limit, config.max_staleness);
            Arc::new(store.map_err(OpenError::Etcd)?)
        }
        #[cfg(not(feature = "etcd"))]
        StoreUrl::Etcd(_) => {
            let needs = " (on Debian: apt-get install protobuf-compiler libprotobuf-dev)";
            return Err(OpenError::NotBuiltIn { scheme: "etcd", feature: "etcd", needs });
        }
        #[cfg(feature = "object-storage")]
        StoreUrl::Objects(url) => {
            let store = ObjectsStore::open(url, limit, config.max_staleness, &[]);
            Arc::new(store.map_err(OpenError::Objects)?)
        }
        #[cfg(not(feature = "object-storage"))]
        StoreUrl::Objects(url) => {
            let (scheme, feature) = (url.cloud.scheme(), "object-storage");
            return Err(OpenError::NotBuiltIn { scheme, feature, needs: "" });
        }
    })
}

fn demand_folder(path: &Path, create: bool) -> Result<(), OpenError> {
    let failed = |source| OpenError::Folder { path: path.to_path_buf(), source };
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder(path.to_path_buf())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && create => {
            create_store_folder(path).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::NoFolder(path.to_path_buf()))
        }
        Err(error) => Err(failed(error)),
    }
}
