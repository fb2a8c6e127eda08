//! A watchdog over changes: says in the log, to readiness and in a metric that one waits longer than
//! any should.
//!
//! It has a thread of its own, which needs nothing of what it watches.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::TenantId;

/// A change that waits longer is told.
const OVERDUE: Duration = Duration::from_secs(5);
/// A change that is refused after just this time is not told of.
const GRACE: Duration = Duration::from_millis(250);

/// The changes that wait or are being written.
#[derive(Debug, Default)]
pub(super) struct PendingCommits {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they came.
    waiting: BTreeMap<u64, (TenantId, Instant)>,
    came: u64,
    is_closed: bool,
}

/// A change that is watched until this is dropped.
#[derive(Debug)]
pub(super) struct PendingCommit {
    overdue: Arc<PendingCommits>,
    number: u64,
}

/// Ends the watchdog when dropped.
#[derive(Debug)]
pub(super) struct Watchdog(Arc<PendingCommits>);

impl PendingCommits {
    /// Watches one more change.
    pub(super) fn watch(self: &Arc<Self>, tenant: &TenantId) -> PendingCommit {
        let mut state = self.state();
        state.came += 1;
        let number = state.came;
        state.waiting.insert(number, (tenant.clone(), Instant::now()));
        if state.waiting.len() == 1 {
            self.changed.notify_one();
        }
        PendingCommit { overdue: Arc::clone(self), number }
    }

    /// How many changes wait or are being written.
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// How long the oldest has waited.
    pub(super) fn longest(&self) -> Duration {
        let state = self.state();
        state.waiting.values().next().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    /// A sentence on those that wait too long, if there are any.
    pub(super) fn fault(&self) -> Option<String> {
        let overdue = self.state().overdue(OVERDUE);
        (overdue > 0)
            .then(|| format!("changes that wait longer than {} s: {overdue}", OVERDUE.as_secs()))
    }

    /// Starts the watchdog.
    pub(super) fn guard(self: &Arc<Self>) -> io::Result<Watchdog> {
        let overdue = Arc::clone(self);
        std::thread::Builder::new().name("watchdog".into()).spawn(move || overdue.keep())?;
        Ok(Watchdog(Arc::clone(self)))
    }

    fn keep(&self) {
        let mut is_told = false;
        let mut state = self.state();
        while !state.is_closed {
            let overdue = state.overdue(OVERDUE + GRACE);
            let oldest = state.waiting.values().next().cloned();
            if (overdue > 0) != is_told {
                is_told = overdue > 0;
                drop(state);
                tell(oldest.as_ref().filter(|_| is_told), overdue);
                state = self.state();
                continue;
            }
            let wait = match oldest {
                // Whoever comes first wakes it.
                None => Duration::MAX,
                Some(_) if is_told => GRACE,
                Some((_, since)) => (OVERDUE + GRACE).saturating_sub(since.elapsed()),
            };
            let waited = self.changed.wait_timeout(state, wait);
            state = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one insert or remove, so what a panic left behind is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(oldest: Option<&(TenantId, Instant)>, overdue: usize) {
    match oldest {
        Some((tenant, since)) => tracing::error!(
            tenant.id = %tenant,
            duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            changes = overdue,
            "changes wait too long; check the disk or the store, and which process holds the tenant's lock"
        ),
        None => tracing::info!("changes no longer wait too long"),
    }
}

impl State {
    fn overdue(&self, age: Duration) -> usize {
        self.waiting.values().take_while(|(_, since)| since.elapsed() > age).count()
    }
}

impl Drop for PendingCommit {
    fn drop(&mut self) {
        self.overdue.state().waiting.remove(&self.number);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.changed.notify_one();
    }
}
