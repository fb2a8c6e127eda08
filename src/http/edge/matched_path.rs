//! The path of the routes that a request matched.

use std::sync::Arc;

use actix_web::HttpRequest;

/// A path of [`routes`](crate::http::routes) with its parameters in braces, known to every request that
/// matches it. The framework would find it by matching the request against every route once more.
#[derive(Debug, Clone)]
pub(crate) struct MatchedPath(Arc<str>);

impl MatchedPath {
    /// What a resource at this path gives to its requests.
    pub(crate) fn new(path: &str) -> Self {
        Self(path.into())
    }

    /// The path that a request matched; none where it is no address of ours.
    pub(crate) fn of(request: &HttpRequest) -> Option<&str> {
        request.app_data::<Self>().map(|path| &*path.0)
    }
}
