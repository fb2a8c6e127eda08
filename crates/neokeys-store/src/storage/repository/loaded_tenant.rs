//! One tenant: its newest snapshot, the read of it that is under way, and who waits to change it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::freshness::Freshness;
use super::queue::CommitQueue;
use super::refusals_per_minute::RefusalsPerMinute;
use super::snapshot::Latest;
use crate::audit::DocumentState;
use crate::domain::{Keyring, ReadError, TenantId};
use crate::storage::document::Diagnostic;

/// How long a document must have stayed empty to count as one without keys.
pub(super) const STAYS_EMPTY: Duration = Duration::from_secs(1);

/// A tenant in memory, shared by all who read or change it.
#[derive(Debug)]
pub(super) struct LoadedTenant {
    pub(super) id: TenantId,
    pub(super) latest: Latest,
    /// Reads of the document that were begun.
    begun: AtomicU64,
    /// The outcome of the last read; held by the one under way.
    pub(super) loading: Arc<tokio::sync::Mutex<Option<LastRead>>>,
    queue: Mutex<CommitQueue>,
    recorded: Mutex<Recorded>,
    /// Held by the writer from before it writes until what came of it is published, however it ends.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// When it was asked for last, in loads.
    pub(super) used: AtomicU64,
}

/// The part of a tenant that is about its log.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// The keys of the last document that is in the log.
    pub(super) last: Option<(DocumentState, Arc<Keyring>)>,
    pub(super) refusals: RefusalsPerMinute,
}

/// The outcome of a read.
#[derive(Debug)]
pub(super) struct LastRead {
    /// Its number, counted from 1.
    pub(super) number: u64,
    /// How new it had to be.
    pub(super) demand: Freshness,
    /// The snapshot is the newest one, or a write's that came later.
    pub(super) outcome: Result<(), ReadError>,
}

/// The document is empty, as an editor leaves it before it writes.
#[derive(Debug, thiserror::Error)]
#[error("{0} is empty; it counts as one without keys once it has stayed so for a second")]
pub(super) struct JustEmptied(pub(super) String);

/// The document as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{location}: {fault}")]
pub(super) struct Unparsable {
    pub(super) location: String,
    pub(super) fault: Diagnostic,
}

impl LoadedTenant {
    /// A tenant of which nothing is known.
    pub(super) fn new(id: TenantId) -> Self {
        Self {
            id,
            latest: Latest::default(),
            begun: AtomicU64::new(0),
            loading: Arc::default(),
            queue: Mutex::default(),
            recorded: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            used: AtomicU64::new(0),
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, CommitQueue> {
        // Each change is one push or take, so what a panic left behind is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        // What a panic left behind is counts and a document that was there.
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the write that is under way has ended and what came of it is published.
    pub(super) async fn written(&self) {
        drop(self.writing.lock().await);
    }

    /// How many reads of the document were begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Begins one more; gives its number.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }
}
