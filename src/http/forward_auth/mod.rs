//! `/auth/{tenantId}`: may the request pass that a gateway asks about.
//!
//! Invariant: what a caller sent is never part of a yes. The headers of an answer say what was found
//! out, in characters that every gateway passes on unchanged.

mod demand;
mod description;
mod identity;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::refusals::Refused;
use crate::auth::{Caller, Method, denial, path_tenant};
use crate::contract::ListApiKeys;
use crate::domain::{KeyRepository, ReadError, TenantId};
use crate::problem::Problem;

use demand::Demand;
use description::{DemandParameters, Passed};

/// The path with the parameter that names the tenant.
pub(super) const FORWARD_AUTH: &str = "/auth/{tenantId}";

/// Whether a path is a gateway's question, or tries to be one.
#[must_use]
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
    keys: ThinData<Arc<dyn KeyRepository>>,
) -> Result<HttpResponse, Problem> {
    let demand = Demand::parse(request.query_string())?;
    let tenant = path_tenant(request.match_info()).ok_or_else(denial::foreign_tenant)?;
    let (response, is_known) = judge(&request, &tenant, demand)?;
    if !is_known {
        keys.get_keyring(&tenant).await.map_err(|error| match error {
            ReadError::NoSuchTenant => denial::foreign_tenant(),
            ReadError::Unavailable(_) => denial::unreadable(error),
        })?;
    }
    Ok(response)
}

/// The answer to a caller who may pass, and whether its credential has shown that the tenant exists.
fn judge(
    request: &HttpRequest,
    tenant: &TenantId,
    demand: Demand<'_>,
) -> Result<(HttpResponse, bool), Problem> {
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>().ok_or_else(|| denial::unauthenticated(FORWARD_AUTH))?;
    caller.authorize_if(Some(tenant), |held| demand.is_met_by(held), || demand.refusal())?;
    let mut response = HttpResponse::new(StatusCode::OK);
    identity::write(response.headers_mut(), tenant, caller);
    // Its key is in the tenant's keyring.
    let is_known = caller.principals_in(tenant).any(|it| it.method == Method::ApiKey);
    Ok((response, is_known))
}
