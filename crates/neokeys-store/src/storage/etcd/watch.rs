//! Sees every change, and proves up to when.
//!
//! A watch is as old as the member that it hangs on, and a silent one may be a dead one; so a watch
//! alone proves nothing. A proof begins with a linearizable read: it gives the revision of the whole
//! store, and the one at which a document was last changed by neokeys. Once the watch has given all
//! changes up to the latter, and has come to the former by a change or by its progress, everything
//! that was done before the read began is known. Progress alone would not do: up to etcd 3.4.24 and
//! 3.5.7 it may overtake changes.
//!
//! A watch that breaks is followed by another one, which begins where the store is then: under it,
//! each document is vouched for once etcd has confirmed it. So etcd may have been restored to an
//! earlier state meanwhile and have come further than it was.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etcd_client::{Error, KeyValue, ResponseHeader, WatchOptions, WatchResponse, WatchStream};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::failover::Failure;
use super::{Cluster, READ_PATIENCE};
use crate::storage::boot_time::BootTime;
use crate::storage::write_ids::WriteId;

/// The longest time between two proofs.
const RARELY: Duration = Duration::from_millis(500);
/// The shortest.
const OFTEN: Duration = Duration::from_millis(20);
/// How long to wait before something that failed is tried again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often progress is asked for while a proof waits for it.
const PROGRESS: Duration = Duration::from_millis(50);
/// How long a member may take to begin a watch.
const BEGIN: Duration = Duration::from_secs(1);
/// Proofs that may be under way.
const PROOFS: usize = 8;
/// The reason given for another history.
const SET_BACK: &str = "etcd was set back to an earlier state";

/// The watch of a store.
pub(super) struct Watch {
    cluster: Arc<Cluster>,
    /// How long a watch may lag behind before another member is tried.
    patience: Duration,
    /// The time between two proofs.
    pace: Duration,
    /// How far the history had come when somebody looked last.
    last: Mutex<Mark>,
}

/// A place in a history of etcd, and what tells that history from others.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    cluster: u64,
    /// The members' term, which only grows.
    term: u64,
    /// The newest revision at which neokeys changed a document, and the id of that write.
    changed: i64,
    id: Option<WriteId>,
    /// The newest revision of all.
    newest: i64,
}

impl Mark {
    /// Whether this one can be an earlier place in the history of the other. That it can does not
    /// say that it is.
    fn can_precede(self, later: Self) -> bool {
        let is_first = self.cluster == 0;
        let goes_on = self.cluster == later.cluster
            && self.term <= later.term
            && self.newest <= later.newest
            && self.changed <= later.changed;
        let is_changed = self.changed < later.changed || self.id == later.id;
        is_first || goes_on && is_changed
    }
}

/// A proof under way: everything before the moment is known once the watch has come so far.
#[derive(Debug, Clone, Copy)]
struct Proof {
    moment: BootTime,
    begun: Instant,
    mark: Mark,
}

/// Why a watch ended.
enum End {
    /// Another member may do better.
    Broken(String),
    /// The changes since the last one seen cannot be had.
    Lost(&'static str),
}

impl Watch {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        let bound = cluster.changes.max_staleness();
        let patience = (bound / 2).max(Duration::from_millis(300));
        let pace = if bound.is_zero() { RARELY } else { (bound / 4).clamp(OFTEN, RARELY) };
        Self { cluster, patience, pace, last: Mutex::default() }
    }

    /// Watches for ever.
    pub(super) async fn keep(self) {
        let mut told = None;
        loop {
            let proof = match self.look().await {
                Ok(proof) => proof,
                Err(failure) => {
                    self.tell_unreached(&failure, &mut told);
                    sleep(PAUSE).await;
                    continue;
                }
            };
            self.tell_reached(&mut told);
            if !self.goes_on_with(proof.mark) {
                self.lose(SET_BACK);
            }
            if self.cluster.changes.max_staleness().is_zero() {
                // Whoever reads asks a majority; what is left to know is whether one answers.
                sleep(self.pace).await;
                continue;
            }
            let member = self.cluster.members.preferred();
            match self.follow(member, proof.mark.newest).await {
                End::Broken(why) => {
                    tracing::debug!(why, "restarting the watch of etcd");
                    self.cluster.members.pass_over(member);
                }
                End::Lost(why) => self.lose(why),
            }
            sleep(OFTEN).await;
        }
    }

    /// Whether the history goes on where it was seen last.
    fn goes_on_with(&self, mark: Mark) -> bool {
        // A mark is whole whatever happened to its last holder.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *last, mark).can_precede(mark)
    }

    fn lose(&self, why: &str) {
        tracing::warn!(store = self.cluster.place, why, "reading all documents from etcd again");
        self.cluster.changes.lose();
    }

    fn tell_unreached(&self, failure: &Failure, told: &mut Option<String>) {
        self.cluster.is_reached.store(false, Ordering::Relaxed);
        let fault = failure.to_string();
        if told.as_ref() != Some(&fault) {
            tracing::error!(
                store = self.cluster.place,
                fault,
                "etcd is not reached; start it, or correct the address in the setting store. \
                 Nothing that may be out of date is served"
            );
            *told = Some(fault);
        }
    }

