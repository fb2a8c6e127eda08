//! Tenants that are made, copied to or taken away, with their records.

use std::time::Duration;

use bytes::Bytes;

use super::document_store::{
    AuditLog, CreateTenantError, DocumentError, DocumentLock, DocumentStore, LogEntry, LogHead,
    Reading, StoredDocument, Version, WriteError,
};
use super::found_change::{found_change, keys_in};
use super::log_draft::LogDraft;
use crate::audit::{Action, DocumentChange, DocumentState, Event, KeyringChange, Subject};
use crate::causes::in_full;
use crate::domain::{Actor, Initiator, TenantId};
use crate::transparency::SigningKey;

/// How long a tenant's turn is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever does something to a tenant as a whole, and records it.
pub(super) struct TenantEvents<'d> {
    pub(super) documents: &'d dyn DocumentStore,
    /// The log, if one is kept.
    pub(super) log: Option<&'d dyn AuditLog>,
    /// Gives the key that signs. Asked for it under the tenant's lock, which makes the folder that it is in.
    pub(super) key: &'d (dyn Fn() -> Option<&'d SigningKey> + Sync),
    pub(super) tenant: &'d TenantId,
    pub(super) initiator: Initiator,
    /// The time since the Unix epoch.
    pub(super) at: Duration,
}

/// The log of a tenant, and the turn to append to it.
struct Turn<'d> {
    log: &'d dyn AuditLog,
    lock: DocumentLock,
}

impl<'d> TenantEvents<'d> {
    /// Makes the tenant.
    pub(super) async fn create(&self) -> Result<(), CreateTenantError> {
        let (documents, tenant, failed) = (self.documents, self.tenant, CreateTenantError::Failed);
        let Some(turn) = self.turn().await.map_err(failed)? else {
            return documents.create_tenant(tenant).await;
        };
        let mut draft = LogDraft::at_end(turn.log, tenant).await.map_err(failed)?;
        // After the end of the log, as whoever has no lock must.
        let read = documents.read_newest(tenant, None).await.map_err(failed)?;
        if !matches!(read, Reading::NoSuchTenant) {
            // What stands in its place, the store says.
            return documents.create_tenant(tenant).await;
        }
        if let Some(line) = draft.last_creation() {
            draft.take_back(line, line, self.at);
        }
        let absent = StoredDocument::absent(Duration::MAX);
        let nothing = DocumentState::Absent;
        self.find(turn.log, &mut draft, &absent, &[]).await.map_err(failed)?;
        let change = DocumentChange { before: nothing, after: nothing };
        let entry = self.entry(draft, Action::CreateTenant, change);
        self.append(&turn, &entry).await.map_err(failed)?;
        let made = documents.create_tenant(tenant).await;
        if let Err(error) = &made {
            let is_there = matches!(error, CreateTenantError::Exists);
            self.take_back_creation(&turn, &entry, is_there).await;
        }
        made
    }

    /// Puts a document of another store in the place of the one that is expected.
    pub(super) async fn replace(
        &self,
        expected: &StoredDocument,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        let (documents, tenant) = (self.documents, self.tenant);
        let Some(turn) = self.turn().await.map_err(WriteError::Refused)? else {
            return documents.write(tenant, expected, bytes).await;
        };
        let draft = self.draft_on(&turn, expected).await?;
        let keys = keys_in(&expected.bytes).zip(keys_in(&bytes));
        let copied = Action::Copy(keys.map(|(old, new)| KeyringChange::of(&old, &new)));
        let after = DocumentState::of(&bytes);
        let entry = self.entry(draft, copied, DocumentChange { before: expected.state(), after });
        let written = turn.log.write(&turn.lock, tenant, expected, bytes.clone(), &entry).await;
        match &written {
            Ok(_) => {
                entry.tell(tenant);
                if let Err(error) = turn.log.remember(&turn.lock, tenant, &bytes).await {
                    tracing::debug!(tenant.id = %tenant, %error, "no copy of the document is kept");
                }
            }
            Err(WriteError::Conflict | WriteError::NoSuchTenant | WriteError::Refused(_)) => {
                self.settle(&turn, &entry.head).await;
            }
            Err(WriteError::Uncertain(_)) => {}
        }
        written
    }

    /// Takes the tenant away with the document that is expected.
    pub(super) async fn remove(&self, expected: &StoredDocument) -> Result<(), WriteError> {
        let (documents, tenant) = (self.documents, self.tenant);
        let Some(turn) = self.turn().await.map_err(WriteError::Refused)? else {
            return documents.remove_tenant(tenant, expected).await;
        };
        let draft = self.draft_on(&turn, expected).await?;
        let change = DocumentChange { before: expected.state(), after: DocumentState::Absent };
        let entry = self.entry(draft, Action::DeleteTenant, change);
        self.append(&turn, &entry).await.map_err(WriteError::Refused)?;
        let removed = documents.remove_tenant_locked(&turn.lock, tenant, expected).await;
        if let Err(WriteError::Conflict | WriteError::Refused(_)) = removed {
            self.settle(&turn, &entry.head).await;
        }
        removed
    }

