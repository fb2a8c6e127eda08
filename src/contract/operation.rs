//! An operation of the contract.

use actix_web::http::Method;

use super::body::RequestBody;

/// An operation of the contract. The types that implement it are generated.
pub trait Operation: Send + Sync + 'static {
    /// The name, as a type has it: `ListApiKeys`.
    const NAME: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// The path with its parameters in braces.
    const PATH: &'static str;
    /// The one tag.
    const TAG: &'static str;
    /// The summary.
    const SUMMARY: &'static str;
    /// The description, which demands [`SCOPE`](Self::SCOPE).
    const DESCRIPTION: &'static str;
    /// The scope that a caller must hold.
    const SCOPE: &'static str;
    /// The media types of the request body in the contract's order; empty where there is none.
    const REQUEST_MEDIA_TYPES: &'static [&'static str];
    /// The media types of the successful response in the contract's order; empty where it has no
    /// body.
    const RESPONSE_MEDIA_TYPES: &'static [&'static str];
    /// The status of the successful response.
    const SUCCESS: u16;
}

/// An operation that takes a JSON body.
pub trait OperationWithBody: Operation {
    /// The body.
    type Body: RequestBody;
}

/// An operation as a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDescription {
    /// [`Operation::NAME`].
    pub name: &'static str,
    /// [`Operation::METHOD`].
    pub method: Method,
    /// [`Operation::PATH`].
    pub path: &'static str,
    /// [`Operation::SCOPE`].
    pub scope: &'static str,
}

impl OperationDescription {
    /// The row of an operation.
    #[must_use]
    pub const fn of<O: Operation>() -> Self {
        Self { name: O::NAME, method: O::METHOD, path: O::PATH, scope: O::SCOPE }
    }
}
