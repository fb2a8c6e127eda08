//! Problem details (RFC 9457): every failure, as callers read it.
//!
//! The [catalogue](ProblemType) is closed: every answer that is not a success is one of its
//! entries, and status codes stand nowhere else. A [`Problem`] keeps two things apart: `detail` is
//! for the caller, the cause is for the log alone.

mod catalogue;
mod faults;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::causes::in_full;
use crate::contract::HttpValidationProblemDetails;

pub use catalogue::{CATALOGUE, ProblemType};
pub(crate) use faults::Faults;

/// Where each entry of the catalogue is explained: `{PAGES}{slug}`, which is also its `type`.
pub(crate) const PAGES: &str = "/problems/";

/// One answer that is not a success.
#[derive(Debug)]
#[must_use]
pub struct Problem {
    kind: ProblemType,
    detail: Cow<'static, str>,
    faults: Option<Faults>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with what the caller should know or do. `detail` never holds a secret, an internal
    /// or what the caller sent.
    pub(crate) fn new(kind: ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), faults: None, headers: Vec::new(), cause: None }
    }

    /// Every fault of a request's body or query at once; of a member with many, the first.
    pub(crate) fn validation(faults: Faults) -> Self {
        Self::new(ProblemType::Validation, "See errors, by member; \"$\" is the whole body.")
            .with_faults(faults)
    }

    /// Adds sentences by member.
    pub(crate) fn with_faults(self, faults: Faults) -> Self {
        Self { faults: Some(faults.closed()), ..self }
    }

    /// Asks the caller to retry in five seconds: a busy disk is free soon, and a person done with a file.
    pub(crate) fn in_five_seconds(self) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds the cause, for the log alone.
    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The headers of its answer that are its own.
    #[cfg(any(feature = "ext-authz", feature = "tower"))]
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The status of its answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.kind.status().as_u16()
    }

    /// The path of the page that explains it, which is its `type`: what a program tells problems apart by.
    #[must_use]
    pub fn type_path(&self) -> &'static str {
        self.kind.type_uri()
    }

    /// Which entry of the catalogue it is.
    pub(crate) fn kind(&self) -> ProblemType {
        self.kind
    }

    /// The chain of causes, outermost first, for the log.
    pub(crate) fn causes(&self) -> Option<String> {
        self.cause.as_deref().map(|cause| in_full(cause))
    }

    /// The body: the contract's `ProblemDetails`, or its `HttpValidationProblemDetails` when it has
    /// `errors`, with `requestId` beside them.
    pub(crate) fn body<'a>(&'a self, request_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            details: HttpValidationProblemDetails {
                r#type: Some(self.kind.type_uri()),
                title: Some(self.kind.title()),
                status: Some(self.kind.status().as_u16().into()),
                detail: Some(&self.detail),
                instance: None,
                errors: self.faults.as_ref().map(Faults::by_member),
            },
            request_id,
        }
    }
}

/// The members of a problem's body.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemBody<'a> {
    #[serde(flatten)]
    details: HttpValidationProblemDetails<'a>,
    #[serde(rename = "requestId")]
    request_id: &'a str,
}

impl<'a> ProblemBody<'a> {
    /// The same with the whole address of the page that explains it, as its `type`.
    pub(crate) fn explained_at(mut self, page: &'a str) -> Self {
        self.details.r#type = Some(page);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.title(), self.detail)
    }
}

impl Error for Problem {}

/// Lets a problem travel through actix. The body is written at the edge, where what the caller
/// accepts and the request's id are known.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        for (name, value) in &self.headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::{Faults, Problem, ProblemType};

    #[test]
    fn a_body_has_the_members_of_the_contract() {
        let problem = Problem::new(ProblemType::KeyNotFound, "There is no such key.");
        assert_eq!(
            serde_json::to_value(problem.body("r-1")).unwrap(),
            serde_json::json!({
                "type": "/problems/key-not-found",
                "title": "API key not found",
                "status": 404,
                "detail": "There is no such key.",
                "requestId": "r-1",
            })
        );
    }

    #[test]
    fn faults_are_told_by_member() {
        let mut faults = Faults::default();
        faults.add("name", "Too long.");
        faults.add("$", "Text after the value.");
        faults.add("name", "Taken.");
        let body = serde_json::to_value(Problem::validation(faults).body("r")).unwrap();
        assert_eq!(
            body["errors"],
            serde_json::json!({"name": ["Too long.", "Taken."], "$": ["Text after the value."]})
        );
    }

    #[test]
    fn the_cause_is_for_the_log_alone() {
        let cause = std::io::Error::other("disk on fire");
        let problem = Problem::new(ProblemType::StoreUnavailable, "Try again.").caused_by(cause);
        assert_eq!(problem.causes().as_deref(), Some("disk on fire"));
        let body = serde_json::to_string(&problem.body("r")).unwrap();
        assert!(!body.contains("fire") && !problem.to_string().contains("fire"));
    }
}
