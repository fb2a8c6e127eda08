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
use crate::storage::document::{Document, Draft, NotEditable};
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

/// What would be written does not say what was meant.
#[derive(Debug, thiserror::Error)]
#[error("the document does not read back as the changes were meant")]
struct Misread;

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
        let mut conflicting = None;
        for _ in 0..ATTEMPTS {
            let snapshot = match self.fresh() {
                Ok(snapshot) => snapshot,
                Err(error) => return all(&error),
            };
            let (Some(stored), Some(document)) = (snapshot.stored(), &snapshot.document) else {
                return all(&CommitError::Unavailable(Unavailable::new(Contended)));
            };
            let (made, outcomes) = make_all(document, commits);
            if outcomes.iter().all(Result::is_err) {
                return outcomes;
            }
            let Some(made) = made else {
                return all(&CommitError::Unavailable(Unavailable::new(Misread)));
            };
            let document = Arc::new(made);
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
                Err(WriteError::Conflict) => {
                    self.tally.conflicted();
                    if conflicting.replace(stored.version) == Some(stored.version) {
                        // Changed twice, and no version told: it has to be read.
                        self.unread(&snapshot);
                    }
                }
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
                CommitError::Unavailable(cause.into())
            }
            WriteError::Uncertain(cause) => {
                self.faults.begin(&self.id, Area::Writing, told);
                // Whatever is on disk is what counts from here on.
                self.unread(was);
                CommitError::Uncertain(Unavailable::new(cause))
            }
        };
        outcomes.into_iter().map(|outcome| outcome.and(Err(error.clone()))).collect()
    }

    /// Lets the next look at the document be a reading.
    fn unread(&self, was: &Snapshot) {
        let unread = Snapshot { version: None, ..was.clone() };
        self.tenant.latest.publish_written(Arc::new(unread));
    }
}

/// Every commit made on a document, one after another, with the outcome of each.
fn make_all(document: &Document, commits: &[Commit]) -> (Option<Document>, Vec<Outcome>) {
    let mut draft = Draft::of(document);
    let outcomes = commits.iter().map(|commit| commit_to(&mut draft, commit)).collect();
    if let Some(made) = draft.finish() {
        return (Some(made), outcomes);
    }
    // One of them does not read back as it was meant: each by itself, so that the others are made.
    let mut draft = Draft::careful(document);
    let outcomes = commits.iter().map(|commit| commit_to(&mut draft, commit)).collect();
    (draft.finish(), outcomes)
}

fn commit_to(draft: &mut Draft, commit: &Commit) -> Outcome {
    commit.right.judge(draft.keyring(), &commit.edit)?;
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use bytes::Bytes;

    use crate::domain::{
        ApiKey, Commit, Digest, KeyName, KeyRepository as _, KeyringEdit, Precondition, Right,
        Scopes, TenantId,
    };
    use crate::storage::Store;
    use crate::storage::document_store::{
        CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument,
        Version, WriteError,
    };

    /// One document, whose states all have one version, as a file's have within a tick of its clock.
    #[derive(Default)]
    struct OneVersion(Mutex<Bytes>);

    const VERSION: Version = Version::new([1; Version::NUMBERS]);

    impl DocumentStore for OneVersion {
        fn read<'a>(
            &'a self,
            _: &'a TenantId,
            known: Option<&Version>,
        ) -> StoreFuture<'a, Reading, DocumentError> {
            let bytes = self.0.lock().unwrap().clone();
            let found = StoredDocument { bytes, version: VERSION, unchanged_for: Duration::MAX };
            StoreFuture::ready(Ok(match known {
                Some(_) => Reading::Unchanged,
                None => Reading::Found(found),
            }))
        }

        fn write<'a>(
            &'a self,
            _: &'a TenantId,
            expected: &'a StoredDocument,
            bytes: Bytes,
        ) -> StoreFuture<'a, Version, WriteError> {
            let mut document = self.0.lock().unwrap();
            if *document != expected.bytes {
                return StoreFuture::ready(Err(WriteError::Conflict));
            }
            *document = bytes;
            StoreFuture::ready(Ok(VERSION))
        }

        fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
            StoreFuture::ready(Ok(Vec::new()))
        }

        fn create_tenant<'a>(&'a self, _: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
            StoreFuture::ready(Err(CreateTenantError::Exists))
        }

        fn locate(&self, _: &TenantId) -> String {
            "the document".to_owned()
        }
    }

    #[tokio::test]
    async fn a_change_that_no_version_tells_is_kept() {
        let documents = Arc::new(OneVersion::default());
        let store = Store::new(Arc::clone(&documents) as Arc<_>).unwrap();
        let commit = |name: &str| Commit {
            tenant: TenantId::parse("t").unwrap(),
            edit: KeyringEdit::Create(ApiKey {
                name: KeyName::parse(name).unwrap(),
                enabled: true,
                scopes: Scopes::parse(&["x"]).unwrap(),
                digest: Digest::of(name.as_bytes()),
            }),
            precondition: Precondition::default(),
            right: Right::Operator,
        };
        store.commit(commit("one")).await.unwrap();
        let text = String::from_utf8(documents.0.lock().unwrap().to_vec()).unwrap();
        *documents.0.lock().unwrap() = Bytes::from(format!("# theirs\n{text}"));
        store.commit(commit("two")).await.unwrap();
        let text = String::from_utf8(documents.0.lock().unwrap().to_vec()).unwrap();
        assert!(text.starts_with("# theirs\n") && text.contains("name: two"), "{text}");
    }
}
