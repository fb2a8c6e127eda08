//! The one writer of a tenant: takes all the commits that wait, makes them one after another on one
//! draft, writes once, and gives each its own outcome.
//!
//! Invariants: an outcome is given only when what was written is durable, or when nothing of the
//! commit was written; what was judged on a document that changed meanwhile is judged again; what is
//! refused by a rule is refused on the newest document there is, since no write proves it so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Shared;
use super::applying::apply_each;
use super::audit_actions::KeyAction;
use super::freshness::Freshness;
use super::loaded_tenant::{JustEmptied, LoadedTenant, STAYS_EMPTY};
use super::queue::{CommitResult, QueuedCommit};
use super::refresh::PARSED_IN_PLACE;
use super::snapshot::Snapshot;
use super::tenant_faults::FaultKind;
use crate::causes::in_full;
use crate::domain::{CommitError, ReadError, Unavailable};
use crate::storage::document::Document;
use crate::storage::document_store::{DocumentError, DocumentLock, LogHead, Version, WriteError};

/// How often a document may change under the writer before it gives up.
const ATTEMPTS: usize = 100;
/// How long to wait before an empty document is looked at again.
const PAUSE: Duration = Duration::from_millis(10);

/// A writer at work.
pub(super) struct Writer {
    pub(super) tenant: Arc<LoadedTenant>,
    pub(super) shared: Arc<Shared>,
}

/// The document kept changing under the writer.
#[derive(Debug, thiserror::Error)]
#[error("the document changed {ATTEMPTS} times while it was being written")]
struct Contended;

/// The document that would be written does not say what was meant.
#[derive(Debug, thiserror::Error)]
#[error("the document does not read back as the changes were meant")]
struct Misread;

/// The outcomes of commits on one document.
struct Applied {
    outcomes: Vec<CommitResult>,
    /// The actions of each, done or refused.
    actions: Vec<Vec<KeyAction>>,
    /// The document with all that were not refused; none where all were.
    document: Option<Arc<Document>>,
}

/// The outcome of one attempt.
enum Attempt {
    /// Everybody has an answer.
    Answered,
    /// These have to be judged again, on a document as new as this.
    Again(Vec<QueuedCommit>, Freshness),
}

impl Writer {
    /// Works until nobody waits.
    pub(super) async fn work(self) {
        let leaving = Leaving(&self.tenant);
        while let Some(since) = self.wanted_since() {
            match self.turn(since).await {
                Ok(turn) => {
                    // Who waits for a slot can still be left by who asked.
                    let _slot = self.shared.write_slots.acquire().await;
                    let (batch, is_to_look, refused) = {
                        let mut queue = self.tenant.queue();
                        (queue.take(), queue.take_look(), std::mem::take(&mut queue.refused))
                    };
                    if is_to_look && batch.is_empty() || !refused.is_empty() {
                        self.look(&turn, refused).await;
                    }
                    self.commit_all(batch, &turn).await;
                }
                Err(refusal) => self.refuse(refusal).await,
            }
        }
        std::mem::forget(leaving);
    }

    /// Since when somebody waits. Where nobody does, the next who comes needs another writer.
    fn wanted_since(&self) -> Option<Instant> {
        let mut queue = self.tenant.queue();
        let oldest = queue.oldest();
        queue.has_writer = oldest.is_some();
        oldest
    }

    async fn commit_all(&self, mut batch: Vec<QueuedCommit>, turn: &DocumentLock) {
        let (mut conflicting, mut undone) = (None, Vec::new());
        let mut demand = Freshness::Fresh;
        if batch.is_empty() {
            return;
        }
        for _ in 0..ATTEMPTS {
            match self.attempt(batch, turn, demand, (&mut conflicting, &mut undone)).await {
                Attempt::Answered => return,
                Attempt::Again(left, newer) => (batch, demand) = (left, newer),
            }
        }
        self.answer_all(batch, &CommitError::Unavailable(Unavailable::new(Contended)));
    }

