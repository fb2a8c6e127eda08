//! The one [`KeyRepository`]: keyrings out of documents, whatever keeps the documents.
//!
//! Reading a tenant that did not change costs a look at its document's version. Writing is one
//! writer's affair a tenant ([`writer`]).

mod applying;
mod audit;
mod audit_actions;
mod footprint;
mod freshness;
mod loaded_tenant;
mod open;
mod pending_usage;
mod queue;
mod readings;
mod recording;
mod refresh;
mod refusals_per_minute;
mod refused_changes;
mod several_edits;
mod snapshot;
mod statistics;
mod tenant_cache;
mod tenant_faults;
mod tenants;
mod token_search;
mod trail;
mod usage;
mod watchdog;
mod write_lock;
mod writer;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use self::audit::Audit;
pub use self::audit::{AuditConfig, AuditKeyError};
use self::freshness::Freshness;
use self::loaded_tenant::LoadedTenant;
pub use self::open::{OpenError, StoreConfig, open_documents};
use self::pending_usage::PendingUsage;
use self::queue::{CommitTicket, QueuedCommit};
use self::snapshot::Snapshot;
use self::statistics::Tally;
use self::tenant_cache::TenantCache;
use self::tenant_faults::{FaultKind, TenantFaults};
use self::usage::UsageFlush;
use self::watchdog::{PendingCommits, Watchdog};
use super::background::{BLOCKING_THREADS, Background};
use super::check::{self, CheckError, Finding};
use super::document::{Expectations, UnlistedScope};
use super::document_store::{DocumentStore, Reading, StoreFuture, Version};
use super::url::StoreUrl;
use crate::clock::{Clock, SystemClock};
use crate::domain::{
    CallerGone, Commit, CommitFuture, Digest, HoldersFuture, KeyPolicy, KeyRepository, Keyring,
    KeyringFuture, Minute, ReadError, RefusedChange, StoreHealth, TenantId, TenantsFuture,
    UsageFuture,
};

pub use self::statistics::RepositoryStatistics;

/// The keys of every tenant of one [`DocumentStore`].
pub struct DocumentRepository {
    shared: Arc<Shared>,
    _watchdog: Watchdog,
}

/// State that a repository and its tasks share.
struct Shared {
    documents: Arc<dyn DocumentStore>,
    clock: Arc<dyn Clock>,
    tenants: TenantCache,
    faults: TenantFaults,
    tally: Arc<Tally>,
    pending: Arc<PendingCommits>,
    background: Background,
    /// One for each write at once: fewer than there are threads, so that a read finds one too.
    write_slots: Semaphore,
    uses: PendingUsage,
    usage: UsageFlush,
    audit: Audit,
}

impl DocumentRepository {
    /// Opens the store at an address.
    ///
    /// # Errors
    /// [`OpenError`] when the folder is not there, the settings make no sense, or the store is not
    /// built in.
    pub fn open(url: &StoreUrl, config: &StoreConfig) -> Result<Self, OpenError> {
        let documents = open_documents(url, config)?;
        let audit = Audit::open(url, &config.audit).map_err(OpenError::AuditKey)?;
        Self::on(documents, config, audit, Arc::new(SystemClock))
    }

    /// The keys in a store of documents.
    ///
    /// # Errors
    /// [`OpenError::Threads`].
    pub fn new(documents: Arc<dyn DocumentStore>) -> Result<Self, OpenError> {
        Self::with_clock(documents, Arc::new(SystemClock))
    }

    /// The keys in a store of documents, at the time that a clock tells.
    ///
    /// # Errors
    /// [`OpenError::Threads`].
    pub(crate) fn with_clock(
        documents: Arc<dyn DocumentStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let config = StoreConfig::default();
        Self::on(documents, &config, Audit::unsigned(&config.audit), clock)
    }

