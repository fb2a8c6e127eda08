//! Every operation of the service: those of the contract, and those of the extensions document.

mod key_details;

use actix_web::http::Method;

use super::forward_auth::{APPENDED_PATH, FORWARD_AUTH};
use super::introspection::IntrospectToken;
use crate::contract::{OPERATIONS, OperationDescription};

pub(super) use key_details::{
    AmendApiKeyDetails, CreateApiKeyDetails, EndOwnToken, EndPreviousTokens, GetApiKeyDetails,
    GetOwnApiKey, ListApiKeyDetails, RotateApiKey,
};

/// The operations beyond the contract. A gateway asks by any method.
pub const EXTENSIONS: &[OperationDescription] = &[
    OperationDescription::of::<ListApiKeyDetails>(),
    OperationDescription::of::<CreateApiKeyDetails>(),
    OperationDescription::of::<GetApiKeyDetails>(),
    OperationDescription::of::<AmendApiKeyDetails>(),
    OperationDescription::of::<RotateApiKey>(),
    OperationDescription::of::<EndPreviousTokens>(),
    OperationDescription::of::<GetOwnApiKey>(),
    OperationDescription::of::<EndOwnToken>(),
    OperationDescription::of::<IntrospectToken>(),
    OperationDescription {
        name: "ForwardAuth",
        method: Method::GET,
        path: FORWARD_AUTH,
        scope: "",
    },
    OperationDescription {
        name: "ForwardAuthOfPath",
        method: Method::GET,
        path: APPENDED_PATH,
        scope: "",
    },
];

/// An operation with its place among [`all`].
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedOperation {
    pub place: usize,
    pub description: &'static OperationDescription,
}

/// The operation of a method at a path, or of whichever method where every one is answered alike.
pub(super) fn find(method: Option<&Method>, path: &str) -> Option<PlacedOperation> {
    let mut placed = all().enumerate();
    let is_it = |it: &OperationDescription| {
        it.path == path && method.is_none_or(|method| it.method == *method)
    };
    let (place, description) = placed.find(|(_, it)| is_it(it))?;
    Some(PlacedOperation { place, description })
}

/// Every operation, the contract's first.
pub(super) fn all() -> impl Iterator<Item = &'static OperationDescription> {
    OPERATIONS.iter().chain(EXTENSIONS)
}
