//! Authentication of a request before its handler's arguments are taken.

use std::borrow::Cow;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Path, ServiceRequest, ServiceResponse, Url};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use actix_web::{Error, HttpMessage as _};
use percent_encoding::percent_decode_str;

use super::identification::{Credentials, Unidentified};
use super::{Authenticator, Caller, denial};
use crate::contract::parameter;
use crate::domain::TenantId;
use crate::problem::Problem;

/// The tenant that a path names, after one percent-decoding; `None` if that is no tenant id.
#[must_use]
pub(crate) fn path_tenant(path: &Path<Url>) -> Option<TenantId> {
    TenantId::parse(&path_parameter(path, parameter::TENANT_ID)?).ok()
}

/// A parameter of a path, after one percent-decoding; `None` if that is no text.
#[must_use]
pub(crate) fn path_parameter<'p>(path: &'p Path<Url>, name: &str) -> Option<Cow<'p, str>> {
    let text = path.get(name)?;
    // Most have nothing to decode, and need no decoder.
    if text.contains('%') { percent_decode_str(text).decode_utf8().ok() } else { Some(text.into()) }
}

/// Middleware that leaves the [`Caller`] with the request, or answers with what [`identify_caller`] refuses.
///
/// # Errors
/// None of its own: a refusal is an answer.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify_caller(&request, Credentials::OfGuarded).await {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// Leaves the [`Caller`] with the request.
///
/// It is no extractor because actix polls all arguments of a handler together: one that has to wait loses
/// against a body that is bad at once.
///
/// # Errors
/// A 401, or a 429 for an address from which too many credentials were not valid; a 503 when the tenant's
/// keys cannot be read.
pub async fn identify_caller(request: &ServiceRequest, from: Credentials) -> Result<(), Problem> {
    let caller = find_caller(request, from).await?;
    request.extensions_mut().insert(caller);
    Ok(())
}

async fn find_caller(request: &ServiceRequest, from: Credentials) -> Result<Caller, Problem> {
    let authenticator = request.app_data::<ThinData<Authenticator>>();
    let authenticator = authenticator.ok_or_else(|| denial::unauthenticated("an operation"))?;
    let unidentified = Unidentified {
        headers: request.headers(),
        tenant: path_tenant(request.match_info()),
        peer: request.peer_addr().map(|peer| peer.ip()),
        named_client: None,
    };
    authenticator.identify(unidentified, from).await
}
