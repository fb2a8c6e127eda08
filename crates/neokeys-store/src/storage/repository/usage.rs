//! Writing down the last uses of tokens, by and by, and reading what was written.
//!
//! A record is merged, never replaced by what one process knows: several add up. Nothing that is asked
//! of the service waits for it, and nothing is written for a tenant whose tokens nobody uses.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Shared;
use super::freshness::Freshness;
use crate::causes::in_full;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Keyring, Minute, ReadError, TenantId, TokenId, Unavailable, Usage};
use crate::storage::document_store::{DocumentError, UsageName, Version, WriteError};
use crate::storage::usage_record::{self, UsageRecordError};
use crate::tally::Counter;

/// How often it is looked for uses that are to be written down.
const TICK: Duration = Duration::from_secs(1);
/// The time from one tenant to the next: 50 a second.
const PACE: Duration = Duration::from_millis(20);
/// Records that are written at once.
const AT_ONCE: usize = 16;
/// How long a flush waits for a tenant's lock: who changes keys comes first.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
/// How often others may be faster.
const ATTEMPTS: usize = 20;

/// Flushes under way, and what became of them.
#[derive(Debug)]
pub(super) struct UsageFlush {
    /// How long uses wait to be written down.
    period: Duration,
    /// Held by who flushes.
    turn: tokio::sync::Mutex<()>,
    /// Somebody waits for the turn who is about to end.
    is_urgent: AtomicBool,
    written: Counter,
    failed: Counter,
    /// Tenants of which the last flush failed.
    failing: Mutex<BTreeSet<TenantId>>,
    /// The minute from which on uses in this store are tracked, once it is known.
    tracked_since: OnceCell<Minute>,
}

