//! Authentication of a request before its handler's arguments are taken.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Path, ServiceRequest, ServiceResponse, Url};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use actix_web::{Error, HttpMessage as _};
use percent_encoding::percent_decode_str;

use super::{Authenticator, Caller, Throttle, credential, denial};
use crate::contract::parameter;
use crate::domain::TenantId;
use crate::problem::{Problem, ProblemType};

/// The tenant that a path names, after one percent-decoding; `None` if that is no tenant id.
#[must_use]
pub fn path_tenant(path: &Path<Url>) -> Option<TenantId> {
    TenantId::parse(&path_parameter(path, parameter::TENANT_ID)?).ok()
}

/// A parameter of a path, after one percent-decoding; `None` if that is no text.
#[must_use]
pub(crate) fn path_parameter<'p>(path: &'p Path<Url>, name: &str) -> Option<Cow<'p, str>> {
    let text = path.get(name)?;
    // Most have nothing to decode, and need no decoder.
    if text.contains('%') { percent_decode_str(text).decode_utf8().ok() } else { Some(text.into()) }
}

/// Middleware that leaves the [`Caller`] with the request, or answers 401, or 429 to an
/// address from which too many credentials were not valid.
///
/// It is a middleware and not an extractor because actix polls all arguments of a handler together:
/// an extractor that has to wait loses against a body that is bad at once.
///
/// # Errors
/// None of its own: a refusal is an answer.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let judged = judge(&request, Reads::Headers).await;
    admit(judged, request, next).await
}

/// Like [`authenticate`], where an API key may come as a client's secret too: the answer to whoever
/// brings none, or a bad one, offers that.
///
/// # Errors
/// None of its own: a refusal is an answer.
pub async fn authenticate_client(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let judged = judge(&request, Reads::ClientSecrets).await;
    admit(judged, request, next).await
}

/// What is read of a request to find out who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// The contract's two credentials.
    Headers,
    /// And a client's secret.
    ClientSecrets,
}

async fn judge(request: &ServiceRequest, reads: Reads) -> Result<Caller, Problem> {
    let (Some(ThinData(authenticator)), Some(ThinData(throttle))) = (
        request.app_data::<ThinData<Authenticator>>(),
        request.app_data::<ThinData<Arc<Throttle>>>(),
    ) else {
        return Err(denial::unauthenticated("an operation"));
    };
    if let Some(wait) = throttle.wait(request) {
        return Err(denial::too_many_failures(wait));
    }
    let (headers, tenant) = (request.headers(), path_tenant(request.match_info()));
    let judged = match reads {
        Reads::Headers => authenticator.authenticate(headers, tenant.as_ref()).await,
        Reads::ClientSecrets => authenticator.authenticate_client(headers, tenant.as_ref()).await,
    };
    judged.map_err(|problem| {
        if problem.kind() != ProblemType::Unauthorized {
            return problem;
        }
        let is_presented = credential::is_presented(headers);
        // Who brings none guesses at nothing: a browser or a probe that does not know the address.
        if is_presented && let Some(wait) = throttle.failed(request) {
            return denial::too_many_failures(wait);
        }
        match reads {
            Reads::Headers => problem,
            Reads::ClientSecrets => denial::offering_client_secret(problem, is_presented),
        }
    })
}

async fn admit(
    judged: Result<Caller, Problem>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match judged {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// Like [`authenticate`], by a judge that is not the application's own, and for services that slow down
/// nobody.
///
/// # Errors
/// None of its own: a refusal is an answer.
pub async fn authenticate_by(
    authenticator: Authenticator,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let tenant = path_tenant(request.match_info());
    let judged = authenticator.authenticate(request.headers(), tenant.as_ref()).await;
    admit(judged, request, next).await
}
