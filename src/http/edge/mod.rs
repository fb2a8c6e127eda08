//! The middleware that every answer passes on its way out.

pub(super) mod access_log;
pub(super) mod cors;
pub(super) mod exchange;
pub(super) mod matched_route;
pub(super) mod public_address;
pub(super) mod request_tally;
#[cfg(any(feature = "ext-authz", feature = "tower"))]
pub(super) mod written_problem;

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::ThinData;
use actix_web::{Error, HttpMessage as _};

use super::forward_auth::is_forward_auth;
use super::request::limits::LimitsConfig;
use super::request::negotiation::MediaType;
use super::request::request_id::{RequestId, X_REQUEST_ID};
use crate::auth::Caller;
use crate::contract::API_KEY_HEADER_TEXT;
use crate::domain::Timestamp;
use crate::problem::{Problem, ProblemType};

use matched_route::MatchedRoute;
use public_address::public_address;
use request_tally::RequestTally;

/// The first second in which the API key of the request is not valid any more (RFC 3339), if it has an end.
/// Of a new key that the policy gave an end, it is that one.
pub(super) const API_KEY_EXPIRES: HeaderName = HeaderName::from_static("api-key-expires");

/// Middleware around everything: the request's id, the bodies of problems, caching and security
/// headers, the counts and the log line.
///
/// # Errors
/// None of its own.
pub(crate) async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    let id = RequestId::of(request.headers());
    if is_forward_auth(request.match_info().as_str()) {
        cors::pass_by(request.headers_mut());
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read {
        request.extensions_mut().insert(id.clone());
    }
    let limits = request.app_data::<ThinData<LimitsConfig>>();
    let mut response = match limits.and_then(|limits| limits.refuse_head(request.request())) {
        Some(problem) => request.error_response(problem),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let id = if is_read { id } else { RequestId::of_change(response.request(), id) };
    if response.response().error().is_some() {
        response = with_problem_body(response, &id);
    }
    // The path as it was matched: as it was sent, it may be escaped.
    let request = response.request();
    let matched = MatchedRoute::of(request);
    let path = matched.map_or_else(|| request.path(), |matched| matched.path);
    let is_api = path.starts_with("/api/");
    let is_forward_auth = is_forward_auth(path);
    let key_end = if is_api || is_forward_auth {
        request.extensions().get::<Caller>().and_then(Caller::expires_at)
    } else {
        None
    };
    let headers = response.headers_mut();
    if is_api {
        set_caching(headers, is_read);
    } else if is_forward_auth {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Where a new key got an end that its answer cannot name otherwise, the header is about that one.
    if let Some(end) = key_end
        && (is_read || !headers.contains_key(API_KEY_EXPIRES))
    {
        headers.append(API_KEY_EXPIRES, time_header(end));
    }
    let duration = start.elapsed();
    let tally = response.request().app_data::<ThinData<Arc<RequestTally>>>();
    if let Some(ThinData(tally)) = tally {
        let place = matched.and_then(|it| it.operation).map(|operation| operation.place);
        tally.count(place, response.status(), duration);
    }
    access_log::record(&id, duration, matched, &response);
    response.headers_mut().append(X_REQUEST_ID, id.into_header_value());
    Ok(response)
}

/// A time as a header has it.
#[expect(clippy::expect_used, reason = "RFC 3339 is written in visible ASCII")]
pub(super) fn time_header(time: Timestamp) -> HeaderValue {
    HeaderValue::from_bytes(&time.to_ascii()).expect("a time is a header value")
}

/// Middleware for services that are not this one: writes the bodies of our problems and what belongs to
/// them, and leaves every other answer alone.
///
/// # Errors
/// None of its own.
pub(crate) async fn problem_bodies(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of(request.headers());
    let response = next.call(request).await?.map_into_boxed_body();
    let error = response.response().error();
    if error.and_then(|error| error.as_error::<Problem>()).is_none() {
        return Ok(response);
    }
    let mut response = with_problem_body(response, &id);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_REQUEST_ID, id.into_header_value());
    Ok(response)
}

/// The headers that an answer about keys depends on.
#[expect(clippy::expect_used, reason = "the name of a header is one that a header may hold")]
static VARIES: LazyLock<HeaderValue> = LazyLock::new(|| {
    HeaderValue::try_from(format!("Authorization, {API_KEY_HEADER_TEXT}, Accept"))
        .expect("names of headers are visible ASCII")
});

/// Answers about keys are the caller's own: without this, a shared cache may store an answer to a
/// request that was authenticated by `X-API-KEY` (RFC 9111 §3.5 speaks of `Authorization` alone).
///
/// A proxy that compresses an answer makes its tag a weak one, under which no change is made again:
/// those that listen leave our answers as they are (RFC 9111 §5.2.2.6).
fn set_caching(headers: &mut HeaderMap, is_read: bool) {
    if is_read {
        let kept = HeaderValue::from_static("private, no-cache, no-transform");
        headers.insert(CACHE_CONTROL, kept);
        // Added to what CORS says: its answers vary by origin too.
        headers.append(VARY, VARIES.clone());
    } else {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    }
}

/// Writes the body of a problem; an error that is none becomes one, by its status.
#[expect(clippy::expect_used, reason = "a problem is texts and numbers, which JSON can hold")]
fn with_problem_body(response: ServiceResponse, id: &RequestId) -> ServiceResponse {
    let media_type = MediaType::for_problem(response.request().headers());
    let error = response.response().error();
    let write = |problem: &Problem| {
        let page = public_address(response.request(), problem.kind().type_uri());
        serde_json::to_vec(&problem.body(id.as_str()).explained_at(&page))
    };
    let json = match error.and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => write(problem),
        None => {
            let kind = ProblemType::of_status(response.status());
            write(&Problem::new(kind, kind.meaning()))
        }
    };
    let json = json.expect("a problem can be written as JSON");
    response.map_body(|head, _| {
        head.headers.insert(CONTENT_TYPE, media_type.header_value());
        head.headers.remove(HeaderName::from_static("content-length"));
        BoxBody::new(json)
    })
}
