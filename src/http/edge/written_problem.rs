//! A problem as bytes, for those who answer by another library.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::contract::PublicUrl;
use crate::http::request::negotiation::MediaType;
use crate::http::request::request_id::{RequestId, X_REQUEST_ID};
use crate::problem::Problem;

/// An answer that is not a success: all of it.
pub(crate) struct WrittenProblem {
    /// Its status.
    pub status: u16,
    /// Its headers, of which a name may come more than once.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body, JSON.
    pub body: String,
}

impl WrittenProblem {
    /// Writes a problem for whoever sent a request with these headers.
    #[expect(clippy::expect_used, reason = "a problem is texts and numbers, which JSON can hold")]
    pub(crate) fn new(
        problem: &Problem,
        request: &HeaderMap,
        id: RequestId,
        public_url: Option<&PublicUrl>,
    ) -> Self {
        let path = problem.type_path();
        let page = public_url.map_or_else(|| path.to_owned(), |url| url.of(path));
        let body = serde_json::to_string(&problem.body(id.as_str()).explained_at(&page));
        let own = [
            (CONTENT_TYPE, MediaType::for_problem(request).header_value()),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (X_REQUEST_ID, id.into_header_value()),
        ];
        Self {
            status: problem.status(),
            headers: problem.headers().iter().cloned().chain(own).collect(),
            body: body.expect("a problem can be written as JSON"),
        }
    }
}
