//! Credentials that were found valid, verified again.
//!
//! Between the head of a request and its end lies time: a body that arrives slowly, a turn that is
//! waited for. Whoever ends a credential meanwhile has it refused, so what was found valid is kept
//! in a form that can be judged again at once, on any keyring of the tenant, without the secret.

use std::net::IpAddr;
use std::sync::Arc;

use super::bearer::VerifiedToken;
use super::{Method, Principal, Tenants};
use crate::domain::{
    ApiKey, Digest, FoundToken, Generation, Keyring, TenantId, Timestamp, TokenRefusal,
};

/// A credential that was found valid, and whom it speaks for.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// Who calls with it.
    pub principal: Principal,
    /// The grounds on which it is verified again.
    pub standing: Standing,
}

/// The grounds of a credential's validity.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// A token of a key, which the tenant still has, and which may be used from where the request came
    /// from.
    ApiKey {
        /// The key.
        key: Arc<ApiKey>,
        /// Which of its tokens it is.
        generation: Generation,
        /// When it was found valid.
        accepted_at: Timestamp,
        /// The client's whole address, if it is known.
        client: Option<IpAddr>,
    },
    /// The token's time and its issuer's keys.
    Bearer(VerifiedToken),
}

#[cfg(test)]
impl Standing {
    /// The standing of a key that no keyring has.
    pub(crate) fn of_some_key() -> Self {
        use crate::domain::{KeyName, Scopes};
        let name = KeyName::parse("key").unwrap();
        let key = ApiKey::new(name, true, Scopes::default(), Digest::of(b"a token"));
        let (generation, accepted_at) = (Generation::Current, Timestamp::EPOCH);
        Self::ApiKey { key: Arc::new(key), generation, accepted_at, client: None }
    }
}

impl Accepted {
    /// The token of this digest in a tenant, if it is valid now for a client of this address.
    ///
    /// # Errors
    /// [`TokenRefusal`]. Where a key is refused for the client's address, the log says so.
    pub(crate) fn api_key(
        keyring: &Keyring,
        digest: Digest,
        tenant: &TenantId,
        now: Timestamp,
        client: Option<IpAddr>,
    ) -> Result<Self, TokenRefusal> {
        let found = keyring.find_by_digest(&digest).ok_or(TokenRefusal::Unknown)?;
        let key = found.key;
        found.verify(now, client).inspect_err(|refusal| {
            if *refusal == TokenRefusal::AddressNotAllowed {
                let address = client.map(|address| address.to_string());
                let address = address.as_deref().unwrap_or("unknown");
                tracing::warn!(tenant.id = %tenant, key.name = %key.name, client.address = address, "a key was refused: it may not be used from this address");
            }
        })?;
        let principal = Principal {
            method: Method::ApiKey,
            subject: key.name.as_str().into(),
            issuer: None,
            tenants: Tenants::One(tenant.clone()),
            scopes: key.scopes.clone(),
        };
        let (key, generation) = (Arc::clone(key), found.generation);
        let standing = Standing::ApiKey { key, generation, accepted_at: now, client };
        Ok(Self { principal, standing })
    }

    /// Whether a token's time has not run out and its issuer still has its key; of an API key, only a
    /// keyring knows.
    pub(super) fn is_good(&self) -> bool {
        match &self.standing {
            Standing::ApiKey { .. } => true,
            Standing::Bearer(token) => token.is_good(),
        }
    }

    /// The token of an API key that was accepted, and when it was.
    pub(super) fn used_token(&self) -> Option<(FoundToken<'_>, Timestamp)> {
        match &self.standing {
            Standing::ApiKey { key, generation, accepted_at, .. } => {
                Some((FoundToken { key, generation: *generation }, *accepted_at))
            }
            Standing::Bearer(_) => None,
        }
    }

    /// The same credential as it is now, where these are the tenant's keys; `None` if it is not
    /// valid any more.
    pub(super) fn renewed(
        &self,
        keyring: &Keyring,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Option<Self> {
        match &self.standing {
            Standing::ApiKey { key, generation, client, .. } => {
                let token = FoundToken { key, generation: *generation };
                Self::api_key(keyring, *token.digest(), tenant, now, *client).ok()
            }
            Standing::Bearer(_) => self.is_good().then(|| self.clone()),
        }
    }
}
