//! Records of a tenant's changes, made by its writer: what goes into the log with a batch, and what is
//! found to have changed by other means.
//!
//! Invariant: where a log is kept, no change is acknowledged whose record is not in it.

use std::sync::Arc;

use super::Shared;
use super::audit_actions::{KeyAction, action_of_kind};
use super::freshness::Freshness;
use super::loaded_tenant::LoadedTenant;
use super::queue::{CommitQueue, CommitResult, QueuedCommit};
use super::snapshot::Snapshot;
use super::tenant_faults::FaultKind;
use super::writer::Writer;
use crate::audit::{Action, DocumentChange, DocumentState, Event, Refusal, Subject};
use crate::causes::in_full;
use crate::domain::{Actor, CommitError, Initiator, Keyring, RefusedChange, TenantId};
use crate::storage::document::Document;
use crate::storage::document_store::{
    AuditLog, DocumentError, DocumentLock, LogEntry, LogHead, StoredDocument, WriteError,
};
use crate::storage::found_change::found_change;
use crate::storage::log_draft::LogDraft;

impl Shared {
    /// The log, if one is kept.
    pub(super) fn audit_log(&self) -> Option<&dyn AuditLog> {
        if self.audit.enabled { self.documents.audit_log() } else { None }
    }

    /// Whether a document is another than the log told of last, as far as can be told without a turn.
    pub(super) async fn is_unrecorded(&self, tenant: &TenantId, found: DocumentState) -> bool {
        let Some(log) = self.audit_log() else { return false };
        match log.read_end(tenant).await {
            // A log that was never begun begins with the first change.
            Ok(end) if end.head.size == 0 && !end.goes_on => false,
            Ok(end) => end.goes_on || end.head.document.unwrap_or(DocumentState::Absent) != found,
            // A change will say so.
            Err(_) => false,
        }
    }

    /// Asks a tenant's writer for something, and starts one where none is at work.
    pub(super) fn ask_writer(
        self: &Arc<Self>,
        tenant: Arc<LoadedTenant>,
        ask: impl FnOnce(&mut CommitQueue),
    ) {
        let needs_writer = {
            let mut queue = tenant.queue();
            ask(&mut queue);
            !std::mem::replace(&mut queue.has_writer, true)
        };
        if needs_writer {
            let writer = Writer { tenant, shared: Arc::clone(self) };
            drop(self.background.spawn_to_end(writer.work()));
        }
    }

    /// Records by and by what somebody changed by other means, if a document that was loaded is not the
    /// last one in the log.
    pub(super) fn look_for_changes(
        self: &Arc<Self>,
        tenant: &Arc<LoadedTenant>,
        loaded: &Snapshot,
    ) {
        let Some(stored) = loaded.stored().filter(|_| self.audit_log().is_some()) else { return };
        let (shared, tenant) = (Arc::clone(self), Arc::clone(tenant));
        drop(self.background.spawn(async move {
            let state = stored.state();
            let is_known = tenant.recorded().last.as_ref().is_some_and(|last| last.0 == state);
            if is_known || !shared.is_unrecorded(&tenant.id, state).await {
                return;
            }
            shared.ask_writer(tenant, CommitQueue::ask_to_look);
        }));
    }

    fn event(&self, tenant: &LoadedTenant, initiator: Initiator, action: Action) -> Event {
        Event {
            at: self.clock.since_epoch(),
            initiator,
            tenant: tenant.id.clone(),
            subject: Subject::Tenant,
            action,
            refusal: None,
            document: None,
            plan: None,
        }
    }
}

impl Writer {
    /// Looks whether the document is in the log, and records it if somebody changed it by other means; and
    /// changes that were refused before they were asked for.
    pub(super) async fn look(&self, turn: &DocumentLock, refused: Vec<RefusedChange>) {
        let draft = self.draft().await;
        let Ok(snapshot) = self.fresh_for(draft.as_ref().ok(), Freshness::Fresh).await else {
            return;
        };
        let (Some(stored), Some(document)) = (snapshot.stored(), &snapshot.document) else {
            return;
        };
        let draft = self.up_to_date(draft, &stored, document, &[]).await;
        let entry = draft.map(|draft| {
            let mut draft = draft?;
            for refused in refused {
                self.tell_refused(&mut draft, refused);
            }
            draft.finish(self.shared.audit.key())
        });
        let state = entry.as_ref().ok().and_then(|entry| entry.as_ref()?.head.document);
        if self.append(turn, entry).await
            && let Some(state) = state
        {
            self.recorded(turn, document, state).await;
        }
    }

