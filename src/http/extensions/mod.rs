//! What other services ask: may this request pass ([`forward_auth()`]), and what is this token worth
//! ([`introspect()`]).
//!
//! These addresses are not the documented contract's. They stand in an OpenAPI document of
//! their own, and judge by the same code: a question is authenticated as an operation is.
//!
//! Invariant: what a caller sent is never part of a yes. The headers of an answer say what was found
//! out, in characters that every gateway passes on unchanged.

mod demand;
mod document;
mod form;
mod forward_auth;
mod identity;
mod introspect;

pub use document::collected_extensions;
pub(super) use forward_auth::{FORWARD_AUTH, forward_auth, is_forward_auth};
pub(super) use introspect::{IntrospectToken, introspect};

use crate::contract::OperationDescription;

/// What is answered beyond the contract, as rows of the same table. A gateway asks by any method.
pub(super) const OPERATIONS: &[OperationDescription] = &[
    OperationDescription::of::<IntrospectToken>(),
    OperationDescription { name: "ForwardAuth", method: "GET", path: FORWARD_AUTH, scope: "" },
];
