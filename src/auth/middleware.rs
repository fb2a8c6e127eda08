//! Authentication of a request before its handler's arguments are taken.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Path, ServiceRequest, ServiceResponse, Url};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use actix_web::{Error, HttpMessage as _};
use percent_encoding::percent_decode_str;

use super::{Authenticator, Throttle, denial};
use crate::contract::parameter;
use crate::domain::TenantId;
use crate::problem::ProblemType;

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

/// Middleware that leaves the [`Caller`](super::Caller) with the request, or answers 401, or 429 to an
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
    let (Some(ThinData(authenticator)), Some(ThinData(throttle))) = (
        request.app_data::<ThinData<Authenticator>>(),
        request.app_data::<ThinData<Arc<Throttle>>>(),
    ) else {
        return Ok(request.error_response(denial::unauthenticated("an operation")));
    };
    if let Some(wait) = throttle.wait(&request) {
        return Ok(request.error_response(denial::too_many_failures(wait)));
    }
    let tenant = path_tenant(request.match_info());
    match authenticator.authenticate(request.headers(), tenant.as_ref()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(problem) if problem.kind() == ProblemType::Unauthorized => {
            let refused = throttle.failed(&request).map(denial::too_many_failures);
            Ok(request.error_response(refused.unwrap_or(problem)))
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
    match authenticator.authenticate(request.headers(), tenant.as_ref()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}
