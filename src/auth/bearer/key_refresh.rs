//! The keys of one issuer, kept fresh.
//!
//! One task an issuer does all the loading, so that loads are never concurrent and callers that
//! wait share one. It loads at the start, in the background, and when a token names a key that is
//! not known; the last at most once in [`ASK_INTERVAL`], whatever callers send. A load that fails
//! leaves the keys as they were. The task ends when its [`IssuerKeys`] is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::LoadError;
use super::config::KeyLocation;
use super::key_fetch::KeySource;
use super::key_set::KeySet;
use crate::clock::Clock;
use crate::tally::Counter;

/// The least time between two loads that tokens caused.
const ASK_INTERVAL: Duration = Duration::from_secs(10);
/// How many callers may wait for the task's attention; more wait for a place.
const MOST_WAITING: usize = 64;

/// How often keys are loaded with no token asking, and how long one answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one load that worked to the next.
    pub refresh: Duration,
    /// From one load that failed to the next.
    pub retry: Duration,
    /// The longest that one answer may take, from the connection to its last byte.
    pub patience: Duration,
}

impl Pace {
    /// For a file: soon enough for the person who has just edited it.
    const LOCAL: Self = Self {
        refresh: Duration::from_secs(2),
        retry: Duration::from_secs(2),
        patience: Duration::from_secs(5),
    };
    /// For an issuer elsewhere: a key that was withdrawn is gone after this time.
    const REMOTE: Self = Self {
        refresh: Duration::from_secs(300),
        retry: Duration::from_secs(10),
        patience: Duration::from_secs(5),
    };

    /// The pace for keys at that place.
    pub(super) fn at(location: &KeyLocation) -> Self {
        match location {
            KeyLocation::File(_) => Self::LOCAL,
            KeyLocation::Address(_) | KeyLocation::Discovery(_) => Self::REMOTE,
        }
    }
}

/// One issuer's keys, as they are now.
pub(super) struct IssuerKeys {
    kept: Arc<Kept>,
    refresher: Option<Refresher>,
}

/// The state that the task writes and requests read.
struct Kept {
    keys: ArcSwap<KeySet>,
    /// Why the last load failed; empty when it worked.
    fault: ArcSwapOption<LoadError>,
    loads: Counter,
    failures: Counter,
    /// When the last load worked, in milliseconds since the epoch; zero before the first.
    loaded_at: AtomicU64,
}

/// How loading went until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loads {
    /// How many loads worked.
    pub successes: u64,
    /// How many did not.
    pub failures: u64,
    /// When one worked last, since the epoch.
    pub last_success: Option<Duration>,
}

struct Refresher {
    asks: mpsc::Sender<oneshot::Sender<()>>,
    task: AbortHandle,
}

impl Drop for Refresher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl IssuerKeys {
    /// Keys that never change.
    pub(super) fn fixed(keys: KeySet) -> Self {
        Self { kept: Arc::new(Kept::new(keys)), refresher: None }
    }

    /// Starts loading. The second value resolves once the first load has worked or failed.
    pub(super) fn start(
        issuer: &str,
        source: KeySource,
        pace: Pace,
        clock: Arc<dyn Clock>,
    ) -> (Self, oneshot::Receiver<()>) {
        let kept = Arc::new(Kept::new(KeySet::default()));
        let (asks, asked) = mpsc::channel(MOST_WAITING);
        let (first, loaded) = oneshot::channel();
        let issuer = issuer.to_owned();
        let refreshing = Refreshing { issuer, source, clock, kept: Arc::clone(&kept), pace };
        let task = tokio::spawn(refreshing.run(asked, first)).abort_handle();
        (Self { kept, refresher: Some(Refresher { asks, task }) }, loaded)
    }

    /// The keys as they are now.
    pub(super) fn load(&self) -> Arc<KeySet> {
        self.kept.keys.load_full()
    }

    /// Why the last load failed, if it did.
    pub(super) fn fault(&self) -> Option<Arc<LoadError>> {
        self.kept.fault.load_full()
    }

    /// How loading went until now; nothing for keys that never change.
    pub(super) fn loads(&self) -> Option<Loads> {
        self.refresher.as_ref()?;
        let loaded_at = self.kept.loaded_at.load(Ordering::Relaxed);
        Some(Loads {
            successes: self.kept.loads.get(),
            failures: self.kept.failures.get(),
            last_success: (loaded_at > 0).then(|| Duration::from_millis(loaded_at)),
        })
    }

