//! A request with its answer, for those who keep traces of what happens.

use std::time::Duration;

use actix_web::http::header::HeaderMap;

/// The name of a method that HTTP has no name for, by OpenTelemetry's conventions.
pub(crate) const OTHER_METHOD: &str = "_OTHER";

/// A request that has its answer. Only `headers` holds what callers sent.
#[derive(Debug)]
pub(crate) struct Exchange<'e> {
    /// The request's id in its answer and in the log.
    pub request_id: &'e str,
    /// The request's headers.
    pub headers: &'e HeaderMap,
    /// The request's method, or [`OTHER_METHOD`].
    pub method: &'e str,
    /// The path that it matched, with its parameters in braces; none where it matched none.
    pub route: Option<&'e str>,
    /// The operation that it was.
    pub operation: Option<&'static str>,
    /// The answer's status.
    pub status: u16,
    /// Which entry of the catalogue the answer was.
    pub problem: Option<&'static str>,
    /// The tenant, if a credential of the caller names it or the answer shows that it is there.
    pub tenant: Option<&'e str>,
    /// How the caller proved who it is.
    pub principal_method: Option<&'e str>,
    /// From the request's head to the head of the answer.
    pub duration: Duration,
}

/// Is told of every request once it has its answer.
pub(crate) trait RequestObserver: Send + Sync {
    /// Takes note of a request; gives the id of the trace that it is kept in, for the log.
    fn observe(&self, exchange: &Exchange<'_>) -> Option<String>;
}