    fn on(
        documents: Arc<dyn DocumentStore>,
        config: &StoreConfig,
        audit: Audit,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let pending = Arc::<PendingCommits>::default();
        let watchdog = pending.guard().map_err(OpenError::Threads)?;
        let usage_period = config.usage_period.unwrap_or_else(|| documents.usage_period());
        let shared = Shared {
            documents,
            clock,
            tenants: TenantCache::new(config.loaded_limit),
            faults: TenantFaults::default(),
            tally: Arc::default(),
            pending,
            background: Background::start("storage").map_err(OpenError::Threads)?,
            write_slots: Semaphore::new(BLOCKING_THREADS / 2),
            uses: PendingUsage::default(),
            usage: UsageFlush::every(usage_period),
            audit,
        };
        let shared = Arc::new(shared);
        shared.keep_flushing();
        Ok(Self { shared, _watchdog: watchdog })
    }

    /// Finds out, by and by, whether the documents can be changed safely, and begins to track uses; for
    /// whoever will stay.
    pub fn probe(&self) {
        self.shared.documents.probe();
        let shared = Arc::clone(&self.shared);
        drop(self.shared.background.spawn(async move { shared.begin_tracking().await }));
    }

    /// Reads and judges one tenant's document, or every one's.
    ///
    /// # Errors
    /// [`CheckError`] when there is no such tenant, or the tenants cannot be listed.
    pub async fn check(&self, tenant: Option<&TenantId>) -> Result<Vec<Finding>, CheckError> {
        let keys = self.shared.audit.verifying_keys();
        check::check(&*self.shared.documents, tenant, None, &keys).await
    }

    /// The same, with warnings of older tokens that have ended, of keys beyond a policy and of scopes that are
    /// not listed; and of every enabled key that ends within so long, or has ended, that it does.
    ///
    /// # Errors
    /// As there.
    pub async fn check_expecting(
        &self,
        tenant: Option<&TenantId>,
        policy: &KeyPolicy,
        expiring_within: Option<Duration>,
        unlisted: &UnlistedScope,
    ) -> Result<Vec<Finding>, CheckError> {
        let now = self.shared.clock.now();
        let alarm = expiring_within.map(|within| now.saturating_add(within));
        let expectations = Expectations { now, alarm, policy, unlisted };
        let keys = self.shared.audit.verifying_keys();
        check::check(&*self.shared.documents, tenant, Some(&expectations), &keys).await
    }

    /// Writes down all uses of tokens that are not written down yet, for so long at most: for whoever
    /// is about to end.
    pub async fn flush_usage(&self, patience: Duration) {
        let shared = Arc::clone(&self.shared);
        let flush = shared.background.clone().spawn_to_end(async move {
            if tokio::time::timeout(patience, shared.flush_all()).await.is_err() {
                tracing::warn!("not every last use of a key was written in time");
            }
        });
        // It comes to its end where the background does.
        let _ = flush.await;
    }

    /// Puts a commit in its tenant's queue.
    fn enqueue(&self, commit: Commit) -> CommitTicket {
        let shared = &self.shared;
        let tenant = shared.tenants.get(&commit.tenant);
        let pending = shared.pending.watch(&commit.tenant);
        let runtime = shared.background.runtime();
        let (queued, ticket) = QueuedCommit::new(commit, pending, &shared.tally, runtime);
        shared.ask_writer(tenant, |queue| queue.push(queued));
        ticket
    }

    /// Counts of what was done and is held.
    #[must_use]
    pub fn statistics(&self) -> RepositoryStatistics {
        let shared = &*self.shared;
        let (tenants_loaded, loaded) = shared.tenants.footprint();
        let health = shared.documents.health();
        RepositoryStatistics {
            is_reachable: !health.is_cut_off,
            knowledge_age: health.knowledge_age,
            tenants_loaded: tenants_loaded as u64,
            keys_loaded: loaded.keys,
            bytes_loaded: loaded.bytes,
            faulty_entries: loaded.faulty,
            key_ends: shared.tenants.key_ends(shared.clock.now()),
            documents_unreadable: shared.faults.count(FaultKind::Reading) as u64,
            documents_unwritable: shared.faults.count(FaultKind::Writing) as u64,
            stale_for: shared.faults.longest(FaultKind::Reading),
            commits: shared.tally.commits(),
            commits_waiting: shared.pending.waiting() as u64,
            longest_commit_wait: shared.pending.longest(),
            batches: shared.tally.batches.distribution(),
            writes: shared.tally.writes.distribution(),
            conflicts: shared.tally.conflicts.get(),
            reloads: shared.tally.reloads(),
            usage_flushes: shared.usage.outcomes(),
        }
    }
}

