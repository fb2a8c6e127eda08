//! `/auth/{tenantId}` and `/auth/{tenantId}/for/{scopes}/{path}`: whether the request may pass that a
//! gateway asks about.
//!
//! Invariant: what a caller sent is never part of a yes. The headers of an answer say what was found
//! out, in characters that every gateway passes on unchanged.

mod appended_path;
mod demand;
mod description;
mod identity;

use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::key_service::Keys;
use super::operations::FORWARD_AUTH;
use super::refusals::Refused;
use crate::auth::Caller;
use crate::contract::ListApiKeys;
use crate::domain::Scopes;
use crate::problem::Problem;

use appended_path::AppendedPath;
use demand::Demand;
use description::{AppendedPathParameters, DemandParameters, Passed};
#[cfg(feature = "ext-authz")]
pub(crate) use identity::{Text as IdentityText, tell_identity};

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
pub(super) async fn forward_auth(
    request: HttpRequest,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    let demand = Demand::parse(request.query_string())?;
    answer(&request, &keys, |held| demand.is_met_by(held), || demand.refusal()).await
}

#[utoipa::path(
    get,
    path = "/auth/{tenantId}/for/{scopes}/{path}",
    operation_id = "askWhetherPathMayPass",
    tag = "Gateways",
    summary = "Whether a request may pass, asked with its path",
    description = "For gateways that append the path of the request that they ask about. The path may have any \
        number of segments and is ignored, and so is the query, which is the caller's. Everything else is as \
        without the path.",
    params(ListApiKeys, AppendedPathParameters),
    responses(Passed, Refused)
)]
/// Judges a request as [`forward_auth`] does, by the scopes in the path. The query is the caller's, who
/// would choose the demand if it were read.
pub(super) async fn forward_auth_of_path(
    request: HttpRequest,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    let asked = AppendedPath::parse(request.uri().path())?;
    answer(&request, &keys, |held| asked.is_met_by(held), || asked.refusal()).await
}

/// Whether the part of an address that the gateway wrote is well-formed.
///
/// # Errors
/// A 400 for what is no tenant's id or no scope: nobody passes, and the gateway's settings are to be mended.
pub(super) fn vet_appended_path(request: &ServiceRequest) -> Result<(), Problem> {
    AppendedPath::parse(request.uri().path()).map(drop)
}

/// The answer to a gateway about the caller whose credentials came.
async fn answer(
    request: &HttpRequest,
    keys: &Keys,
    suffice: impl Fn(&Scopes) -> bool,
    refusal: impl FnOnce() -> Problem,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(request, FORWARD_AUTH)?;
    let tenant = caller.pass(&*keys.repository, suffice, refusal).await?;
    let mut response = HttpResponse::new(StatusCode::OK);
    identity::write(response.headers_mut(), tenant, &caller);
    Ok(response)
}
