//! One log line a request, and a word to who keeps traces, without anything that a caller chose but the request's id, a tenant's
//! id, and a name that was authenticated.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::web::ThinData;

use super::exchange::{Exchange, RequestObserver};
use super::extensions::{self, FORWARD_AUTH};
use super::matched_path::MatchedPath;
use super::request_id::RequestId;
use crate::auth::{Caller, path_tenant};
use crate::contract::{OPERATIONS, OperationDescription};
use crate::problem::Problem;

/// Tells the observer, if there is one, and writes the line, and before it the causes of a fault that is the service's own.
pub(super) fn record<B>(
    id: &RequestId,
    duration: Duration,
    operation: Option<&OperationDescription>,
    response: &ServiceResponse<B>,
) {
    let request = response.request();
    let status = response.status();
    let is_logged = tracing::enabled!(tracing::Level::INFO);
    let observer = request.app_data::<ThinData<Arc<dyn RequestObserver>>>();
    if !is_logged && !status.is_server_error() && observer.is_none() {
        return;
    }
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    // Whoever is not entitled to a tenant may have sent anything in its place, a token even.
    let tenant = path_tenant(request.match_info())
        .filter(|tenant| caller.is_some_and(|caller| caller.is_of(tenant)));
    let tenant = tenant.as_ref().map(|tenant| tenant.as_str());
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let (method, kind) = (request.method().as_str(), problem.map(|problem| problem.kind().slug()));
    let principal_method = caller.map(Caller::method);
    let trace = observer.and_then(|ThinData(observer)| {
        observer.observe(&Exchange {
            request_id: id.as_str(),
            headers: request.headers(),
            method,
            route: MatchedPath::of(request),
            operation: operation.map(|operation| operation.name),
            status: status.as_u16(),
            problem: kind,
            tenant,
            principal_method: principal_method.as_deref(),
            duration,
        })
    });
    if status.is_server_error() {
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
    tracing::info!(
        request.id = %id,
        tenant.id = tenant,
        operation = operation.map(|operation| operation.name),
        http.method = method,
        http.status = status.as_u16(),
        duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        principal.method = principal_method,
        principal.id = caller.map(Caller::subject),
        principal.issuer = caller.and_then(Caller::issuer),
        trace.id = trace,
        problem = kind,
        "request"
    );
}

/// The operation that a request is one of, by its method and the path that it matched.
pub(super) fn operation(method: &Method, path: &str) -> Option<&'static OperationDescription> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    // A gateway asks by the method of the request that it asks about.
    operations().find(|it| it.path == path && (it.method == method || path == FORWARD_AUTH))
}

/// Every operation, of the contract and beyond it.
pub(super) fn operations() -> impl Iterator<Item = &'static OperationDescription> {
    OPERATIONS.iter().chain(extensions::OPERATIONS)
}
