//! Tenants of a store, as a whole: listed, made, and copied to it or taken away.

use super::{DocumentRepository, Shared};
use crate::domain::{Actor, Initiator, TenantId};
use crate::storage::copy::{Copied, CopyError, CopyOptions, copy};
use crate::storage::document_store::{CreateTenantError, DocumentError, DocumentStore};
use crate::storage::tenant_events::TenantEvents;
use crate::transparency::SigningKey;

impl DocumentRepository {
    /// The tenants there are, in order.
    ///
    /// # Errors
    /// [`DocumentError`] when they cannot be listed.
    pub async fn list_tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        self.shared.documents.tenants().await
    }

    /// Makes a tenant without keys, durably.
    ///
    /// # Errors
    /// [`CreateTenantError`] when it exists or cannot be made.
    pub async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        self.create_tenant_by(tenant, Initiator::of(Actor::SERVICE)).await
    }

    /// The same, recorded as somebody's action.
    ///
    /// # Errors
    /// As there.
    pub async fn create_tenant_by(
        &self,
        tenant: &TenantId,
        initiator: Initiator,
    ) -> Result<(), CreateTenantError> {
        let key = || self.shared.audit.key();
        self.shared.events(&key, tenant, initiator).create().await
    }

    /// Copies a tenant's document from another store, byte for byte, and makes the tenant if it is not here;
    /// recorded as somebody's action.
    ///
    /// # Errors
    /// [`CopyError`]; nothing was lost here but what the options gave up, and a tenant that was made and
    /// could not be filled is taken away again.
    pub async fn copy_from(
        &self,
        source: &dyn DocumentStore,
        tenant: &TenantId,
        options: CopyOptions,
        initiator: Initiator,
    ) -> Result<Copied, CopyError> {
        let key = || self.shared.audit.key();
        copy(source, &self.shared.events(&key, tenant, initiator), options).await
    }
}

impl Shared {
    fn events<'d>(
        &'d self,
        key: &'d (dyn Fn() -> Option<&'d SigningKey> + Sync),
        tenant: &'d TenantId,
        initiator: Initiator,
    ) -> TenantEvents<'d> {
        TenantEvents {
            documents: &*self.documents,
            log: self.audit_log(),
            key,
            tenant,
            initiator,
            at: self.clock.since_epoch(),
        }
    }
}