    /// The turn; none where no log is kept.
    async fn turn(&self) -> Result<Option<Turn<'d>>, DocumentError> {
        let Some(log) = self.log else { return Ok(None) };
        let lock = self.documents.lock(self.tenant, PATIENCE).await?;
        Ok(Some(Turn { log, lock }))
    }

    /// The lines to append to the log of a document that is still the expected one.
    async fn draft_on(
        &self,
        turn: &Turn<'_>,
        expected: &StoredDocument,
    ) -> Result<LogDraft, WriteError> {
        let refused = WriteError::Refused;
        let mut draft = LogDraft::at_end(turn.log, self.tenant).await.map_err(refused)?;
        // After the end of the log, as whoever has no lock must.
        match self.documents.read_newest(self.tenant, None).await.map_err(refused)? {
            Reading::Found(found) if found.state() == expected.state() => {}
            Reading::NoSuchTenant => return Err(WriteError::NoSuchTenant),
            Reading::Found(_)
            | Reading::Unchanged
            | Reading::Confirmed(_)
            | Reading::BeingAcknowledged => return Err(WriteError::Conflict),
        }
        self.find(turn.log, &mut draft, expected, &[]).await.map_err(refused)?;
        Ok(draft)
    }

    /// Tells of changes that were not made, and of a document that was changed by other means.
    async fn find(
        &self,
        log: &dyn AuditLog,
        draft: &mut LogDraft,
        present: &StoredDocument,
        undone: &[LogHead],
    ) -> Result<(), DocumentError> {
        let state = present.state();
        draft.settle(state, undone, self.at);
        let keys = keys_in(&present.bytes);
        let found = found_change(log, self.tenant, draft, None, state, keys.as_deref()).await?;
        if let Some((action, change)) = found {
            draft.push(&self.event(Initiator::of(Actor::FILE), action, change));
        }
        Ok(())
    }

    #[expect(clippy::expect_used, reason = "an event was pushed")]
    fn entry(&self, mut draft: LogDraft, action: Action, change: DocumentChange) -> LogEntry {
        draft.push(&self.event(self.initiator.clone(), action, change));
        draft.finish((self.key)()).expect("a draft with an event has lines")
    }

    async fn append(&self, turn: &Turn<'_>, entry: &LogEntry) -> Result<(), DocumentError> {
        match turn.log.append(&turn.lock, self.tenant, entry).await {
            Ok(()) => {
                entry.tell(self.tenant);
                Ok(())
            }
            Err(WriteError::Refused(error) | WriteError::Uncertain(error)) => Err(error),
            Err(WriteError::Conflict | WriteError::NoSuchTenant) => {
                Err(DocumentError::Restless { location: turn.log.locate_line(self.tenant, 0) })
            }
        }
    }

    /// Says of a creation that it was not done. Where the tenant is there all the same, somebody else made it,
    /// and what was said of that is taken back as well.
    async fn take_back_creation(&self, turn: &Turn<'_>, entry: &LogEntry, is_there: bool) {
        let take_back = async {
            let mut draft = LogDraft::at_end(turn.log, self.tenant).await?;
            let last = entry.head.size - 1;
            if draft.last_creation() == Some(last) {
                let first = if is_there { entry.after.size } else { last };
                draft.take_back(first, last, self.at);
            }
            self.append_rest(turn, draft).await
        };
        self.tell(take_back.await);
    }

    /// Says of changes that they were not made, and what the document is.
    async fn settle(&self, turn: &Turn<'_>, undone: &LogHead) {
        let settle = async {
            let mut draft = LogDraft::at_end(turn.log, self.tenant).await?;
            if let Reading::Found(present) = self.documents.read_newest(self.tenant, None).await? {
                self.find(turn.log, &mut draft, &present, std::slice::from_ref(undone)).await?;
            }
            self.append_rest(turn, draft).await
        };
        self.tell(settle.await);
    }

    async fn append_rest(&self, turn: &Turn<'_>, draft: LogDraft) -> Result<(), DocumentError> {
        match draft.finish((self.key)()) {
            Some(entry) => self.append(turn, &entry).await,
            None => Ok(()),
        }
    }

    /// The next change makes good what could not be written now.
    fn tell(&self, written: Result<(), DocumentError>) {
        if let Err(error) = written {
            let fault = in_full(&error);
            tracing::warn!(
                tenant.id = %self.tenant,
                fault,
                "the audit log does not say yet that a change was not made; the next change says so"
            );
        }
    }

    fn event(&self, initiator: Initiator, action: Action, change: DocumentChange) -> Event {
        Event {
            at: self.at,
            initiator,
            tenant: self.tenant.clone(),
            subject: Subject::Tenant,
            action,
            refusal: None,
            document: Some(change),
            plan: None,
        }
    }
}
