//! The authenticated caller.

use crate::domain::{Scopes, TenantId};

/// A caller whose credential was found valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Which kind of credential it was.
    pub method: Method,
    /// Who it is, for logs and gateways: a key's name, or a token's `sub`. Text from outside.
    pub subject: String,
    /// Whose keys the caller may speak of.
    pub tenants: Tenants,
    /// What the caller may do there.
    pub scopes: Scopes,
}

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `X-API-KEY: <token>`.
    ApiKey,
    /// `Authorization: Bearer <JWT>`.
    Bearer,
}

impl Method {
    /// The name in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Bearer => "bearer",
        }
    }
}

/// The tenants that a credential is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenants {
    /// Every tenant, also those that do not exist.
    All,
    /// These tenants; none when empty.
    These(Vec<TenantId>),
}

impl Tenants {
    /// Whether the credential is for this tenant.
    #[must_use]
    pub fn include(&self, tenant: &TenantId) -> bool {
        match self {
            Self::All => true,
            Self::These(tenants) => tenants.contains(tenant),
        }
    }
}
