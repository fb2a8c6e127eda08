//! Logs in a store.

use bytes::Bytes;

use super::StoreAccess;
use crate::audit::{AuditTrail as _, EventFilter, EventPage, TenantTrail, TrailHead};
use crate::cli::failure::Failure;
use crate::domain::{KeyRepository as _, ReadError, TenantId};
use crate::storage::{VerifiedLog, VerifyLogError};
use crate::transparency::BLOCK;

impl StoreAccess {
    async fn head(&self, tenant: &TenantId) -> Result<Option<TrailHead>, Failure> {
        if let Err(error @ ReadError::NoSuchTenant) = self.store.get_keyring(tenant).await {
            return Err(Failure::refused(&error).hint("`neokeys tenants list` lists the tenants"));
        }
        self.store.head(tenant).await.map_err(|error| Failure::refused(&error))
    }

    pub(super) async fn events(
        &self,
        tenant: &TenantId,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<Bytes>, Failure> {
        let mut next = self.head(tenant).await?.map(|head| head.size);
        let mut lines = Vec::new();
        while let Some(before) = next.filter(|_| lines.len() < limit) {
            let wanted = limit - lines.len();
            let page = EventPage::read(&self.store, tenant, before, wanted, filter).await;
            let page = page.map_err(|error| Failure::refused(&error))?;
            lines.extend(page.lines);
            next = page.next;
        }
        Ok(lines)
    }

    pub(super) async fn whole_log(
        &self,
        tenant: &TenantId,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let size = self.head(tenant).await?.map_or(0, |head| head.size);
        let trail = TenantTrail::new(&self.store, tenant);
        let mut from = 0;
        while from < size {
            let end = (from + BLOCK).min(size);
            let lines = trail.lines(from..end).await.map_err(|error| Failure::refused(&error))?;
            let mut text = lines.join(&b'\n');
            text.push(b'\n');
            take(&text)?;
            from = end;
        }
        Ok(())
    }

    pub(super) async fn verified_log(
        &self,
        tenant: &TenantId,
        kept: Option<&str>,
    ) -> Result<VerifiedLog, Failure> {
        self.store.verify_log(tenant, kept).await.map_err(|error| {
            let failure = Failure::refused(&error);
            match error {
                VerifyLogError::NoSuchTenant(_) => {
                    failure.hint("`neokeys tenants list` lists the tenants")
                }
                VerifyLogError::Fault { .. } => failure.hint(
                    "compare the log with a copy that was kept elsewhere; a checkpoint kept elsewhere tells \
                     how far it was intact",
                ),
                VerifyLogError::Kept(_) | VerifyLogError::NoLog | VerifyLogError::Unreadable(_) => {
                    failure
                }
            }
        })
    }
}
