//! The one writer of a tenant: takes all the commits that wait, makes them one after another on one
//! draft, writes once, and gives each its own outcome.
//!
//! Invariants: an outcome is given only when what was written is durable, or when nothing of the
//! commit was written; what was judged on a document that changed meanwhile is judged again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::health::{Area, Faults};
use super::snapshot::Snapshot;
use super::tally::Tally;
use super::tenant::{JustEmptied, STAYS_EMPTY, Tenant, Waiting, in_full};
use super::tenants::Tenants;
use crate::domain::{Commit, CommitError, Committed, ReadError, TenantId, Unavailable};
use crate::storage::document::{Draft, NotEditable};
use crate::storage::document_store::{DocumentStore, WriteError};

/// How often a document may change under the writer before it gives up.
const ATTEMPTS: usize = 100;
/// How long to wait before an empty document is looked at again.
const PAUSE: Duration = Duration::from_millis(10);

type Outcome = Result<Committed, CommitError>;

/// A writer at work.
pub(super) struct Writer {
    pub(super) id: TenantId,
    pub(super) tenant: Arc<Tenant>,
    pub(super) documents: Arc<dyn DocumentStore>,
    pub(super) faults: Arc<Faults>,
    pub(super) tenants: Arc<Tenants>,
    pub(super) tally: Arc<Tally>,
    pub(super) runtime: Handle,
}

/// The document kept changing under the writer.
#[derive(Debug, thiserror::Error)]
#[error("the document changed {ATTEMPTS} times while it was being written")]
struct Contended;

impl Writer {
    /// Works until nobody waits. Blocks.
    pub(super) fn work(&self) {
        let leaving = Leaving(&self.tenant);
        loop {
            let batch: Vec<Waiting> = {
                let mut queue = self.tenant.queue();
                if queue.waiting.is_empty() {
                    queue.has_writer = false;
                    break;
                }
                queue.waiting.drain(..).collect()
            };
            let (commits, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.commit, waiting.answer)).unzip();
            let outcomes = self.commit_all(&commits);
            self.tally.answered(&outcomes);
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Whoever stopped waiting does not want to know.
                let _ = answer.send(outcome);
            }
        }
        std::mem::forget(leaving);
    }

    fn commit_all(&self, commits: &[Commit]) -> Vec<Outcome> {
        let all = |error: &CommitError| commits.iter().map(|_| Err(error.clone())).collect();
        for _ in 0..ATTEMPTS {
            let snapshot = match self.fresh() {
                Ok(snapshot) => snapshot,
                Err(error) => return all(&error),
            };
            let (Some(stored), Some(document)) = (snapshot.stored(), &snapshot.document) else {
                return all(&CommitError::Unavailable(Unavailable::new(Contended)));
            };
            let mut draft = Draft::of(document);
            let outcomes: Vec<Outcome> =
                commits.iter().map(|commit| commit_to(&mut draft, commit)).collect();
            if outcomes.iter().all(Result::is_err) {
                return outcomes;
            }
            let document = Arc::new(draft.finish());
            let write = self.documents.write(&self.id, &stored, document.bytes().clone());
            let began = Instant::now();
            let written = self.runtime.block_on(write);
            self.tally.wrote(began.elapsed());
            match written {
                Ok(version) => {
                    let snapshot = Arc::new(Snapshot::good(document, version));
                    self.tenant.latest.publish_written(Arc::clone(&snapshot));
                    self.tenants.weigh(&self.id, &self.tenant, snapshot.weigh());
                    self.tally.batched(outcomes.iter().filter(|outcome| outcome.is_ok()).count());
                    self.faults.end(&self.id, Area::Writing);
                    return outcomes;
                }
                Err(WriteError::Conflict) => self.tally.conflicted(),
                Err(error) => return self.failed(error, &snapshot, outcomes),
            }
        }
        all(&CommitError::Unavailable(Unavailable::new(Contended)))
    }

    /// The document as it is now, if it may be replaced.
    fn fresh(&self) -> Result<Arc<Snapshot>, CommitError> {
        let started = Instant::now();
        loop {
            let refresh =
                self.tenant.refresh(&self.id, &*self.documents, &self.faults, &self.tally);
            let snapshot = self.runtime.block_on(refresh).map_err(|error| match error {
                ReadError::NoSuchTenant => {
                    self.tenants.forget(&self.id);
                    CommitError::NoSuchTenant
                }
                ReadError::Unavailable(cause) => CommitError::Unavailable(cause),
            })?;
            match &snapshot.fault {
                None => return Ok(snapshot),
                // An editor is about to write: what it writes comes first.
                Some(fault) if fault.is::<JustEmptied>() && started.elapsed() < 2 * STAYS_EMPTY => {
                    std::thread::sleep(PAUSE);
                }
                Some(fault) => return Err(CommitError::Unavailable(fault.clone())),
            }
        }
    }

    /// Nothing was written, or nobody knows. What was refused by its own judgement stays so.
    fn failed(&self, error: WriteError, was: &Snapshot, outcomes: Vec<Outcome>) -> Vec<Outcome> {
        let told = in_full(&error);
        let error = match error {
            WriteError::NoSuchTenant => CommitError::NoSuchTenant,
            WriteError::Conflict => CommitError::Unavailable(Unavailable::new(Contended)),
            WriteError::Refused(cause) => {
                tracing::error!(tenant.id = %self.id, fault = told, "a change was not written");
                CommitError::Unavailable(Unavailable::new(cause))
            }
            WriteError::Uncertain(cause) => {
                self.faults.begin(&self.id, Area::Writing, told);
                // Whatever is on disk is what counts from here on.
                let unread = Snapshot { version: None, ..was.clone() };
                self.tenant.latest.publish_written(Arc::new(unread));
                CommitError::Uncertain(Unavailable::new(cause))
            }
        };
        outcomes.into_iter().map(|outcome| outcome.and(Err(error.clone()))).collect()
    }
}

fn commit_to(draft: &mut Draft, commit: &Commit) -> Outcome {
    let change = draft.keyring().judge(&commit.edit, &commit.precondition)?;
    draft
        .make(&change)
        .map_err(|NotEditable { line, reason }| CommitError::NotEditable { line, reason })?;
    Ok(Committed { key: Arc::clone(change.key()) })
}

/// Makes room for another writer if this one comes to a sudden end.
struct Leaving<'t>(&'t Tenant);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.has_writer = false;
        queue.waiting.clear();
    }
}
