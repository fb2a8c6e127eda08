//! Refusals as services on tower and axum answer them.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Caller, Problem, RequiredScope, ScopedAuthorize};
use crate::auth::denial;
use crate::http::{RequestId, WrittenProblem};

/// A problem that travels to the layer, which knows the request that it answers.
#[derive(Clone)]
pub(super) struct Refused(pub Arc<Problem>);

/// The whole answer to a request with these headers.
pub(super) fn answer<B: From<Bytes>>(problem: &Problem, request: &HeaderMap) -> Response<B> {
    let written = WrittenProblem::new(problem, request, RequestId::of(request), None);
    let mut answer = Response::new(B::from(written.body.into()));
    *answer.status_mut() = status(written.status);
    for (name, value) in written.headers {
        answer.headers_mut().append(name_of(name.as_str()), value_of(value.as_bytes()));
    }
    answer
}

#[expect(clippy::expect_used, reason = "the catalogue has no status that HTTP has not")]
fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a problem's status is one")
}

#[expect(clippy::expect_used, reason = "one version of the library takes the other's names")]
fn name_of(name: &str) -> HeaderName {
    HeaderName::try_from(name).expect("a header's name is one")
}

#[expect(clippy::expect_used, reason = "one version of the library takes the other's values")]
fn value_of(value: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(value).expect("a header's value is one")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = status(self.status());
        answer.extensions_mut().insert(Refused(Arc::new(self)));
        answer
    }
}

/// In axum, as the first argument of a handler whose router has the [`Layer`](super::Layer).
impl<S: RequiredScope, State: Sync> FromRequestParts<State> for ScopedAuthorize<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| denial::unauthenticated(std::any::type_name::<S>()))?;
        Self::of(caller)
    }
}
