//! One tenant: its newest snapshot, the readings of its document, and who waits to change it.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::queue::CommitQueue;
use super::readings::Readings;
use super::refusals_per_minute::RefusalsPerMinute;
use super::snapshot::Latest;
use crate::audit::DocumentState;
use crate::domain::{Keyring, TenantId};
use crate::storage::document::Diagnostic;

/// How long a document must have stayed empty to count as one without keys.
pub(super) const STAYS_EMPTY: Duration = Duration::from_secs(1);

/// A tenant in memory, shared by all who read or change it.
#[derive(Debug)]
pub(super) struct LoadedTenant {
    pub(super) id: TenantId,
    pub(super) latest: Latest,
    pub(super) readings: Readings,
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
            readings: Readings::default(),
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
}