/// Why uses are not written down.
#[derive(Debug, thiserror::Error)]
enum FlushError {
    #[error(transparent)]
    Unreadable(#[from] Unavailable),
    #[error(transparent)]
    Store(#[from] DocumentError),
    #[error("cannot write the record of usage")]
    Write(#[from] WriteError),
    #[error(transparent)]
    Record(#[from] UsageRecordError),
    #[error("other processes changed the record {ATTEMPTS} times while it was being written")]
    Contended,
}

impl UsageFlush {
    /// No flushes yet, of uses that wait so long.
    pub(super) fn every(period: Duration) -> Self {
        Self {
            period,
            turn: tokio::sync::Mutex::default(),
            is_urgent: AtomicBool::new(false),
            written: Counter::default(),
            failed: Counter::default(),
            failing: Mutex::default(),
            tracked_since: OnceCell::new(),
        }
    }

    /// The outcomes of flushes, and how many there were.
    pub(super) fn outcomes(&self) -> [(&'static str, u64); 2] {
        [("written", self.written.get()), ("failed", self.failed.get())]
    }

    /// Logs a failure where there was none, and its end.
    fn tell(&self, tenant: &TenantId, outcome: &Result<bool, FlushError>) {
        // Each change is one insert or remove, so what a panic left behind is whole.
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(is_written) => {
                self.written.add((*is_written).into());
                if failing.remove(tenant) && failing.is_empty() {
                    tracing::info!("the last use of keys can be written again");
                }
            }
            Err(error) => {
                self.failed.increment();
                if failing.is_empty() {
                    let fault = in_full(error);
                    tracing::error!(tenant.id = %tenant, fault, "the last use of keys cannot be written; keys are checked as before");
                }
                failing.insert(tenant.clone());
            }
        }
    }
}

impl Shared {
    /// Writes uses down from time to time, as long as the repository is there.
    pub(super) fn keep_flushing(self: &Arc<Self>) {
        let shared = Arc::downgrade(self);
        drop(self.background.spawn(async move {
            loop {
                sleep(TICK).await;
                let Some(shared) = shared.upgrade() else { return };
                shared.flush_due().await;
            }
        }));
    }

    /// Writes the uses down that have waited for their time.
    async fn flush_due(self: &Arc<Self>) {
        let _turn = self.usage.turn.lock().await;
        let period = self.usage.period;
        let mut under_way = JoinSet::new();
        while !self.usage.is_urgent.load(Ordering::Relaxed)
            && let Some((tenant, uses)) = self.uses.begin(period)
        {
            if under_way.len() == AT_ONCE {
                under_way.join_next().await;
            }
            under_way.spawn(Arc::clone(self).flush(tenant, uses));
            sleep(PACE).await;
        }
        under_way.join_all().await;
    }

    /// Writes all uses down.
    pub(super) async fn flush_all(self: &Arc<Self>) {
        self.usage.is_urgent.store(true, Ordering::Relaxed);
        let _turn = self.usage.turn.lock().await;
        self.usage.is_urgent.store(false, Ordering::Relaxed);
        let mut under_way = JoinSet::new();
        // What fails waits again: each tenant has one try.
        let mut tried = BTreeSet::new();
        while let Some((tenant, uses)) = self.uses.begin(Duration::ZERO) {
            if !tried.insert(tenant.clone()) {
                self.uses.give_up(tenant);
                break;
            }
            if under_way.len() == AT_ONCE {
                under_way.join_next().await;
            }
            under_way.spawn(Arc::clone(self).flush(tenant, uses));
        }
        under_way.join_all().await;
    }

    async fn flush(self: Arc<Self>, id: TenantId, uses: Usage) {
        let outcome = self.write_usage(&id, &uses, now()).await;
        self.usage.tell(&id, &outcome);
        match outcome {
            Ok(_) => self.uses.end(id, &uses),
            Err(_) => self.uses.give_up(id),
        }
    }

    /// Adds uses to a tenant's record, and takes out what is of no token of the tenant. Says whether that
    /// changed anything.
    async fn write_usage(
        self: &Arc<Self>,
        id: &TenantId,
        uses: &Usage,
        now: Minute,
    ) -> Result<bool, FlushError> {
        // Under the lock, so that the tokens are those of everybody whose uses are in the record.
        let _turn = self.documents.lock(id, LOCK_PATIENCE).await?;
        let tenant = self.tenants.get(id);
        let keyring = match self.refresh(&tenant, Freshness::Newest).await {
            Ok(snapshot) => {
                self.tenants.weigh(&tenant, snapshot.footprint());
                snapshot.keyring()
            }
            Err(error) => Err(error),
        };
        let keyring = match keyring {
            Ok(keyring) => keyring,
            Err(ReadError::NoSuchTenant) => {
                self.forget(id);
                return Ok(false);
            }
            Err(ReadError::Unavailable(cause)) => return Err(cause.into()),
        };
        let name = UsageName::of(id);
        let since = self.tracked_since(now).await?;
        for _ in 0..ATTEMPTS {
            let (record, version) = self.read_record(&name, now).await?;
            let before = record.clone();
            let (keyring, uses) = (Arc::clone(&keyring), uses.clone());
            let merge = move || merge(record.unwrap_or(Usage::since(since)), &uses, &keyring, now);
            let merged = self.background.block(merge).await.ok_or(DocumentError::GivenUp)?;
            if before.is_some_and(|before| before == merged) {
                return Ok(false);
            }
            let text = Bytes::from(usage_record::write(&merged));
            match self.documents.write_usage(&name, &version, text).await {
                Ok(()) => return Ok(true),
                Err(WriteError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(FlushError::Contended)
    }

    /// Sees to it that it is written down since when uses are tracked.
    pub(super) async fn begin_tracking(&self) {
        if let Err(error) = self.tracked_since(now()).await {
            // It is tried again with the first use, and logged then.
            let fault = in_full(&error);
            tracing::debug!(fault, "the start of usage tracking cannot be written");
        }
    }

    /// The minute from which on uses in this store are tracked, written down by the first who asks.
    async fn tracked_since(&self, now: Minute) -> Result<Minute, FlushError> {
        let name = UsageName::STORE;
        let begin = async || {
            for _ in 0..ATTEMPTS {
                let found = self.documents.read_usage(&name).await?;
                let record = found.as_ref().map(|(bytes, _)| usage_record::read(bytes));
                match record {
                    Some(Ok(record)) => return Ok(record.tracking_since()),
                    Some(Err(error @ UsageRecordError::LaterVersion)) => return Err(error.into()),
                    // There is nothing else in it that could be lost.
                    Some(Err(UsageRecordError::Damaged)) | None => {}
                }
                let version = found.map_or(Version::ABSENT, |(_, version)| version);
                let text = Bytes::from(usage_record::write(&Usage::since(now)));
                match self.documents.write_usage(&name, &version, text).await {
                    Ok(()) => return Ok(now),
                    Err(WriteError::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(FlushError::Contended)
        };
        self.usage.tracked_since.get_or_try_init(begin).await.copied()
    }

    /// A record and its version; one that is damaged is kept aside, and one takes its place that knows
    /// of no use before now.
    async fn read_record(
        &self,
        name: &UsageName,
        now: Minute,
    ) -> Result<(Option<Usage>, Version), FlushError> {
        let Some((bytes, version)) = self.documents.read_usage(name).await? else {
            return Ok((None, Version::ABSENT));
        };
        match usage_record::read(&bytes) {
            Ok(record) => Ok((Some(record), version)),
            Err(UsageRecordError::Damaged) => {
                let aside = name.damaged();
                let there = self.documents.read_usage(&aside).await?;
                let there = there.map_or(Version::ABSENT, |(_, version)| version);
                self.documents.write_usage(&aside, &there, bytes).await?;
                tracing::error!(
                    record = name.as_str(),
                    kept_as = aside.as_str(),
                    "the record of the last use of keys is damaged; tracking starts again"
                );
                Ok((Some(Usage::since(now)), version))
            }
            Err(error @ UsageRecordError::LaterVersion) => Err(error.into()),
        }
    }

    /// The last uses of a tenant's tokens, as far as they are written down or of this process.
    pub(super) async fn usage_of(self: &Arc<Self>, id: &TenantId) -> Result<Usage, Unavailable> {
        let now = now();
        // First: what is written down meanwhile is still in it.
        let pending = self.uses.of(id);
        let recorded = match self.recorded(&UsageName::of(id), now).await? {
            Some(record) => Some(record),
            None => self.recorded(&UsageName::STORE, now).await?,
        };
        let mut usage = recorded.unwrap_or(Usage::since(now));
        pending.iter().for_each(|pending| usage.merge(pending));
        usage.end_at(now);
        Ok(usage)
    }

    async fn recorded(&self, name: &UsageName, now: Minute) -> Result<Option<Usage>, Unavailable> {
        let Some((bytes, _)) = self.documents.read_usage(name).await? else { return Ok(None) };
        match usage_record::read(&bytes) {
            Ok(record) => Ok(Some(record)),
            Err(UsageRecordError::Damaged) => Ok(Some(Usage::since(now))),
            Err(error @ UsageRecordError::LaterVersion) => Err(Unavailable::new(error)),
        }
    }
}

fn merge(mut record: Usage, uses: &Usage, keyring: &Keyring, now: Minute) -> Usage {
    record.merge(uses);
    record.end_at(now);
    // What cannot be read may be a key whose token goes on being tracked.
    if keyring.faulty_entries().is_empty() {
        let tokens: BTreeSet<_> = keyring.tokens().map(TokenId::of).collect();
        record.keep(&tokens);
    }
    record
}

fn now() -> Minute {
    Minute::of(SystemClock.since_epoch())
}
