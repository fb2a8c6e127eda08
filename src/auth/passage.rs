//! Whether a request may pass that a gateway asks about.

use super::{Caller, denial};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{KeyRepository, ReadError, Scopes, TenantId};
use crate::problem::Problem;

impl Caller {
    /// The tenant of the request that this caller sent to a gateway, if it may pass there.
    ///
    /// A gateway understands three answers: 200 with who passes, 401, and 403. So a tenant that does not
    /// exist is a 403 to everybody, where an operation would tell those who may know.
    ///
    /// # Errors
    /// A 403 to who may not, with `refusal` where no scopes suffice; a 401 to who may no more, and a 503 when
    /// the tenant's keys cannot be read.
    pub(crate) async fn pass(
        &self,
        keys: &dyn KeyRepository,
        suffice: impl Fn(&Scopes) -> bool,
        refusal: impl FnOnce() -> Problem,
    ) -> Result<&TenantId, Problem> {
        let tenant = self.tenant().ok_or_else(denial::foreign_tenant)?;
        self.authorize_if(Some(tenant), suffice, refusal)?;
        // A key of the tenant has shown that the tenant exists; a token has not.
        if self.keyring().is_none() {
            let keyring = keys.get_keyring(tenant).await.map_err(|error| match error {
                ReadError::NoSuchTenant => denial::foreign_tenant(),
                ReadError::Unavailable(_) => denial::unreadable(error),
            })?;
            // That has been waited for since the token was found good.
            self.renewed(&keyring, tenant, SystemClock.now())
                .ok_or_else(denial::invalid_credential)?;
        }
        Ok(tenant)
    }
}
