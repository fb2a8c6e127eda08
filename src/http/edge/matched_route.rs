//! The route that a request took.

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::http::Method;

use crate::http::operations::{self, PlacedOperation};

/// A path of [`routes`](crate::http::routes) with its parameters in braces, and the operation that a
/// request at it is. It is known to the request, so that nobody looks for it again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatchedRoute {
    /// The path.
    pub path: &'static str,
    /// The operation; none where the path is none's, or the method.
    pub operation: Option<PlacedOperation>,
}

impl MatchedRoute {
    /// The route of a method at a path, or of every one.
    pub(crate) fn of_method(path: &'static str, method: Option<&Method>) -> Self {
        Self { path, operation: operations::find(method, path) }
    }

    /// The route of a request that no handler is for.
    pub(crate) fn of_no_operation(path: &'static str) -> Self {
        Self { path, operation: None }
    }

    /// The route in the form in which it is left with requests.
    pub(crate) fn into_data(self) -> Rc<Extensions> {
        let mut data = Extensions::new();
        data.insert(self);
        Rc::new(data)
    }

    /// The route that a request took; none where its path is no address of ours.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.app_data::<Self>().copied()
    }
}
