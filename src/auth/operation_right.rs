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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::time::Duration;

    use super::OperationRight;
    use crate::auth::{Accepted, Caller, Grants};
    use crate::domain::{
        AllowedIps, ApiKey, CallerRight as _, Digest, KeyDetails, KeyName, Keyring, KeyringEdit,
        Limits, PreviousToken, RightError, Scopes, TenantId, Timestamp,
    };

    const NOW: Timestamp = Timestamp::EPOCH;

    fn after(seconds: u64) -> Timestamp {
        NOW.saturating_add(Duration::from_secs(seconds))
    }

    /// The key of the caller, whose token before the last rotation is `old`.
    fn key(enabled: bool, limits: Limits, old_ends: Timestamp) -> Arc<ApiKey> {
        let scopes = Scopes::parse(&["*"]).unwrap();
        let digest = Digest::of(b"new");
        let previous = vec![PreviousToken::new(Digest::of(b"old"), old_ends)];
        let details = KeyDetails { limits, previous, ..KeyDetails::default() };
        let key = ApiKey::new(KeyName::parse("crm").unwrap(), enabled, scopes, digest);
        Arc::new(key.with_details(details))
    }

    #[test]
    fn a_right_that_waits_is_judged_by_the_ends_and_networks_of_its_turn() {
        let tenant = TenantId::parse("t1").unwrap();
        let until = |seconds| Limits { expires_at: Some(after(seconds)), ..Limits::default() };
        let networks = |text: &str| {
            let allowed_ips = Some(AllowedIps::parse(&[text]).unwrap());
            Limits { allowed_ips, ..Limits::default() }
        };
        let free = || key(true, Limits::default(), after(60));
        // The token, the key as the request found it, as its turn finds it, and when that is.
        for (token, found, at_its_turn, now, is_good) in [
            ("new", free(), free(), after(1000), true),
            ("new", key(true, until(10), after(5)), key(true, until(10), after(5)), after(9), true),
            (
                "new",
                key(true, until(10), after(5)),
                key(true, until(10), after(5)),
                after(10),
                false,
            ),
            ("new", free(), key(true, until(10), after(60)), after(10), false),
            ("old", free(), free(), after(59), true),
            ("old", free(), free(), after(60), false),
            (
                "old",
                key(true, until(10), after(60)),
                key(true, until(10), after(60)),
                after(10),
                false,
            ),
            ("old", free(), key(true, Limits::default(), after(20)), after(20), false),
            ("new", free(), key(true, networks("203.0.113.0/24"), after(60)), NOW, true),
            ("new", free(), key(true, networks("192.0.2.1"), after(60)), NOW, false),
            ("new", free(), key(false, Limits::default(), after(60)), NOW, false),
        ] {
            let client: IpAddr = "203.0.113.9".parse().unwrap();
            let digest = Digest::of(token.as_bytes());
            let keyring = Keyring::new(vec![Arc::clone(&found)], Vec::new());
            let accepted = Accepted::api_key(&keyring, digest, &tenant, NOW, Some(client)).unwrap();
            let right = OperationRight {
                caller: Caller::new(accepted, None, Some(tenant.clone())),
                tenant: tenant.clone(),
                scope: "tenant.apiKey:write",
                grants: Grants::Any,
            };
            let keyring = Keyring::new(vec![Arc::clone(&at_its_turn)], Vec::new());
            let edit = KeyringEdit::Delete { name: KeyName::parse("other").unwrap() };
            let expected = if is_good { Ok(()) } else { Err(RightError::CredentialInvalid) };
            let judged = right.authorize(&keyring, &edit, now);
            assert_eq!(judged, expected, "{token} {found:?} {at_its_turn:?} {now}");
        }
    }
}