    /// Nothing yet, behind the end of the log; nothing at all where no log is kept.
    pub(super) async fn draft(&self) -> Result<Option<LogDraft>, DocumentError> {
        let Some(log) = self.shared.audit_log() else { return Ok(None) };
        LogDraft::at_end(log, &self.tenant.id).await.map(Some)
    }

    /// The document as it is now, read after the end of the log: who appends where that was the end knows of
    /// every change that was recorded before.
    pub(super) async fn fresh_for(
        &self,
        draft: Option<&Option<LogDraft>>,
        demand: Freshness,
    ) -> Result<Arc<Snapshot>, CommitError> {
        let snapshot = self.fresh(demand).await?;
        let Some(Some(draft)) = draft else { return Ok(snapshot) };
        let known = snapshot.stored().zip(snapshot.document.as_ref());
        let state = known.map(|(stored, document)| state_of(&stored, document));
        if demand == Freshness::Newest || state == draft.document() {
            return Ok(snapshot);
        }
        self.fresh(Freshness::Newest).await
    }

    /// The lines of a batch on a document, with what is found to have changed before; nothing where no
    /// log is kept, or there is nothing to say. `after` is the document with those that were not
    /// refused, `undone` the heads that the log could have with this batch as it could not be made before.
    pub(super) async fn entry(
        &self,
        draft: Result<Option<LogDraft>, DocumentError>,
        stored: &StoredDocument,
        present: &Arc<Document>,
        after: Option<&Document>,
        told: &[(&QueuedCommit, &CommitResult, &Vec<KeyAction>)],
        undone: &[LogHead],
    ) -> Result<Option<LogEntry>, DocumentError> {
        let Some(mut draft) = self.up_to_date(draft, stored, present, undone).await? else {
            return Ok(None);
        };
        let before = state_of(stored, present);
        let document = after.map(|after| DocumentChange { before, after: after.state() });
        for (waiting, outcome, actions) in told {
            self.tell(&mut draft, waiting, outcome, actions, document);
        }
        Ok(draft.finish(self.shared.audit.key()))
    }

    /// The outcome of the last changes, and the changes by other means.
    async fn up_to_date(
        &self,
        draft: Result<Option<LogDraft>, DocumentError>,
        stored: &StoredDocument,
        present: &Arc<Document>,
        undone: &[LogHead],
    ) -> Result<Option<LogDraft>, DocumentError> {
        let (Some(log), Some(mut draft)) = (self.shared.audit_log(), draft?) else {
            return Ok(None);
        };
        let (state, now) = (state_of(stored, present), self.shared.clock.since_epoch());
        draft.settle(state, undone, now);
        self.find_changes(log, &mut draft, state, present.keyring()).await?;
        let left_out = self.tenant.recorded().refusals.take_left_out(now);
        if left_out > 0 {
            let service = Initiator::of(Actor::SERVICE);
            draft.push(&self.shared.event(&self.tenant, service, Action::Refusals(left_out)));
        }
        Ok(Some(draft))
    }

    /// Tells of a document that is another than the last one in the log.
    async fn find_changes(
        &self,
        log: &dyn AuditLog,
        draft: &mut LogDraft,
        present: DocumentState,
        keyring: &Arc<Keyring>,
    ) -> Result<(), DocumentError> {
        let recorded = self.tenant.recorded().last.clone();
        let known = recorded.filter(|it| Some(it.0) == draft.document()).map(|it| it.1);
        if let Some((action, document)) =
            found_change(log, &self.tenant.id, draft, known, present, Some(keyring)).await?
        {
            let event = self.shared.event(&self.tenant, Initiator::of(Actor::FILE), action);
            draft.push(&Event { document: Some(document), ..event });
        }
        Ok(())
    }