    async fn attempt(
        &self,
        mut batch: Vec<QueuedCommit>,
        turn: &DocumentLock,
        demand: Freshness,
        (conflicting, undone): (&mut Option<Version>, &mut Vec<LogHead>),
    ) -> Attempt {
        let draft = self.draft().await;
        let snapshot = match self.fresh_for(draft.as_ref().ok(), demand).await {
            Ok(snapshot) => snapshot,
            Err(error) => return self.answer_all(batch, &error),
        };
        let (Some(stored), Some(present)) = (snapshot.stored(), &snapshot.document) else {
            let error = CommitError::Unavailable(Unavailable::new(Contended));
            return self.answer_all(batch, &error);
        };
        batch.retain(QueuedCommit::begin);
        if batch.is_empty() {
            return Attempt::Answered;
        }
        let Some((batch, applied)) = self.apply(Arc::clone(present), batch).await else {
            return Attempt::Answered;
        };
        let Applied { outcomes, actions, document } = applied;
        let told: Vec<_> = batch
            .iter()
            .zip(&outcomes)
            .zip(&actions)
            .map(|((waiting, outcome), actions)| (waiting, outcome, actions))
            .collect();
        let Some(document) = document else {
            if demand == Freshness::Newest {
                let entry = self.entry(draft, &stored, present, None, &told, undone).await;
                self.append(turn, entry).await;
                return self.answer_each(batch, outcomes);
            }
            batch.iter().for_each(QueuedCommit::undo);
            return Attempt::Again(batch, Freshness::Newest);
        };
        let bytes = document.bytes().clone();
        let made = Some(&*document);
        let entry = self.entry(draft, &stored, present, made, &told, undone);
        let entry = match entry.await {
            Ok(entry) => entry,
            Err(error) => {
                let error = self.failed(WriteError::Refused(error));
                let outcomes = outcomes.into_iter().map(|outcome| outcome.and(Err(error.clone())));
                return self.answer_each(batch, outcomes.collect());
            }
        };
        let write = match (self.shared.audit_log(), &entry) {
            (Some(log), Some(entry)) => log.write(turn, &self.tenant.id, &stored, bytes, entry),
            _ => self.shared.documents.write_locked(turn, &self.tenant.id, &stored, bytes),
        };
        let _writing = self.tenant.writing.lock().await;
        let began = Instant::now();
        let written = write.await;
        self.shared.tally.wrote(began.elapsed());
        match written {
            Ok(version) => {
                let snapshot = Arc::new(Snapshot::good(document, version));
                self.tenant.latest.publish_written(Arc::clone(&snapshot));
                self.shared.tenants.weigh(&self.tenant, snapshot.footprint());
                let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
                self.shared.tally.batches.observe(done as u64);
                self.shared.faults.end(&self.tenant.id, FaultKind::Writing);
                self.shared.faults.end(&self.tenant.id, FaultKind::Recording);
                entry.iter().for_each(|entry| self.appended(entry));
                let answered = self.answer_each(batch, outcomes);
                let state = entry.and_then(|entry| entry.head.document);
                if let (Some(state), Some(document)) = (state, &snapshot.document) {
                    self.recorded(turn, document, state).await;
                }
                answered
            }
            Err(WriteError::Conflict) => {
                self.shared.tally.conflicts.increment();
                if conflicting.replace(stored.version.clone()) == Some(stored.version) {
                    // Changed twice, and no version told: it has to be read.
                    self.tenant.latest.demand_reading();
                }
                undone.extend(entry.map(|entry| entry.head));
                batch.iter().for_each(QueuedCommit::undo);
                Attempt::Again(batch, Freshness::Fresh)
            }
            Err(error) => {
                let error = self.failed(error);
                // What was refused by its own judgement stays so.
                let outcomes = outcomes.into_iter().map(|outcome| outcome.and(Err(error.clone())));
                self.answer_each(batch, outcomes.collect())
            }
        }
    }

    /// Applies all, one after another on one draft. None if that came to a sudden end.
    async fn apply(
        &self,
        document: Arc<Document>,
        batch: Vec<QueuedCommit>,
    ) -> Option<(Vec<QueuedCommit>, Applied)> {
        let is_small = document.bytes().len() <= PARSED_IN_PLACE;
        let clock = Arc::clone(&self.shared.clock);
        let work = move || {
            let (made, mut outcomes, actions) = apply_each(&document, &batch, clock.now());
            let is_changed = outcomes.iter().any(Result::is_ok);
            let document = made.filter(|_| is_changed).map(Arc::new);
            if document.is_none() {
                let misread = || CommitError::Unavailable(Unavailable::new(Misread));
                outcomes = outcomes.into_iter().map(|it| it.and_then(|_| Err(misread()))).collect();
            }
            (batch, Applied { outcomes, actions, document })
        };
        if is_small { Some(work()) } else { self.shared.background.block(work).await }
    }