    fn tell_reached(&self, told: &mut Option<String>) {
        self.cluster.is_reached.store(true, Ordering::Relaxed);
        if told.take().is_some() {
            tracing::info!(store = self.cluster.place, "etcd is reached again");
        }
    }

    /// Asks a majority how far the history has come.
    async fn look(&self) -> Result<Proof, Failure> {
        let (moment, begun) = (BootTime::now(), Instant::now());
        let key = self.cluster.keys.changed();
        let found = self.cluster.members.ask(READ_PATIENCE, |mut keys| {
            let key = key.as_str();
            async move { keys.get(key, None).await }
        });
        let found = found.await?.answer;
        let changed = found.kvs().first();
        let mark = Mark {
            cluster: found.header().map_or(0, ResponseHeader::cluster_id),
            term: found.header().map_or(0, ResponseHeader::raft_term),
            changed: changed.map_or(0, KeyValue::mod_revision),
            id: changed.and_then(|changed| WriteId::of_bytes(changed.value())),
            newest: found.header().map_or(0, ResponseHeader::revision),
        };
        Ok(Proof { moment, begun, mark })
    }

    /// Follows the changes after a revision on one member, for as long as that goes well.
    async fn follow(&self, member: usize, revision: i64) -> End {
        let changes = &self.cluster.changes;
        let mut stream = match timeout(BEGIN, self.begin(member, revision + 1)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return End::Broken(error.to_string()),
            Err(_elapsed) => return End::Broken("a member does not begin a watch".to_owned()),
        };
        changes.begin(revision);
        let mut proofs = Proofs { under_way: Vec::new(), progress: 0 };
        let mut pace = interval(self.pace);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ask_progress = interval(PROGRESS);
        ask_progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                message = stream.message() => match message {
                    Ok(Some(response)) => {
                        if let Err(end) = self.take(&response, &mut proofs) {
                            return end;
                        }
                    }
                    Ok(None) => return End::Broken("a member ended the watch".to_owned()),
                    Err(error) => return End::Broken(error.to_string()),
                },
                Some(answer) = looks.next() => match answer as Result<Proof, Failure> {
                    Ok(proof) if !self.goes_on_with(proof.mark) => return End::Lost(SET_BACK),
                    Ok(proof) => {
                        proofs.add(proof);
                        if !proofs.settle(changes)
                            && let Err(error) = stream.request_progress().await
                        {
                            return End::Broken(error.to_string());
                        }
                    }
                    Err(failure) => return End::Broken(failure.to_string()),
                },
                _ = pace.tick() => {
                    if proofs.oldest().is_some_and(|age| age > self.patience) {
                        return End::Broken("the watch of a member lags".to_owned());
                    }
                    if looks.is_empty() {
                        looks.push(self.look());
                    }
                }
                _ = ask_progress.tick(), if proofs.oldest().is_some() => {
                    if let Err(error) = stream.request_progress().await {
                        return End::Broken(error.to_string());
                    }
                }
            }
        }
    }

    async fn begin(&self, member: usize, revision: i64) -> Result<WatchStream, Error> {
        let options =
            WatchOptions::new().with_prefix().with_start_revision(revision).with_fragment();
        let mut watch = self.cluster.members.watch(member).await?;
        watch.watch(self.cluster.keys.all(), Some(options)).await
    }

    fn take(&self, response: &WatchResponse, proofs: &mut Proofs) -> Result<(), End> {
        let changes = &self.cluster.changes;
        if response.compact_revision() > 0 {
            return Err(End::Lost("etcd compacted changes that were not seen"));
        }
        if response.canceled() {
            return Err(End::Broken(response.cancel_reason().to_owned()));
        }
        for event in response.events() {
            let Some(kv) = event.kv() else { continue };
            if let Some(tenant) = kv.key_str().ok().and_then(|key| self.cluster.keys.tenant(key)) {
                changes.change(tenant, kv.mod_revision());
            }
            changes.see(kv.mod_revision());
        }
        if response.events().is_empty() && !response.created() {
            let revision = response.header().map_or(0, ResponseHeader::revision);
            proofs.progress = proofs.progress.max(revision);
        }
        proofs.settle(changes);
        Ok(())
    }
}

/// The proofs under way on one watch.
struct Proofs {
    /// In the order in which they began.
    under_way: Vec<Proof>,
    /// How far the watch says that it has come.
    progress: i64,
}

impl Proofs {
    fn add(&mut self, proof: Proof) {
        if self.under_way.len() == PROOFS {
            // The oldest one tells how far the watch lags; of the others the newest says most.
            self.under_way.pop();
        }
        self.under_way.push(proof);
    }

    /// How long the oldest one is under way.
    fn oldest(&self) -> Option<Duration> {
        self.under_way.first().map(|proof| proof.begun.elapsed())
    }

    /// Takes those that are done; says whether all are.
    fn settle(&mut self, changes: &super::ChangeTracker) -> bool {
        let seen = changes.seen();
        let come = seen.max(self.progress);
        self.under_way.retain(|proof| {
            let is_done = seen >= proof.mark.changed && come >= proof.mark.newest;
            if is_done {
                changes.prove(proof.moment);
            }
            !is_done
        });
        self.under_way.is_empty()
    }
}
