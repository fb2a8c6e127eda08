//! Sees every change, and proves up to when.
//!
//! A watch is as old as the member that it hangs on, and a silent one may be a dead one; so a watch
//! alone proves nothing. A proof begins with a linearizable read: it gives the revision of the whole
//! store, and the one at which a document was last changed by neokeys. Once the watch has given all
//! changes up to the latter, and has come to the former by a change or by its progress, everything
//! that was done before the read began is known. Progress alone would not do: up to etcd 3.4.24 and
//! 3.5.7 it may overtake changes.
//!
//! Invariant: a place in the history that is lost (compacted, or of another history) is given up
//! before anything else is served.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use etcd_client::{Error, WatchOptions, WatchResponse, WatchStream};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::members::Failure;
use super::{Cluster, READ_PATIENCE};
use crate::storage::moment::Moment;

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
/// A history that is shorter than it was is another one.
const SET_BACK: &str = "etcd was set back to an earlier state";

/// The watch of a store.
pub(super) struct Watch {
    cluster: Arc<Cluster>,
    /// How long a watch may lag behind before another member is tried.
    patience: Duration,
    /// The time between two proofs.
    pace: Duration,
}

/// A proof under way: everything before the moment is known once the watch has come so far.
#[derive(Debug, Clone, Copy)]
struct Proof {
    moment: Moment,
    begun: Instant,
    /// The newest revision at which neokeys changed a document.
    changed: i64,
    /// The newest revision of all.
    newest: i64,
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
        let bound = cluster.knowledge.max_staleness();
        let patience = (bound / 2).max(Duration::from_millis(300));
        let pace = if bound.is_zero() { RARELY } else { (bound / 4).clamp(OFTEN, RARELY) };
        Self { cluster, patience, pace }
    }

    /// Watches for ever.
    pub(super) async fn keep(self) {
        let knowledge = &self.cluster.knowledge;
        let mut has_place = false;
        let mut told = None;
        let mut newest = 0;
        loop {
            let seen_before = knowledge.seen().max(newest);
            let proof = match self.look().await {
                Ok(proof) => proof,
                Err(failure) => {
                    self.tell_unreached(&failure, &mut told);
                    sleep(PAUSE).await;
                    continue;
                }
            };
            self.tell_reached(&mut told);
            if proof.newest < seen_before {
                has_place = false;
                self.lose(SET_BACK);
            }
            newest = proof.newest;
            if knowledge.max_staleness().is_zero() {
                // Whoever reads asks a majority; what is left to know is whether one answers.
                sleep(self.pace).await;
                continue;
            }
            if !has_place {
                knowledge.begin(newest);
                has_place = true;
            }
            let member = self.cluster.members.preferred();
            match self.follow(member).await {
                End::Broken(why) => {
                    tracing::debug!(why, "the watch of etcd is begun anew");
                    self.cluster.members.pass_over(member);
                }
                End::Lost(why) => {
                    has_place = false;
                    newest = 0;
                    self.lose(why);
                }
            }
            sleep(OFTEN).await;
        }
    }

    fn lose(&self, why: &str) {
        tracing::warn!(store = self.cluster.place, why, "all of etcd is read anew");
        self.cluster.knowledge.lose();
    }

    fn tell_unreached(&self, failure: &Failure, told: &mut Option<String>) {
        self.cluster.is_reached.store(false, Ordering::Relaxed);
        let fault = failure.to_string();
        if told.as_ref() != Some(&fault) {
            tracing::error!(
                store = self.cluster.place,
                fault,
                "etcd is not reached; start it, or mend the address in the setting store. \
                 Nothing is served that may be of the past"
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
        let (moment, begun) = (Moment::now(), Instant::now());
        let key = self.cluster.keys.changed();
        let found = self.cluster.members.ask(READ_PATIENCE, |mut keys| {
            let key = key.as_str();
            async move { keys.get(key, None).await }
        });
        let found = found.await?.answer;
        let newest = found.header().map_or(0, etcd_client::ResponseHeader::revision);
        let changed = found.kvs().first().map_or(0, etcd_client::KeyValue::mod_revision);
        Ok(Proof { moment, begun, changed, newest })
    }

    /// Follows the changes on one member from the last one seen, for as long as that goes well.
    async fn follow(&self, member: usize) -> End {
        let knowledge = &self.cluster.knowledge;
        let mut stream = match timeout(BEGIN, self.begin(member, knowledge.seen())).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return End::Broken(error.to_string()),
            Err(_elapsed) => return End::Broken("a member does not begin a watch".to_owned()),
        };
        let mut proofs = Proofs { under_way: Vec::new(), progress: 0 };
        let mut pace = interval(self.pace);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ask_progress = interval(PROGRESS);
        ask_progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen_before = 0;
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
                    Ok(proof) if proof.newest < seen_before => return End::Lost(SET_BACK),
                    Ok(proof) => {
                        proofs.add(proof);
                        if !proofs.settle(knowledge)
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
                        seen_before = knowledge.seen();
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
        // The last one seen once more: a revision may come in parts.
        let options =
            WatchOptions::new().with_prefix().with_start_revision(revision.max(1)).with_fragment();
        let mut watch = self.cluster.members.watch(member).await?;
        watch.watch(self.cluster.keys.all(), Some(options)).await
    }

    fn take(&self, response: &WatchResponse, proofs: &mut Proofs) -> Result<(), End> {
        let knowledge = &self.cluster.knowledge;
        if response.compact_revision() > 0 {
            return Err(End::Lost("etcd compacted changes that were not seen"));
        }
        if response.canceled() {
            return Err(End::Broken(response.cancel_reason().to_owned()));
        }
        for event in response.events() {
            let Some(kv) = event.kv() else { continue };
            if let Some(tenant) = kv.key_str().ok().and_then(|key| self.cluster.keys.tenant(key)) {
                knowledge.change(tenant, kv.mod_revision());
            }
            knowledge.see(kv.mod_revision());
        }
        if response.events().is_empty() && !response.created() {
            let revision = response.header().map_or(0, etcd_client::ResponseHeader::revision);
            proofs.progress = proofs.progress.max(revision);
        }
        proofs.settle(knowledge);
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
    fn settle(&mut self, knowledge: &super::Knowledge) -> bool {
        let seen = knowledge.seen();
        let come = seen.max(self.progress);
        self.under_way.retain(|proof| {
            let is_done = seen >= proof.changed && come >= proof.newest;
            if is_done {
                knowledge.prove(proof.moment);
            }
            !is_done
        });
        self.under_way.is_empty()
    }
}
