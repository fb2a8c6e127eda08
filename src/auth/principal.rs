//! The authenticated caller.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::domain::{Scopes, TenantId};

/// A caller whose credential was found valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Which kind of credential it was.
    pub method: Method,
    /// Who it is, for logs and gateways: a key's name, or a token's `sub`. Never empty.
    pub subject: Subject,
    /// Who says so: the configured issuer of a token, as `iss` has it. Two issuers may give two
    /// callers one subject. `None` for an API key.
    pub issuer: Option<Arc<str>>,
    /// Whose keys the caller may speak of.
    pub tenants: Tenants,
    /// The rights of the caller there.
    pub scopes: Scopes,
}

/// A caller's name. Text from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(SmolStr);

impl Subject {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Subject {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
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
    /// This tenant alone, as an API key is.
    One(TenantId),
    /// These tenants; none when empty.
    These(Arc<[TenantId]>),
}

impl Tenants {
    /// Whether the credential is for this tenant.
    #[must_use]
    pub fn include(&self, tenant: &TenantId) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => only == tenant,
            Self::These(tenants) => tenants.contains(tenant),
        }
    }

    /// The tenants that the credential names; none where it is for all.
    #[must_use]
    pub fn named(&self) -> &[TenantId] {
        match self {
            Self::All => &[],
            Self::One(tenant) => std::slice::from_ref(tenant),
            Self::These(tenants) => tenants,
        }
    }
}
