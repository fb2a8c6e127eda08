//! The guard for other services in Rust: [`ScopedAuthorize`] on their own handlers.
//!
//! A service that runs on the same store judges neokeys' keys and bearer tokens itself, without
//! asking over the network, and as freshly: a key that is deleted anywhere does not pass the next
//! time.
//!
//! - A [`RequiredScope`] names what a handler demands.
//! - [`ScopedAuthorize`] in the handler's arguments lets it begin only for a caller who may, and is
//!   where the handler has the tenant from.
//! - A [`Guard`] is opened once in a process, and makes what stands before the handlers: a
//!   [`scope`](Guard::scope) for actix-web, and, with the feature `tower`, a `Layer` for axum and whatever else
//!   is built on tower.
//!
//! What is refused is a [`Problem`], which is answered as neokeys answers: 401, 403 or 503, with a challenge and
//! a problem object (RFC 9457), whose `type` is the path of a page of neokeys.

#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "tower")]
mod refusal;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ThinData};

pub use crate::auth::bearer::{BearerConfig, IssuerConfig, SigningAlgorithm};
pub use crate::auth::{
    Caller, Method, Principal, RequiredScope, ScopedAuthorize, Subject, Tenants,
};
pub use crate::domain::{Scope, ScopeError, Scopes, ScopesError, TenantId, TenantIdError};
pub use crate::problem::Problem;
pub use crate::storage::{
    Cloud, EtcdUrl, EtcdUrlError, ObjectsUrl, ObjectsUrlError, StoreUrl, StoreUrlError,
};
#[cfg(feature = "tower")]
pub use layer::{Guarded, Layer};

use crate::auth::bearer::BearerVerifier;
use crate::auth::client_address::{ClientAddresses, parse_proxies};
use crate::auth::{Authenticator, authenticate};
use crate::clock::SystemClock;
use crate::domain::TokenPrefix;
use crate::http;
use crate::storage::{DocumentRepository, StoreConfig};

/// Judges the callers of a service. Cheap to clone: one for all workers.
#[derive(Clone)]
pub struct Guard {
    authenticator: Authenticator,
    keys: Arc<DocumentRepository>,
}

/// Why a guard cannot be opened. The source says what is wrong, in words.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The store cannot be opened.
    #[error("the store of keys cannot be opened")]
    Store(#[source] Box<dyn Error + Send + Sync>),
    /// The settings of bearer tokens are not usable.
    #[error("the settings of bearer tokens are not usable")]
    Bearer(#[source] Box<dyn Error + Send + Sync>),
    /// A network of proxies is none.
    #[error("the addresses of proxies are not usable")]
    Proxies(#[source] Box<dyn Error + Send + Sync>),
    /// The prefix of API keys is none.
    #[error("the prefix of API keys is not usable")]
    TokenPrefix(#[source] Box<dyn Error + Send + Sync>),
}

impl Guard {
    /// Opens the store at an address, which other processes may use at the same time, and starts to
    /// fetch the issuers' keys; it waits 5 s for them at most. [`BearerConfig::default`] takes no
    /// bearer tokens. Call it on a runtime that lasts as long as the service.
    ///
    /// # Errors
    /// [`GuardError`] says which of the two cannot be used.
    pub async fn open(store: &StoreUrl, bearer: BearerConfig) -> Result<Self, GuardError> {
        let keys = DocumentRepository::open(store, &StoreConfig::default());
        let keys = Arc::new(keys.map_err(|error| GuardError::Store(error.into()))?);
        let bearer = BearerVerifier::open(bearer, Arc::new(SystemClock)).await;
        let bearer = bearer.map_err(|error| GuardError::Bearer(error.into()))?;
        let authenticator = Authenticator::new(Arc::clone(&keys) as Arc<_>, bearer);
        Ok(Self { authenticator, keys })
    }

    /// The same guard, taking API keys of this prefix (`nsk_`, unless the deployment has set another) as
    /// bearer tokens too: `Authorization: Bearer nsk_…`, for gateways that pass on no other header.
    ///
    /// # Errors
    /// [`GuardError::TokenPrefix`] for what cannot be one.
    pub fn taking_keys_as_bearers(self, prefix: &str) -> Result<Self, GuardError> {
        let prefix = TokenPrefix::parse(prefix);
        let prefix = prefix.map_err(|error| GuardError::TokenPrefix(error.into()))?;
        let authenticator = self.authenticator.taking_keys_as_bearers(Some(prefix));
        Ok(Self { authenticator, ..self })
    }

    /// The same guard, behind proxies at these addresses or networks (`10.0.0.0/8`): what they write into
    /// `Forwarded` and `X-Forwarded-For` says whether a key may be used from where a request came from.
    /// Without this, the address is that of the peer; behind a proxy, a key that is kept to networks is
    /// refused then, unless they hold the proxy.
    ///
    /// # Errors
    /// [`GuardError::Proxies`] for what is neither.
    pub fn behind_proxies(self, networks: &[&str]) -> Result<Self, GuardError> {
        let networks: Result<Vec<_>, _> = networks.iter().map(|text| parse_proxies(text)).collect();
        let networks = networks.map_err(|error| GuardError::Proxies(error.into()))?;
        let authenticator = self.authenticator.behind(ClientAddresses::new(&networks));
        Ok(Self { authenticator, ..self })
    }

    /// Writes down when keys were used last, as far as it is not written yet, for so long at most. It is
    /// done from time to time in any case; call it before the service ends, and nothing is lost.
    pub async fn flush_usage(&self, patience: Duration) {
        self.keys.flush_usage(patience).await;
    }

    /// A layer of tower before whose service only callers with a valid credential come, for axum's
    /// `Router::layer`; each handler says by its [`ScopedAuthorize`] what it demands of them. The path is how the
    /// addresses behind it begin, with the tenant in it, as `{tenantId}`: `/shops/{tenantId}`. Without that, and
    /// at any other address, no caller may do anything.
    #[cfg(feature = "tower")]
    #[must_use]
    pub fn layer(&self, path: &str) -> Layer {
        Layer::new(self.authenticator.clone(), path)
    }

    /// A scope whose handlers begin only for callers with a valid credential; each says by its
    /// [`ScopedAuthorize`] what it demands of them. The path has the tenant in it, as `{tenantId}`:
    /// `/shops/{tenantId}`. Without that, no caller may do anything there, also where the path of a
    /// resource in the scope names it: a caller is judged for the tenant as it enters the scope.
    #[must_use]
    pub fn scope(
        &self,
        path: &str,
    ) -> actix_web::Scope<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
    > {
        web::scope(path)
            .app_data(ThinData(self.authenticator.clone()))
            .wrap(from_fn(authenticate))
            .wrap(from_fn(http::problem_bodies))
    }
}