    /// Has the keys loaded because one is missing, unless that was done just now. Returns when the
    /// keys are as fresh as they will get.
    pub(super) async fn ask(&self) {
        let Some(refresher) = &self.refresher else { return };
        let (done, answer) = oneshot::channel();
        if refresher.asks.send(done).await.is_ok() {
            // An error means that the task is gone: then nothing will change.
            let _ = answer.await;
        }
    }
}

impl Kept {
    fn new(keys: KeySet) -> Self {
        Self {
            keys: ArcSwap::from_pointee(keys),
            fault: ArcSwapOption::empty(),
            loads: Counter::default(),
            failures: Counter::default(),
            loaded_at: AtomicU64::new(0),
        }
    }

    /// A load worked.
    fn loaded(&self, now: Duration) {
        self.loads.increment();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.loaded_at.store(now.max(1), Ordering::Relaxed);
    }
}

/// The task's own state.
struct Refreshing {
    issuer: String,
    source: KeySource,
    clock: Arc<dyn Clock>,
    kept: Arc<Kept>,
    pace: Pace,
}

impl Refreshing {
    async fn run(self, mut asked: mpsc::Receiver<oneshot::Sender<()>>, first: oneshot::Sender<()>) {
        let mut last_bytes = None;
        let mut last_ask: Option<Duration> = None;
        let mut pause = self.refresh(&mut last_bytes).await;
        // Nobody may be waiting any more.
        let _ = first.send(());
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                ask = asked.recv() => {
                    let Some(ask) = ask else { return };
                    waiting.push(ask);
                    let now = self.clock.since_epoch();
                    // A clock that was set back must not put the next load off for years.
                    if last_ask.is_none_or(|last| now.abs_diff(last) >= ASK_INTERVAL) {
                        last_ask = Some(now);
                        pause = self.refresh(&mut last_bytes).await;
                    }
                }
                () = tokio::time::sleep(pause) => pause = self.refresh(&mut last_bytes).await,
            }
            // Those who came meanwhile share the load.
            while let Ok(ask) = asked.try_recv() {
                waiting.push(ask);
            }
        }
    }

    /// Loads once; gives the time until the next load in the background.
    async fn refresh(&self, last_bytes: &mut Option<Vec<u8>>) -> Duration {
        let issuer = self.issuer.as_str();
        let outcome = match self.source.load().await {
            Ok(bytes) if last_bytes.as_ref() == Some(&bytes) => Ok(()),
            Ok(bytes) => match KeySet::parse(issuer, &bytes) {
                Ok(keys) => {
                    self.replace(keys);
                    *last_bytes = Some(bytes);
                    Ok(())
                }
                Err(error) => Err(LoadError::from(error)),
            },
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                self.kept.loaded(self.clock.since_epoch());
                if self.kept.fault.swap(None).is_some() {
                    tracing::info!(issuer, "the issuer's keys can be loaded again");
                }
                self.pace.refresh
            }
            Err(error) => {
                self.kept.failures.increment();
                let cause: &dyn std::error::Error = &error;
                let known = self.kept.fault.load();
                // One line when it begins, not one at every try.
                if known.as_ref().is_none_or(|known| known.to_string() != error.to_string()) {
                    tracing::warn!(issuer, cause, "the issuer's keys cannot be loaded");
                } else {
                    tracing::debug!(issuer, cause, "the issuer's keys still cannot be loaded");
                }
                self.kept.fault.store(Some(Arc::new(error)));
                self.pace.retry
            }
        }
    }

    /// Puts a set in place. An equal one changes nothing, so that what hangs on the old one stays.
    fn replace(&self, keys: KeySet) {
        let issuer = self.issuer.as_str();
        if **self.kept.keys.load() == keys {
            return;
        }
        let count = keys.len();
        if count == 0 {
            tracing::warn!(issuer, "the issuer has no usable key: none of its tokens is taken");
        } else {
            tracing::info!(issuer, keys = count, "new keys of the issuer are in use");
        }
        self.kept.keys.store(Arc::new(keys));
    }
}
