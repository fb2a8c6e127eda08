//! Authentication of a request before its handler's arguments are taken.

use std::borrow::Cow;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Path, ServiceRequest, ServiceResponse, Url};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use actix_web::{Error, HttpMessage as _};
use percent_encoding::percent_decode_str;

use super::{Authenticator, Caller, credential, denial};
use crate::contract::parameter;
use crate::domain::TenantId;
use crate::problem::{Problem, ProblemType};

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

/// Where a request's credentials are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// In the contract's two headers.
    InHeaders,
    /// There, passed on by a gateway: the client is whom a trusted one names.
    PassedOn,
    /// There, of a request to a service that a guard stands before.
    OfGuarded,
    /// There, or an API key as a client's secret: the answer to whoever brings none, or a bad one, offers
    /// that too.
    OfClients,
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
    let throttle = authenticator.throttle();
    if let Some(wait) = throttle.wait(request.request()) {
        return Err(denial::too_many_failures(wait));
    }
    let (headers, tenant) = (request.headers(), path_tenant(request.match_info()));
    let (clients, peer) = (authenticator.clients(), request.peer_addr().map(|peer| peer.ip()));
    let client = match from {
        Credentials::InHeaders | Credentials::OfClients | Credentials::OfGuarded => {
            clients.find_exactly(peer, headers)
        }
        Credentials::PassedOn => clients.find_forwarded(peer, headers),
    };
    let found = match from {
        Credentials::InHeaders => authenticator.authenticate(headers, tenant, client).await,
        Credentials::PassedOn | Credentials::OfGuarded => {
            authenticator.authenticate_passed_on(headers, tenant, client).await
        }
        Credentials::OfClients => authenticator.authenticate_client(headers, tenant, client).await,
    };
    found.map_err(|problem| {
        if problem.kind() != ProblemType::Unauthorized {
            return problem;
        }
        let is_presented = credential::is_presented(headers);
        // Who brings none guesses at nothing: a browser or a probe that does not know the address.
        if is_presented && let Some(wait) = throttle.failed(request.request()) {
            return denial::too_many_failures(wait);
        }
        match from {
            Credentials::InHeaders | Credentials::PassedOn | Credentials::OfGuarded => problem,
            Credentials::OfClients => denial::offering_client_secret(problem, is_presented),
        }
    })
}
