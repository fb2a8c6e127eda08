//! The one [`KeyRepository`]: keyrings out of documents, whatever keeps the documents.
//!
//! Reading a tenant that did not change costs a look at its document's version. Writing is one
//! writer's affair a tenant ([`writer`]).

mod health;
mod open;
mod snapshot;
mod tally;
mod tenant;
mod tenants;
mod threads;
mod weight;
mod writer;

use std::sync::Arc;

use tokio::sync::oneshot;

use self::health::{Area, Faults};
pub use self::open::{OpenError, StoreConfig, open_documents};
use self::tally::Tally;
use self::tenant::Waiting;
use self::tenants::Tenants;
use self::threads::Threads;
use self::writer::Writer;
use super::check::{self, CheckError, Finding};
use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture,
};
use super::url::StoreUrl;
use crate::domain::{
    Commit, CommitError, CommitFuture, KeyRepository, Keyring, KeyringFuture, ReadError,
    StoreHealth, TenantId, Unavailable,
};

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
    /// [`OpenError`] when the folder is not there, the settings make no sense, or the store is not
    /// built in.
    pub fn open(url: &StoreUrl, config: &StoreConfig) -> Result<Self, OpenError> {
        Self::on(open_documents(url, config)?, config)
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

    /// Finds out, by and by, whether the documents can be changed safely; for whoever will stay.
    pub fn examine(&self) {
        self.documents.examine();
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
        let health = self.documents.health();
        StoreStatistics {
            is_reachable: !health.is_cut_off,
            knowledge_age: health.knowledge_age,
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
        let fresh = self.tenants.find(id, |tenant| {
            let snapshot = tenant.latest.look();
            let snapshot = snapshot.as_ref()?;
            let read = self.documents.read(id, Some(snapshot.version.as_ref()?));
            let is_fresh = matches!(read, StoreFuture::Ready(Some(Ok(Reading::Unchanged))));
            is_fresh.then(|| snapshot.keyring())
        });
        match fresh.flatten() {
            Some(keyring) => KeyringFuture::ready(keyring),
            None => KeyringFuture::Pending(Box::pin(self.refresh(id))),
        }
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
        let mut health = self.documents.health();
        health.faults.extend(self.faults.health().faults);
        health
    }
}
