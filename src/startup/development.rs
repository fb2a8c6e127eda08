//! The additions of `serve --dev`: a tenant, an issuer, and documents that point at this server.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::StartError;
use crate::clock::SystemClock;
use crate::contract::SCOPES;
use crate::dev_issuer::{DevIssuer, DevIssuerConfig, TokenRequest};
use crate::domain::{Scopes, TenantId};
use crate::settings::Settings;
use crate::storage::{CreateTenantError, DocumentRepository};

/// The tenant that `serve --dev` makes.
pub(super) const DEV_TENANT: &str = "demo";

/// How long the token that `serve --dev` prints is good for.
pub(crate) const DEV_TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// The credentials of a `serve --dev`, valid for this run alone.
pub struct Development {
    /// A bearer token that may do everything in the tenant.
    pub token: SecretString,
    /// The tenant that is there.
    pub tenant: TenantId,
}

impl Development {
    pub(super) fn new(issuer: &DevIssuer) -> Result<Self, StartError> {
        let token = issuer.sign(&TokenRequest {
            subject: "developer".to_owned(),
            tenants: vec![DEV_TENANT.to_owned()],
            permissions: vec![Scopes::ALL.to_owned()],
            lifetime: DEV_TOKEN_LIFETIME,
        })?;
        Ok(Self { token, tenant: dev_tenant() })
    }
}

#[expect(clippy::expect_used, reason = "it is a constant")]
fn dev_tenant() -> TenantId {
    TenantId::parse(DEV_TENANT).expect("the development tenant has a valid id")
}

/// Makes the development tenant and issuer, and points the documents at this server.
pub(super) async fn develop(
    settings: &mut Settings,
    origin: &str,
    store: &DocumentRepository,
) -> Result<Arc<DevIssuer>, StartError> {
    match store.create_tenant(&dev_tenant()).await {
        Ok(()) | Err(CreateTenantError::Exists) => {}
        Err(error) => return Err(error.into()),
    }
    let contract = &mut settings.contract;
    let public = contract.public_url.as_ref().map(|url| url.as_str().to_owned());
    if let Some(public_url) = &public {
        tracing::warn!(
            public_url,
            "serve --dev signs anybody in who reaches public_url; let its proxy listen on loopback alone"
        );
    }
    let names = [origin.to_owned(), origin.replace("127.0.0.1", "localhost")];
    let address = public.as_deref().unwrap_or(origin);
    let config = DevIssuerConfig {
        audience: format!("{address}/api/"),
        addresses: public.iter().cloned().chain(names).collect(),
        tenants_claim: settings.auth.bearer.tenants_claim.clone(),
        tenants: vec![DEV_TENANT.to_owned()],
        scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let issuer = DevIssuer::generate(config, Arc::new(SystemClock))?;
    if contract.own_servers().is_empty() {
        contract.servers.push(origin.to_owned());
    }
    contract.authorization_url.get_or_insert_with(|| issuer.authorization_url());
    Ok(Arc::new(issuer))
}