    fn tell(
        &self,
        draft: &mut LogDraft,
        waiting: &QueuedCommit,
        outcome: &CommitResult,
        actions: &[KeyAction],
        document: Option<DocumentChange>,
    ) {
        let commit = &waiting.commit;
        let plan = commit.together.as_ref().map(|_| draft.plan());
        for (key, action) in actions {
            let event = self.shared.event(&self.tenant, commit.initiator.clone(), action.clone());
            let subject = Subject::Key(key.clone());
            self.tell_one(draft, outcome, Event { subject, plan: plan.clone(), ..event }, document);
        }
    }

    fn tell_one(
        &self,
        draft: &mut LogDraft,
        outcome: &CommitResult,
        event: Event,
        document: Option<DocumentChange>,
    ) {
        match outcome {
            Ok(_) => draft.push(&Event { document, ..event }),
            Err(error) if event.initiator.actor.is_caller() => {
                let Some(refusal) = refusal(error) else { return };
                if self.shared.has_line(&self.tenant) {
                    draft.push(&Event { refusal: Some(refusal), ..event });
                }
            }
            Err(_) => {}
        }
    }

    fn tell_refused(&self, draft: &mut LogDraft, refused: RefusedChange) {
        let RefusedChange { key, kind, reason, initiator, .. } = refused;
        let event = self.shared.event(&self.tenant, initiator, action_of_kind(kind));
        let subject = key.map_or(Subject::Tenant, Subject::Key);
        draft.push(&Event { subject, refusal: Some(Refusal(reason)), ..event });
    }

    /// Appends what tells of no document that is to be written. Says whether it is in the log.
    pub(super) async fn append(
        &self,
        turn: &DocumentLock,
        entry: Result<Option<LogEntry>, DocumentError>,
    ) -> bool {
        let Some(log) = self.shared.audit_log() else { return false };
        let appended = match entry {
            Ok(None) => return true,
            Ok(Some(entry)) => {
                let appended = log.append(turn, &self.tenant.id, &entry).await;
                appended.inspect(|()| self.appended(&entry))
            }
            Err(error) => Err(WriteError::Refused(error)),
        };
        match appended {
            Ok(()) => {
                self.shared.faults.end(&self.tenant.id, FaultKind::Recording);
                true
            }
            Err(error) => {
                self.shared.faults.begin(&self.tenant.id, FaultKind::Recording, in_full(&error));
                false
            }
        }
    }

    /// Takes note that lines are in the log.
    pub(super) fn appended(&self, entry: &LogEntry) {
        self.tenant.recorded().refusals.told();
        entry.tell(&self.tenant.id);
    }

    /// Takes note that a document is in the log, and keeps a copy of it while nobody waits.
    pub(super) async fn recorded(
        &self,
        turn: &DocumentLock,
        document: &Arc<Document>,
        state: DocumentState,
    ) {
        let Some(log) = self.shared.audit_log() else { return };
        self.tenant.recorded().last = Some((state, Arc::clone(document.keyring())));
        if self.tenant.queue().is_empty()
            && let Err(error) = log.remember(turn, &self.tenant.id, document.bytes()).await
        {
            tracing::debug!(tenant.id = %self.tenant.id, %error, "no copy of the document is kept");
        }
    }
}

/// The state of a stored document that was read as this one.
fn state_of(stored: &StoredDocument, document: &Document) -> DocumentState {
    if stored.version.is_absent() { DocumentState::Absent } else { document.state() }
}

/// The reason of a refusal by a rule; none where it was not refused, or by no rule.
fn refusal(error: &CommitError) -> Option<Refusal> {
    match error {
        CommitError::NotAllowed(reason) => Some(Refusal(in_full(reason))),
        CommitError::Edit(reason) => Some(Refusal(in_full(reason))),
        CommitError::NotEditable { .. } => Some(Refusal(in_full(error))),
        CommitError::NoSuchTenant
        | CommitError::Unavailable(_)
        | CommitError::CallerGone
        | CommitError::Uncertain(_) => None,
    }
}
