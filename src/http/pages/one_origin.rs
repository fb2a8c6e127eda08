//! Pages that are shown under one name of the server alone: what they call and where they sign in is one
//! origin then.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderValue};

/// The origin of a page; none: whichever the browser came by.
#[derive(Debug, Clone)]
pub(crate) struct OneOrigin(Option<String>);

impl OneOrigin {
    pub(crate) fn new(origin: Option<String>) -> Self {
        Self(origin)
    }

    /// Where a request for a page should have gone, if it came by another name of the server.
    pub(crate) fn elsewhere(&self, request: &HttpRequest, page: &str) -> Option<String> {
        let origin = self.0.as_deref()?;
        let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
        let named = origin.split_once("://").map(|(_, authority)| authority.as_bytes());
        (host != named).then(|| format!("{origin}{page}"))
    }
}
