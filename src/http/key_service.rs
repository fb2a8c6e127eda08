//! The service that the handlers work with.

use std::sync::Arc;

use actix_web::web::Data;

use super::scope_catalogue::ScopeCatalogue;
use crate::audit::AuditTrail;
use crate::auth::Grants;
use crate::auth::bearer::BearerVerifier;
use crate::auth::client_address::ClientAddresses;
use crate::clock::Clock;
use crate::domain::{KeyPolicy, KeyRepository, TokenPrefix};

/// The keys of every tenant, and the deployment's rules on them: one for all workers.
pub(crate) struct KeyService {
    /// The keys.
    pub repository: Arc<dyn KeyRepository>,
    /// Their audit logs.
    pub trail: Arc<dyn AuditTrail>,
    /// The verifier of bearer tokens.
    pub bearer: Arc<BearerVerifier>,
    /// The permissions that a caller may grant.
    pub grants: Grants,
    /// Finds the addresses that records of changes name; none where they name none.
    pub recorded_clients: Option<ClientAddresses>,
    /// How long keys last.
    pub policy: KeyPolicy,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The scopes that keys may be given.
    pub scopes: ScopeCatalogue,
    /// The prefix of new tokens.
    pub token_prefix: TokenPrefix,
}

/// The service as handlers take it.
pub(super) type Keys = Data<KeyService>;
