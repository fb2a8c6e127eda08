//! The service as HTTP: routes, bodies in and out, and what every answer carries.
//!
//! Handlers hold no rules and no paths: the rules are in [`crate::domain`], the paths, texts and
//! scopes in [`crate::contract`], and each handler's signature says who may.
//!
//! Invariants: no handler of an operation runs without a [`crate::auth::ScopedAuthorize`] or, where it is about
//! no single tenant, a `TenantsAuthorize`, but for `revocation`, where the token that is to end is the right to end it; every answer passes
//! `edge`, which writes problems, security headers and the log line.

mod answers;
mod api_keys;
mod audit;
mod console;
mod edge;
mod forward_auth;
mod guard_refusals;
mod introspection;
mod key_details;
mod key_plans;
mod key_service;
mod leaks;
mod operations;
mod pages;
mod path_pattern;
mod refusals;
mod request;
mod revocation;
mod router;
mod routes;
mod scope_catalogue;
mod scope_list;
mod tenant_list;

pub(crate) use console::{Console, ConsoleParts, PAGE as CONSOLE};
#[cfg(feature = "ext-authz")]
pub(crate) use edge::access_log::METHODS;
pub(crate) use edge::cors::cors;
pub(crate) use edge::exchange::{Exchange, OTHER_METHOD, RequestObserver};
pub(crate) use edge::request_tally::{OperationTally, RequestTally};
#[cfg(any(feature = "ext-authz", feature = "tower"))]
pub(crate) use edge::written_problem::WrittenProblem;
pub(crate) use edge::{edge, problem_bodies};
#[cfg(feature = "ext-authz")]
pub(crate) use forward_auth::{IdentityText, tell_identity};
pub(crate) use key_details::{ApiKeyDetails, is_unused_since};
pub(crate) use key_service::KeyService;
pub(crate) use leaks::Leaks;
pub(crate) use operations::{
    AmendApiKeyDetails, ApplyApiKeyPlan, CreateApiKeyDetails, EndPreviousTokens, ExportAuditLog,
    GetApiKeyDetails, GetAuditCheckpoint, ListApiKeyDetails, ListAuditEvents, ListTenants,
    RotateApiKey,
};
pub(crate) use pages::openapi::Documents;
pub(crate) use pages::security_txt::SecurityTxt;
pub(crate) use pages::swagger_ui::{PAGE as SWAGGER_UI, SwaggerUi};
pub(crate) use request::client::Client;
#[cfg(any(feature = "ext-authz", feature = "tower"))]
pub(crate) use request::foreign_headers::foreign_headers;
#[cfg(any(feature = "ext-authz", feature = "tower"))]
pub(crate) use request::request_id::RequestId;
pub(crate) use routes::{HttpParts, configure};
pub(crate) use scope_catalogue::ScopeCatalogue;

pub use console::ConsoleConfig;
pub use edge::cors::CorsConfig;
pub use leaks::{LeakAction, LeaksConfig};
pub use operations::EXTENSIONS;
pub use pages::extensions_document::collected_extensions;
pub use pages::openapi::collected;
pub use pages::security_txt::SecurityConfig;
pub use pages::swagger_ui::SwaggerUiConfig;
pub use request::limits::LimitsConfig;
pub use scope_catalogue::{KnownScope, KnownScopes, ScopeCheck, ScopesConfig};
