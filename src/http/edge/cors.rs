//! Callers in browsers, from other origins: refused unless the deployment names them (Fetch §3.2).

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_LOCATION, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION, ORIGIN, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use actix_web::middleware::Condition;

use crate::contract::{API_KEY_HEADER, OPERATIONS};
use crate::http::request::request_id::X_REQUEST_ID;

/// Who may call from a browser: the settings `cors.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsConfig {
    /// Origins as browsers send them: scheme, host and port, nothing after it. Empty: none.
    pub origins: Vec<String>,
}

/// Headers that instruments in a page add to its requests (W3C Trace Context and Baggage).
const TRACE_CONTEXT: [&str; 3] = ["traceparent", "tracestate", "baggage"];

/// How long a browser may remember that it was allowed, in seconds.
const REMEMBERED: usize = 600;

/// Middleware that lets the configured origins call the operations, with the methods and headers
/// that they need. Cookies play no part: a credential is what the page itself sends.
#[must_use]
pub(crate) fn cors(config: &CorsConfig) -> Condition<Cors> {
    let methods = OPERATIONS.iter().map(|it| it.method.clone());
    let sent = [
        ACCEPT,
        API_KEY_HEADER,
        AUTHORIZATION,
        CONTENT_TYPE,
        IF_MATCH,
        IF_NONE_MATCH,
        X_REQUEST_ID,
    ];
    let sent = sent.into_iter().chain(TRACE_CONTEXT.map(HeaderName::from_static));
    let read = [CONTENT_LOCATION, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, X_REQUEST_ID];
    let cors = Cors::default()
        .allowed_methods(methods.chain([Method::HEAD]))
        .allowed_headers(sent)
        .expose_headers(read)
        .block_on_origin_mismatch(false)
        .max_age(REMEMBERED);
    let cors = config.origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!config.origins.is_empty(), cors)
}

/// Takes from a request what makes it a browser's: what a gateway passes on to ask who may is about
/// a page and the gateway, and an answer to its preflight would let everybody in.
pub(crate) fn pass_by(headers: &mut HeaderMap) {
    for name in [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD] {
        // To take out what is not there, as in nearly every request, costs more than to look.
        if headers.contains_key(&name) {
            headers.remove(name);
        }
    }
}