impl Shared {
    async fn get_keyring(self: Arc<Self>, id: &TenantId) -> Result<Arc<Keyring>, ReadError> {
        let tenant = self.tenants.get(id);
        match self.refresh(&tenant, Freshness::Fresh).await {
            Ok(snapshot) => {
                self.tenants.weigh(&tenant, snapshot.footprint());
                snapshot.keyring()
            }
            Err(error) => {
                if matches!(error, ReadError::NoSuchTenant) {
                    self.forget(id);
                }
                Err(error)
            }
        }
    }

    /// The newest good snapshot, if a look at the document says that it is unchanged.
    fn unchanged(&self, tenant: &LoadedTenant) -> Option<Arc<Snapshot>> {
        let snapshot = tenant.latest.get().filter(|snapshot| snapshot.fault.is_none())?;
        let read = self.documents.read(&tenant.id, Some(snapshot.version.as_ref()?));
        matches!(read, StoreFuture::Ready(Some(Ok(Reading::Unchanged)))).then_some(snapshot)
    }

    /// Nothing is kept of a tenant that does not exist: anybody can name one.
    fn forget(&self, id: &TenantId) {
        self.tenants.forget(id);
        self.faults.forget(id);
    }
}

impl KeyRepository for DocumentRepository {
    fn get_keyring<'a>(&'a self, id: &'a TenantId) -> KeyringFuture<'a> {
        let shared = &self.shared;
        let fresh = shared.tenants.find(id, |tenant| {
            let snapshot = tenant.latest.look();
            let snapshot = snapshot.as_ref()?;
            let read = shared.documents.read(id, Some(snapshot.version.as_ref()?));
            let is_fresh = matches!(read, StoreFuture::Ready(Some(Ok(Reading::Unchanged))));
            is_fresh.then(|| snapshot.keyring())
        });
        let is_new = fresh.is_none();
        match fresh.flatten() {
            Some(keyring) => KeyringFuture::ready(keyring),
            // Anybody can name a tenant that is not there: nothing is made for it.
            None if is_new && shared.documents.is_absent(id) => {
                shared.faults.forget(id);
                KeyringFuture::ready(Err(ReadError::NoSuchTenant))
            }
            None => KeyringFuture::pending(Arc::clone(shared).get_keyring(id)),
        }
    }

    fn tenants(&self) -> TenantsFuture<'_> {
        TenantsFuture::pending(async move {
            self.list_tenants().await.map_err(crate::domain::Unavailable::from)
        })
    }

    fn find_holders(&self, digests: HashSet<Digest>) -> HoldersFuture {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let found = token_search::find_holders(&*shared.documents, &digests).await;
            found.map_err(crate::domain::Unavailable::from)
        })
    }

    fn feign_absence(&self, id: &TenantId) {
        let has_document = self.shared.tenants.find(id, |tenant| {
            let snapshot = tenant.latest.look();
            snapshot.as_ref().is_some_and(|it| it.version != Some(Version::ABSENT))
        });
        self.shared.documents.feign_absence(id, has_document.unwrap_or(false));
    }

    fn note_use(&self, id: &TenantId, token: &Digest, minute: Minute) {
        self.shared.uses.note(id, token, minute);
    }

    fn usage<'a>(&'a self, id: &'a TenantId) -> UsageFuture<'a> {
        UsageFuture::pending(self.shared.usage_of(id))
    }

    fn commit(&self, commit: Commit) -> CommitFuture {
        Box::pin(self.enqueue(commit).answered())
    }

    fn commit_unless_gone(&self, commit: Commit, gone: CallerGone) -> CommitFuture {
        Box::pin(self.enqueue(commit).answered_unless_gone(gone))
    }

    fn note_refusal(&self, refused: RefusedChange) {
        self.shared.note_refusal(refused);
    }

    fn health(&self) -> StoreHealth {
        let mut health = self.shared.documents.health();
        health.faults.extend(self.shared.faults.health().faults);
        health.faults.extend(self.shared.pending.fault());
        health
    }
}
