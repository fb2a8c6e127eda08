//! Counts of commits, writes and reads, for metrics.

use std::time::Duration;

use super::snapshot::Snapshot;
use crate::domain::{CommitError, Committed, KeyEnds};
use crate::tally::{Counter, DURATIONS, Distribution, Histogram};

/// Upper bounds of the ranges of batch sizes, in commits.
const BATCHES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The outcomes of a commit.
const OUTCOMES: [&str; 8] = [
    "committed",
    "refused",
    "no_such_tenant",
    "not_editable",
    "unavailable",
    "uncertain",
    "not_allowed",
    "left",
];

/// The outcomes of reading a document again.
const RELOADS: [&str; 3] = ["changed", "unchanged", "unreadable"];

/// Counts of what the store did. None of it is on the way of a read that finds nothing changed.
#[derive(Debug)]
pub(super) struct Tally {
    commits: [Counter; OUTCOMES.len()],
    reloads: [Counter; RELOADS.len()],
    /// Commits that were written at once.
    pub(super) batches: Histogram,
    /// Durations of writes, in nanoseconds.
    pub(super) writes: Histogram,
    /// Writes that found another document than the one that they were to replace.
    pub(super) conflicts: Counter,
}

/// The outcome of reading a document again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// Another document is served from now on.
    Changed,
    /// The same one.
    Unchanged,
    /// The last good one, if there is one.
    Unreadable,
}

/// Counts since a repository was opened, and what it holds now.
#[derive(Debug, Clone)]
pub struct RepositoryStatistics {
    /// Whether the node reaches what keeps the documents.
    pub is_reachable: bool,
    /// How old what the node knows of it is; nothing where it always asks.
    pub knowledge_age: Duration,
    /// Tenants in memory.
    pub tenants_loaded: u64,
    /// Keys of theirs.
    pub keys_loaded: u64,
    /// How soon they end.
    pub key_ends: KeyEnds,
    /// Bytes of their documents.
    pub bytes_loaded: u64,
    /// Entries in their documents that are no keys.
    pub faulty_entries: u64,
    /// Documents that cannot be read now.
    pub documents_unreadable: u64,
    /// Documents of which the last write may not last.
    pub documents_unwritable: u64,
    /// How long the document that has been unreadable longest has been so.
    pub stale_for: Duration,
    /// The outcomes of commits, and how many there were.
    pub commits: Vec<(&'static str, u64)>,
    /// Commits that wait or are being written.
    pub commits_waiting: u64,
    /// How long the oldest of them has.
    pub longest_commit_wait: Duration,
    /// How many commits were written at once.
    pub batches: Distribution,
    /// How long writes took, in nanoseconds.
    pub writes: Distribution,
    /// Writes that found another's in their way and were made again.
    pub conflicts: u64,
    /// The outcomes of reading documents, and how many there were.
    pub reloads: Vec<(&'static str, u64)>,
    /// The outcomes of writing down the last uses of a tenant's tokens, and how many there were.
    pub usage_flushes: [(&'static str, u64); 2],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            commits: Default::default(),
            reloads: Default::default(),
            batches: Histogram::new(BATCHES),
            writes: Histogram::new(DURATIONS),
            conflicts: Counter::default(),
        }
    }
}

impl Reload {
    /// The outcome of a read, by what was known before.
    pub(super) fn of(now: &Snapshot, known: Option<&Snapshot>) -> Self {
        let document = |snapshot: &Snapshot| snapshot.document.as_ref().map(std::sync::Arc::as_ptr);
        match &now.fault {
            Some(_) => Self::Unreadable,
            None if document(now) == known.and_then(document) => Self::Unchanged,
            None => Self::Changed,
        }
    }
}

impl Tally {
    /// A document was read again.
    pub(super) fn reloaded(&self, reload: Reload) {
        self.reloads[reload as usize].increment();
    }

    /// A commit has its outcome.
    pub(super) fn answered(&self, outcome: &Result<Committed, CommitError>) {
        self.commits[place(outcome)].increment();
    }

    /// A write took so long, whatever came of it.
    pub(super) fn wrote(&self, duration: Duration) {
        self.writes.observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The outcomes of commits, and how many there were.
    pub(super) fn commits(&self) -> Vec<(&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.commits.iter().map(Counter::get)).collect()
    }

    /// The outcomes of reading documents, and how many there were.
    pub(super) fn reloads(&self) -> Vec<(&'static str, u64)> {
        RELOADS.into_iter().zip(self.reloads.iter().map(Counter::get)).collect()
    }
}

/// Where an outcome stands among [`OUTCOMES`].
fn place(outcome: &Result<Committed, CommitError>) -> usize {
    match outcome {
        Ok(_) => 0,
        Err(CommitError::Edit(_)) => 1,
        Err(CommitError::NoSuchTenant) => 2,
        Err(CommitError::NotEditable { .. }) => 3,
        Err(CommitError::Unavailable(_)) => 4,
        Err(CommitError::Uncertain(_)) => 5,
        Err(CommitError::NotAllowed(_)) => 6,
        Err(CommitError::CallerGone) => 7,
    }
}