    /// The document as it is now, if it may be replaced.
    pub(super) async fn fresh(&self, demand: Freshness) -> Result<Arc<Snapshot>, CommitError> {
        if let (Freshness::Fresh, Some(snapshot)) = (demand, self.shared.unchanged(&self.tenant)) {
            return Ok(snapshot);
        }
        let started = Instant::now();
        loop {
            let refresh = self.shared.refresh(&self.tenant, demand).await;
            let snapshot = refresh.map_err(|error| match error {
                ReadError::NoSuchTenant => {
                    self.shared.forget(&self.tenant.id);
                    CommitError::NoSuchTenant
                }
                ReadError::Unavailable(cause) => CommitError::Unavailable(cause),
            })?;
            match &snapshot.fault {
                None => return Ok(snapshot),
                // An editor is about to write: what it writes comes first.
                Some(fault) if fault.is::<JustEmptied>() && started.elapsed() < 2 * STAYS_EMPTY => {
                    tokio::time::sleep(PAUSE).await;
                }
                Some(fault) => return Err(CommitError::Unavailable(fault.clone())),
            }
        }
    }

    /// Nothing was written, or nobody knows.
    fn failed(&self, error: WriteError) -> CommitError {
        let told = in_full(&error);
        match error {
            WriteError::NoSuchTenant => CommitError::NoSuchTenant,
            WriteError::Conflict => CommitError::Unavailable(Unavailable::new(Contended)),
            WriteError::Refused(
                cause @ (DocumentError::LogUnwritable(_) | DocumentError::LogDamaged { .. }),
            ) => {
                self.shared.faults.begin(&self.tenant.id, FaultKind::Recording, told);
                CommitError::Unavailable(cause.into())
            }
            WriteError::Refused(cause) => {
                tracing::error!(tenant.id = %self.tenant.id, fault = told, "a change could not be written");
                CommitError::Unavailable(cause.into())
            }
            WriteError::Uncertain(cause) => {
                self.shared.faults.begin(&self.tenant.id, FaultKind::Writing, told);
                // Whatever is on disk is what counts from here on.
                self.tenant.latest.demand_reading();
                CommitError::Uncertain(Unavailable::new(cause))
            }
        }
    }

    pub(super) fn answer(&self, waiting: QueuedCommit, outcome: CommitResult) {
        self.shared.tally.answered(&outcome);
        waiting.answer(outcome);
    }

    fn answer_each(&self, batch: Vec<QueuedCommit>, outcomes: Vec<CommitResult>) -> Attempt {
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            self.answer(waiting, outcome);
        }
        Attempt::Answered
    }

    fn answer_all(&self, batch: Vec<QueuedCommit>, error: &CommitError) -> Attempt {
        batch.into_iter().for_each(|waiting| self.answer(waiting, Err(error.clone())));
        Attempt::Answered
    }
}

/// Makes room for another writer if this one comes to a sudden end.
struct Leaving<'t>(&'t LoadedTenant);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.has_writer = false;
        queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use bytes::Bytes;

    use crate::domain::{
        Actor, ApiKey, Commit, Digest, Initiator, KeyName, KeyRepository as _, KeyringEdit,
        Precondition, Right, Scopes, TenantId,
    };
    use crate::storage::DocumentRepository;
    use crate::storage::document_store::{
        CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument,
        Version, WriteError,
    };

    /// One document, whose states all have one version, as a file's have within a tick of its clock.
    #[derive(Default)]
    struct OneVersion(Mutex<Bytes>);

    impl DocumentStore for OneVersion {
        fn read<'a>(
            &'a self,
            _: &'a TenantId,
            known: Option<&Version>,
        ) -> StoreFuture<'a, Reading, DocumentError> {
            let bytes = self.0.lock().unwrap().clone();
            let found =
                StoredDocument { bytes, version: Version::of(1), unchanged_for: Duration::MAX };
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
            StoreFuture::ready(Ok(Version::of(1)))
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
        let store = DocumentRepository::new(Arc::clone(&documents) as Arc<_>).unwrap();
        let commit = |name: &str| Commit {
            tenant: TenantId::parse("t").unwrap(),
            edit: KeyringEdit::Create(ApiKey::new(
                KeyName::parse(name).unwrap(),
                true,
                Scopes::parse(&["x"]).unwrap(),
                Digest::of(name.as_bytes()),
            )),
            together: None,
            precondition: Precondition::default(),
            right: Right::Operator,
            initiator: Initiator::of(Actor::SERVICE),
            asked_at: Instant::now(),
        };
        store.commit(commit("one")).await.unwrap();
        let text = String::from_utf8(documents.0.lock().unwrap().to_vec()).unwrap();
        *documents.0.lock().unwrap() = Bytes::from(format!("# theirs\n{text}"));
        store.commit(commit("two")).await.unwrap();
        let text = String::from_utf8(documents.0.lock().unwrap().to_vec()).unwrap();
        assert!(text.starts_with("# theirs\n") && text.contains("name: two"), "{text}");
    }
}
