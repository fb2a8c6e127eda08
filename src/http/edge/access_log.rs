//! One log line a request, and a word to who keeps traces, without anything that a caller chose but
//! what was found to be so: the request's id, the id of a tenant and the name of a key that are there,
//! and a name that was authenticated.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::web::ThinData;

use super::exchange::{Exchange, OTHER_METHOD, RequestObserver};
use super::matched_route::MatchedRoute;
use crate::auth::client_address::ClientAddresses;
use crate::auth::secret_in_text::tells_credential;
use crate::auth::{Caller, path_parameter};
use crate::contract::parameter;
use crate::domain::{KeyName, TenantId};
use crate::http::request::client::ClientGone;
use crate::http::request::request_id::RequestId;
use crate::problem::Problem;

/// The name of a key that a request made, which no path has; the handler leaves it with the request.
pub(crate) struct CreatedKey(pub KeyName);

/// Notifies the observer and writes the access line; a 5xx gets its causes first.
pub(crate) fn record<B>(
    id: &RequestId,
    duration: Duration,
    route: Option<MatchedRoute>,
    response: &ServiceResponse<B>,
) {
    let request = response.request();
    let status = response.status();
    let is_logged = tracing::enabled!(tracing::Level::INFO);
    let observer = request.app_data::<ThinData<Arc<dyn RequestObserver>>>();
    if !is_logged && !status.is_server_error() && observer.is_none() {
        return;
    }
    let operation = route.and_then(|route| route.operation).map(|it| it.description.name);
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    let tenant = caller.and_then(|caller| tenant(status, caller)).map(TenantId::as_str);
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let (method, kind) = (method(request), problem.map(|problem| problem.kind().slug()));
    let (subject, principal_method) = (caller.map(Caller::subject), caller.map(Caller::method));
    let trace = observer.and_then(|ThinData(observer)| {
        observer.observe(&Exchange {
            request_id: id.as_str(),
            headers: request.headers(),
            method,
            route: route.map(|route| route.path),
            operation,
            status: status.as_u16(),
            problem: kind,
            tenant,
            principal_method: principal_method.as_deref(),
            duration,
        })
    });
    let is_gone = extensions.get::<ClientGone>().is_some();
    if is_gone {
        tracing::debug!(
            request.id = %id,
            tenant.id = tenant,
            trace.id = trace,
            "the client had gone before its change was begun: nothing was changed"
        );
    } else if status.is_server_error() {
        let causes = problem.and_then(Problem::causes);
        tracing::error!(
            request.id = %id,
            tenant.id = tenant,
            trace.id = trace,
            problem = kind,
            cause = causes,
            "a request failed"
        );
    }
    if !is_logged {
        return;
    }
    let created = extensions.get::<CreatedKey>().map(|CreatedKey(name)| name.clone());
    let key = if has_what_it_names(status) { created.or_else(|| path_key(request)) } else { None };
    // A name is chosen by its caller: one that tells the caller's own secret stays out.
    let key = key.filter(|key| !tells_credential(request.headers(), key.as_str().as_bytes()));
    tracing::info!(
        request.id = %id,
        tenant.id = tenant,
        operation,
        key.name = key.as_ref().map(KeyName::as_str),
        http.method = method,
        http.status = status.as_u16(),
        duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        principal.method = principal_method.as_deref(),
        principal.id = subject.as_deref(),
        principal.issuer = caller.and_then(Caller::issuer),
        client.address = refused_client(request, problem).map(tracing::field::display),
        client.gone = is_gone.then_some(true),
        trace.id = trace,
        problem = kind,
        "request"
    );
}

/// The tenant in the path, if a credential of the caller names it or the answer shows that it is there.
/// Whoever is not entitled to a tenant may have sent anything in its place, a token even.
fn tenant(status: StatusCode, caller: &Caller) -> Option<&TenantId> {
    caller.tenant().filter(|tenant| caller.is_of(tenant) || has_what_it_names(status))
}

/// The key in the path.
fn path_key(request: &HttpRequest) -> Option<KeyName> {
    let name = path_parameter(request.match_info(), parameter::KEY_NAME)?;
    KeyName::parse(&name).ok()
}

/// Whether an answer shows that what its request names was there.
fn has_what_it_names(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::NOT_MODIFIED
}

/// Where a request came from whose caller was turned away.
fn refused_client(request: &HttpRequest, problem: Option<&Problem>) -> Option<IpAddr> {
    problem.filter(|problem| problem.kind().turns_away())?;
    let ThinData(clients) = request.app_data::<ThinData<ClientAddresses>>()?;
    let peer = request.peer_addr()?;
    Some(clients.find(peer.ip(), request.headers()))
}

/// The request's method, by the names that HTTP has; any other is its caller's own text.
fn method(request: &HttpRequest) -> &'static str {
    let known = METHODS.into_iter().find(|known| *known == request.method().as_str());
    known.unwrap_or(OTHER_METHOD)
}

/// The methods of RFC 9110 §9 and RFC 5789.
pub(crate) const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
