//! The one [`KeyRepository`]: keyrings out of documents, whatever keeps the documents.
//!
//! Reading a tenant that did not change costs a look at its document's version. Writing is one
//! writer's affair a tenant ([`writer`]).

mod health;
mod snapshot;
mod tally;
mod tenant;
mod tenants;
mod threads;
mod weight;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use self::health::{Area, Faults};
use self::tally::Tally;
use self::tenant::Waiting;
use self::tenants::Tenants;
use self::threads::Threads;
use self::writer::Writer;
use super::check::{self, CheckError, Finding};
use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture,
};
use super::folder::FolderStore;
use super::memory::MemoryStore;
use super::url::StoreUrl;
use crate::domain::{
    Commit, CommitError, CommitFuture, KeyRepository, Keyring, KeyringFuture, ReadError,
    StoreHealth, TenantId, Unavailable,
};

/// How a store is used.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Bytes that a document may have.
    pub document_limit: u64,
    /// Make the store's folder if it is not there. Without this, a missing folder is an error, so
    /// that a mistyped path or a missing mount is not taken for a store without tenants.
    pub create_folder: bool,
    /// Bytes of documents that are kept in memory, all tenants together. Above that, the tenants
    /// used least lately are dropped, and loaded again when they are asked for.
    pub loaded_limit: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { document_limit: 16 << 20, create_folder: false, loaded_limit: 1 << 30 }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not there.
    #[error("there is no folder {}; make it, or name another store", .0.display())]
    NoFolder(PathBuf),
    /// What is there is no folder.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The operating system said no.
    #[error("cannot open the folder {}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A document of 4 GiB or more could not be parsed.
    #[error("the limit of a document is {0} bytes; it must be less than 4 GiB")]
    Limit(u64),
    /// No threads could be started.
    #[error("cannot start the storage threads")]
    Threads(#[source] io::Error),
}

pub use self::tally::StoreStatistics;

/// The keys of every tenant of one [`DocumentStore`].
pub struct Store {
    documents: Arc<dyn DocumentStore>,
    tenants: Arc<Tenants>,
    faults: Arc<Faults>,
    tally: Arc<Tally>,
    threads: Threads,
}

impl Store {
    /// Opens the store at an address.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is not there or the settings make no sense.
    pub fn open(url: &StoreUrl, config: &StoreConfig) -> Result<Self, OpenError> {
        if config.document_limit > u32::MAX.into() {
            return Err(OpenError::Limit(config.document_limit));
        }
        match url {
            StoreUrl::Memory => Self::on(Arc::new(MemoryStore::new()), config),
            StoreUrl::File(path) => {
                demand_folder(path, config.create_folder)?;
                Self::on(Arc::new(FolderStore::new(path, config.document_limit)), config)
            }
        }
    }

    /// The keys in a store of documents.
    ///
    /// # Errors
    /// [`OpenError::Threads`].
    pub fn new(documents: Arc<dyn DocumentStore>) -> Result<Self, OpenError> {
        Self::on(documents, &StoreConfig::default())
    }

    fn on(documents: Arc<dyn DocumentStore>, config: &StoreConfig) -> Result<Self, OpenError> {
        let threads = Threads::start().map_err(OpenError::Threads)?;
        let tenants = Arc::new(Tenants::new(config.loaded_limit));
        Ok(Self { documents, tenants, faults: Arc::default(), tally: Arc::default(), threads })
    }

    /// The tenants there are, in order.
    ///
    /// # Errors
    /// [`DocumentError`] when they cannot be listed.
    pub async fn list_tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        self.documents.tenants().await
    }

    /// Makes a tenant without keys, durably.
    ///
    /// # Errors
    /// [`CreateTenantError`] when it exists or cannot be made.
    pub async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        self.documents.create_tenant(tenant).await
    }

    /// Reads and judges one tenant's document, or every one's.
    ///
    /// # Errors
    /// [`CheckError`] when there is no such tenant, or the tenants cannot be listed.
    pub async fn check(&self, tenant: Option<&TenantId>) -> Result<Vec<Finding>, CheckError> {
        check::check(&*self.documents, tenant).await
    }

    /// What the store has done and holds.
    #[must_use]
    pub fn statistics(&self) -> StoreStatistics {
        let (tenants_loaded, loaded) = self.tenants.weighed();
        StoreStatistics {
            tenants_loaded: tenants_loaded as u64,
            keys_loaded: loaded.keys,
            bytes_loaded: loaded.bytes,
            faulty_entries: loaded.faulty,
            documents_unreadable: self.faults.count(Area::Reading) as u64,
            documents_unwritable: self.faults.count(Area::Writing) as u64,
            stale_for: self.faults.longest(Area::Reading),
            commits: self.tally.commits(),
            batches: self.tally.batches(),
            writes: self.tally.writes(),
            conflicts: self.tally.conflicts(),
            reloads: self.tally.reloads(),
        }
    }

    async fn refresh(&self, id: &TenantId) -> Result<Arc<Keyring>, ReadError> {
        let tenant = self.tenants.get(id);
        match tenant.refresh(id, &*self.documents, &self.faults, &self.tally).await {
            Ok(snapshot) => {
                self.tenants.weigh(id, &tenant, snapshot.weigh());
                snapshot.keyring()
            }
            Err(error) => {
                // Nothing is kept of a tenant that does not exist: anybody can name one.
                if matches!(error, ReadError::NoSuchTenant) {
                    self.tenants.forget(id);
                    self.faults.forget(id);
                }
                Err(error)
            }
        }
    }
}

impl KeyRepository for Store {
    fn get_keyring<'a>(&'a self, id: &'a TenantId) -> KeyringFuture<'a> {
        let snapshot = self.tenants.find(id).and_then(|tenant| tenant.latest.get());
        if let Some(snapshot) = snapshot
            && let Some(version) = &snapshot.version
            && let StoreFuture::Ready(Some(Ok(Reading::Unchanged))) =
                self.documents.read(id, Some(version))
        {
            return KeyringFuture::ready(snapshot.keyring());
        }
        KeyringFuture::Pending(Box::pin(self.refresh(id)))
    }

    fn commit(&self, commit: Commit) -> CommitFuture {
        let id = commit.tenant.clone();
        let tenant = self.tenants.get(&id);
        let (answer, outcome) = oneshot::channel();
        let needs_writer = {
            let mut queue = tenant.queue();
            queue.waiting.push_back(Waiting { commit, answer });
            !std::mem::replace(&mut queue.has_writer, true)
        };
        if needs_writer {
            let runtime = self.threads.runtime();
            let writer = Writer {
                id,
                tenant,
                documents: Arc::clone(&self.documents),
                faults: Arc::clone(&self.faults),
                tenants: Arc::clone(&self.tenants),
                tally: Arc::clone(&self.tally),
                runtime: runtime.clone(),
            };
            drop(runtime.spawn_blocking(move || writer.work()));
        }
        Box::pin(async move {
            let given_up = || CommitError::Uncertain(Unavailable::new(DocumentError::GivenUp));
            outcome.await.unwrap_or_else(|_gone| Err(given_up()))
        })
    }

    fn health(&self) -> StoreHealth {
        self.faults.health()
    }
}

fn demand_folder(path: &PathBuf, create: bool) -> Result<(), OpenError> {
    let failed = |source| OpenError::Folder { path: path.clone(), source };
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder(path.clone())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && create => {
            std::fs::create_dir_all(path).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::NoFolder(path.clone()))
        }
        Err(error) => Err(failed(error)),
    }
}
