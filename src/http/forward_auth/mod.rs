//! `/auth/{tenantId}`: whether the request may pass that a gateway asks about.
//!
//! Invariant: what a caller sent is never part of a yes. The headers of an answer say what was found
//! out, in characters that every gateway passes on unchanged.

mod demand;
mod description;
mod identity;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::key_service::Keys;
use super::refusals::Refused;
use crate::auth::{Caller, denial};
use crate::clock::{Clock as _, SystemClock};
use crate::contract::ListApiKeys;
use crate::domain::ReadError;
use crate::problem::Problem;

use demand::Demand;
use description::{DemandParameters, Passed};

/// The path with the parameter that names the tenant.
pub(super) const FORWARD_AUTH: &str = "/auth/{tenantId}";

/// Whether a path is a gateway's question, or tries to be one.
pub(super) fn is_forward_auth(path: &str) -> bool {
    path.starts_with("/auth/")
}

#[utoipa::path(
    get,
    path = FORWARD_AUTH,
    operation_id = "askWhetherToPass",
    tag = "Gateways",
    summary = "Whether a request may pass",
    description = "Judges the credential that came with the request, by the tenant and the scopes \
        that are named. A gateway sends this with the headers of the request that it asks about, \
        by whatever method, and passes that on only after a 200.",
    params(ListApiKeys, DemandParameters),
    responses(Passed, Refused),
)]
/// Judges the credential that came with the request, whatever its method, by the tenant in the path
/// and the [`Demand`] in the query; the body is not read.
///
/// A gateway understands three answers: 200 with who passes, 401, and 403. So a tenant that does not
/// exist is a 403 to everybody, where an operation would tell those who may know.
pub(super) async fn forward_auth(
    request: HttpRequest,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    let demand = Demand::parse(request.query_string())?;
    let caller = Caller::of(&request, FORWARD_AUTH)?;
    let tenant = caller.tenant().ok_or_else(denial::foreign_tenant)?;
    caller.authorize_if(Some(tenant), |held| demand.is_met_by(held), || demand.refusal())?;
    // A key of the tenant has shown that the tenant exists; a token has not.
    if caller.keyring().is_none() {
        let keyring = keys.repository.get_keyring(tenant).await.map_err(|error| match error {
            ReadError::NoSuchTenant => denial::foreign_tenant(),
            ReadError::Unavailable(_) => denial::unreadable(error),
        })?;
        // That has been waited for since the token was found good.
        caller
            .renewed(&keyring, tenant, SystemClock.now())
            .ok_or_else(denial::invalid_credential)?;
    }
    let mut response = HttpResponse::new(StatusCode::OK);
    identity::write(response.headers_mut(), tenant, &caller);
    Ok(response)
}
