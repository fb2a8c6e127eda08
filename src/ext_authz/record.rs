//! One log line a question, one count, and a word to who keeps traces, as for the requests of HTTP.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;

use super::question::Question;
use crate::auth::Caller;
use crate::auth::client_address::ClientAddresses;
use crate::domain::TenantId;
use crate::http::{Exchange, METHODS, OTHER_METHOD, RequestId, RequestObserver, RequestTally};
use crate::problem::Problem;

/// Where questions are noted.
pub(crate) struct Records {
    /// Counts of requests.
    pub requests: Arc<RequestTally>,
    /// Who is told of each request, if anybody is.
    pub observer: Option<Arc<dyn RequestObserver>>,
    /// Who finds out from where a request came, if refusals are logged with that.
    pub refused_clients: Option<ClientAddresses>,
}

/// The name of the procedure, which is its path too.
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

impl Records {
    /// Notes a question that has its answer.
    pub(super) fn note(
        &self,
        question: &Question,
        gateway: Option<IpAddr>,
        id: &RequestId,
        duration: Duration,
        caller: Option<&Caller>,
        problem: Option<&Problem>,
    ) {
        let status = problem.map_or(StatusCode::OK, |problem| problem.kind().status());
        self.requests.count(None, status, duration);
        // Whoever is not entitled to a tenant may have sent anything in its place.
        let tenant = caller.and_then(|caller| {
            caller.tenant().filter(|tenant| caller.is_of(tenant) || problem.is_none())
        });
        let tenant = tenant.map(TenantId::as_str);
        let method = METHODS.into_iter().find(|it| *it == question.method());
        let method = method.unwrap_or(OTHER_METHOD);
        let kind = problem.map(|problem| problem.kind().slug());
        let (subject, principal_method) = (caller.map(Caller::subject), caller.map(Caller::method));
        let trace = self.observer.as_ref().and_then(|observer| {
            observer.observe(&Exchange {
                request_id: id.as_str(),
                headers: &question.headers,
                method,
                route: Some(CHECK),
                operation: None,
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
                request.id = %id, tenant.id = tenant, trace.id = trace, problem = kind, cause = causes,
                "a request failed"
            );
        }
        let turned_away = problem.filter(|problem| problem.kind().turns_away());
        let address = turned_away.zip(self.refused_clients.as_ref()).zip(gateway);
        let address = address.map(|((_, clients), gateway)| {
            let named = question.client.filter(|_| clients.trusts(gateway));
            clients.find(named.unwrap_or(gateway), &question.headers)
        });
        tracing::info!(
            request.id = %id,
            tenant.id = tenant,
            http.method = method,
            http.status = status.as_u16(),
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            principal.method = principal_method.as_deref(),
            principal.id = subject.as_deref(),
            principal.issuer = caller.and_then(Caller::issuer),
            client.address = address.map(tracing::field::display),
            trace.id = trace,
            problem = kind,
            "request"
        );
    }
}
