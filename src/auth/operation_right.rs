//! The right to one operation, authorized again on the keys that a change is made on.

use super::{Caller, Grants};
use crate::domain::{CallerRight, Keyring, KeyringEdit, RightError, TenantId, Timestamp};

/// The right of a caller to one operation in one tenant.
#[derive(Debug)]
pub(super) struct OperationRight {
    pub(super) caller: Caller,
    pub(super) tenant: TenantId,
    pub(super) scope: &'static str,
    pub(super) grants: Grants,
}

impl CallerRight for OperationRight {
    fn authorize(
        &self,
        keyring: &Keyring,
        edit: &KeyringEdit,
        now: Timestamp,
    ) -> Result<(), RightError> {
        let caller =
            self.caller.renewed(keyring, &self.tenant, now).ok_or(RightError::CredentialInvalid)?;
        if !caller.holds(&self.tenant, self.scope) {
            return Err(RightError::ScopeMissing { scope: self.scope });
        }
        match (self.grants, keyring.granted(edit)) {
            (Grants::Any, _) | (Grants::Subset, None) => Ok(()),
            (Grants::Subset, Some(granted)) => {
                let lacking = caller.lacking(&self.tenant, granted);
                if lacking.is_empty() {
                    return Ok(());
                }
                let lacking = lacking.into_iter().cloned().collect();
                Err(RightError::GrantExceedsOwn { lacking })
            }
        }
    }
}
