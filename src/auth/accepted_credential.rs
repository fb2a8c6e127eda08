//! Credentials that were found valid, verified again.
//!
//! Between the head of a request and its end lies time: a body that arrives slowly, a turn that is
//! waited for. Whoever ends a credential meanwhile has it refused, so what was found valid is kept
//! in a form that can be judged again at once, on any keyring of the tenant, without the secret.

use super::bearer::VerifiedToken;
use super::{Method, Principal, Tenants};
use crate::domain::{Digest, Keyring, TenantId};

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
    /// An enabled key of this digest in the tenant.
    ApiKey(Digest),
    /// The token's time and its issuer's keys.
    Bearer(VerifiedToken),
}

impl Accepted {
    /// The key of this digest in a tenant, if there is one that may be used.
    #[must_use]
    pub(crate) fn api_key(keyring: &Keyring, digest: Digest, tenant: &TenantId) -> Option<Self> {
        let key = keyring.find_by_digest(&digest).map(|it| it.key).filter(|key| key.enabled)?;
        let principal = Principal {
            method: Method::ApiKey,
            subject: key.name.as_str().into(),
            issuer: None,
            tenants: Tenants::One(tenant.clone()),
            scopes: key.scopes.clone(),
        };
        Some(Self { principal, standing: Standing::ApiKey(digest) })
    }

    /// Whether a token's time has not run out and its issuer still has its key; of an API key, only a
    /// keyring knows.
    pub(super) fn is_good(&self) -> bool {
        match &self.standing {
            Standing::ApiKey(_) => true,
            Standing::Bearer(token) => token.is_good(),
        }
    }

    /// The same credential as it is now, where these are the tenant's keys; `None` if it is not
    /// valid any more.
    pub(super) fn renewed(&self, keyring: &Keyring, tenant: &TenantId) -> Option<Self> {
        match &self.standing {
            Standing::ApiKey(digest) => Self::api_key(keyring, *digest, tenant),
            Standing::Bearer(_) => self.is_good().then(|| self.clone()),
        }
    }
}
