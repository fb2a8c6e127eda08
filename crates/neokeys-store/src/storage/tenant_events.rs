//! Tenants that are made, copied or taken away, with their records.

use std::time::Duration;

use super::document_store::{
    AuditLog, CreateTenantError, DocumentError, DocumentLock, DocumentStore, Reading, WriteError,
};
use super::log_draft::LogDraft;
use crate::audit::{Action, DocumentChange, DocumentState, Event, Subject};
use crate::domain::{Initiator, TenantId};
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

impl TenantEvents<'_> {
    /// Makes the tenant.
    pub(super) async fn create(&self) -> Result<(), CreateTenantError> {
        let (documents, tenant) = (self.documents, self.tenant);
        let Some(log) = self.log else { return documents.create_tenant(tenant).await };
        let turn = documents.lock(tenant, PATIENCE).await.map_err(CreateTenantError::Failed)?;
        let read = documents.read(tenant, None).await.map_err(CreateTenantError::Failed)?;
        if !matches!(read, Reading::NoSuchTenant) {
            // What stands in its place, the store says.
            return documents.create_tenant(tenant).await;
        }
        let absent = DocumentState::Absent;
        let change = DocumentChange { before: absent, after: absent };
        let recorded = self.append(log, &turn, Action::CreateTenant, change).await;
        recorded.map_err(CreateTenantError::Failed)?;
        documents.create_tenant(tenant).await
    }

    async fn append(
        &self,
        log: &dyn AuditLog,
        turn: &DocumentLock,
        action: Action,
        change: DocumentChange,
    ) -> Result<(), DocumentError> {
        let mut draft = LogDraft::at_end(log, self.tenant).await?;
        draft.settle(change.before, false, self.at);
        draft.push(&self.event(action, change));
        let Some(entry) = draft.finish((self.key)()) else { return Ok(()) };
        match log.append(turn, self.tenant, &entry).await {
            Ok(()) => Ok(()),
            Err(WriteError::Refused(error) | WriteError::Uncertain(error)) => Err(error),
            Err(WriteError::Conflict | WriteError::NoSuchTenant) => {
                Err(DocumentError::Restless { location: log.locate_line(self.tenant, 0) })
            }
        }
    }

    fn event(&self, action: Action, change: DocumentChange) -> Event {
        Event {
            at: self.at,
            initiator: self.initiator.clone(),
            tenant: self.tenant.clone(),
            subject: Subject::Tenant,
            action,
            refusal: None,
            document: Some(change),
            plan: None,
        }
    }
}
