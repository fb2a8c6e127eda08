//! Every operation of the service: those of the contract, and those of the extensions document.

/// Operations, as the contract's are: a type each, with method, path, texts and scope.
macro_rules! operations {
    ($tag:literal; $($name:ident: $method:ident $path:literal, $scope:ident, $request:expr, $response:expr, $success:literal,
       $summary:literal, $description:literal;)*) => {
        $(
            #[doc = concat!($summary, ".")]
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $name;

            impl Operation for $name {
                const NAME: &'static str = stringify!($name);
                const METHOD: Method = Method::$method;
                const PATH: &'static str = concat!("/api/{tenantId}", $path);
                const TAG: &'static str = $tag;
                const SUMMARY: &'static str = $summary;
                const DESCRIPTION: &'static str = $description;
                const SCOPE: &'static str = $scope;
                const REQUEST_MEDIA_TYPES: &'static [&'static str] = $request;
                const RESPONSE_MEDIA_TYPES: &'static [&'static str] = $response;
                const SUCCESS: u16 = $success;
            }
        )*
    };
}

mod audit;
mod introspection;
mod key_details;
mod leaks;
mod revocation;
mod scopes;
mod tenants;

use actix_web::http::Method;

use crate::contract::{OPERATIONS, OperationDescription};

pub(crate) use audit::{
    ExportAuditLog, GetAuditCheckpoint, GetAuditProof, GetAuditTile, ListAuditEvents,
};
pub(super) use introspection::IntrospectToken;
pub(crate) use key_details::{
    AmendApiKeyDetails, ApplyApiKeyPlan, CreateApiKeyDetails, EndOwnToken, EndPreviousTokens,
    GetApiKeyDetails, GetOwnApiKey, ListApiKeyDetails, RotateApiKey,
};
pub(super) use leaks::ReportLeaks;
pub(super) use revocation::RevokeToken;
pub(super) use scopes::ListScopes;
pub(crate) use tenants::ListTenants;

/// The path of a gateway's question, with the parameter that names the tenant.
pub(super) const FORWARD_AUTH: &str = "/auth/{tenantId}";
/// The path of one that has the path of the request behind it, with its parameters, of which the last may be
/// anything.
pub(super) const APPENDED_PATH: &str = "/auth/{tenantId}/for/{scopes}/{path:.*}";

/// The operations beyond the contract. A gateway asks by any method.
pub const EXTENSIONS: &[OperationDescription] = &[
    OperationDescription::of::<ListApiKeyDetails>(),
    OperationDescription::of::<CreateApiKeyDetails>(),
    OperationDescription::of::<GetApiKeyDetails>(),
    OperationDescription::of::<AmendApiKeyDetails>(),
    OperationDescription::of::<RotateApiKey>(),
    OperationDescription::of::<EndPreviousTokens>(),
    OperationDescription::of::<ApplyApiKeyPlan>(),
    OperationDescription::of::<GetOwnApiKey>(),
    OperationDescription::of::<EndOwnToken>(),
    OperationDescription::of::<ListAuditEvents>(),
    OperationDescription::of::<ExportAuditLog>(),
    OperationDescription::of::<GetAuditCheckpoint>(),
    OperationDescription::of::<GetAuditTile>(),
    OperationDescription::of::<GetAuditProof>(),
    OperationDescription::of::<IntrospectToken>(),
    OperationDescription::of::<RevokeToken>(),
    OperationDescription::of::<ReportLeaks>(),
    OperationDescription::of::<ListScopes>(),
    OperationDescription::of::<ListTenants>(),
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

/// The scopes that operations demand.
pub(super) fn scopes<'s>() -> impl Iterator<Item = &'s str> {
    all().map(|it| -> &'s str { it.scope }).filter(|scope| !scope.is_empty())
}

/// Every operation, the contract's first.
pub(super) fn all() -> impl Iterator<Item = &'static OperationDescription> {
    OPERATIONS.iter().chain(EXTENSIONS)
}
