//! Every operation of the service: those of the contract, and those of the extensions document.

use actix_web::http::Method;

use super::forward_auth::FORWARD_AUTH;
use super::introspection::IntrospectToken;
use crate::contract::{OPERATIONS, OperationDescription};

/// What is answered beyond the contract. A gateway asks by any method.
const EXTENSIONS: &[OperationDescription] = &[
    OperationDescription::of::<IntrospectToken>(),
    OperationDescription { name: "ForwardAuth", method: "GET", path: FORWARD_AUTH, scope: "" },
];

/// The operation of a method and the path that it matched.
pub(super) fn find(method: &Method, path: &str) -> Option<&'static OperationDescription> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    // A gateway asks by the method of the request that it asks about.
    all().find(|it| it.path == path && (it.method == method || path == FORWARD_AUTH))
}

/// Every operation, the contract's first.
pub(super) fn all() -> impl Iterator<Item = &'static OperationDescription> {
    OPERATIONS.iter().chain(EXTENSIONS)
}
