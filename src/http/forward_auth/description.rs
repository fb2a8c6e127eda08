//! The description of a gateway's question and of its answer in the extensions document.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};

use super::appended_path::SCOPES;
use super::demand::{ANY, SCOPE};
use super::identity::{
    X_AUTH_EXPIRES, X_AUTH_ISSUER, X_AUTH_METHOD, X_AUTH_PRINCIPAL, X_AUTH_SCOPES, X_AUTH_TENANT,
};
use crate::contract::{ListApiKeys, Operation as _};

/// The query of a gateway's question.
pub(super) struct DemandParameters;

impl IntoParams for DemandParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let scope = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(256))
            .pattern(Some(r"^[\x21\x23-\x5B\x5D-\x7E]+$"));
        let scopes = ArrayBuilder::new().items(scope).max_items(Some(256)).build();
        let parameter = |name: &str, description: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(description))
                .schema(Some(scopes.clone()))
                .example(Some(serde_json::json!([ListApiKeys::SCOPE])))
                .build()
        };
        vec![
            parameter(SCOPE, "Scopes, all of which the credential must hold."),
            parameter(ANY, "Scopes, one of which the credential must hold."),
        ]
    }
}

/// The parts of a path that a gateway's settings and its caller wrote.
pub(super) struct AppendedPathParameters;

impl IntoParams for AppendedPathParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, longest: usize, example: &str, description: &str| {
            let text = ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(longest))
                .pattern(Some(r"^[\x21-\x7E]+$"));
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(description))
                .schema(Some(text))
                .example(Some(example.into()))
                .build()
        };
        vec![
            parameter(
                SCOPES,
                65_536,
                ListApiKeys::SCOPE,
                "Scopes, all of which the credential must hold, joined by `,` (a `,` or `/` in a scope is \
                 percent-encoded); `-` for none.",
            ),
            parameter("path", 65_536, "shops", "The path that the caller asked the gateway for."),
        ]
    }
}

/// The answer to whoever may pass.
pub(super) struct Passed;

impl IntoResponses for Passed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let header = |description: &str, example: &str| {
            let header = HeaderBuilder::new().description(Some(description));
            header
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .example(Some(example.into()))
        };
        let principal = "The key's name or the token's subject, percent-encoded (RFC 3986 §2.1); \
            joined by `+` where two credentials came.";
        let issuer = "Who issued the token whose subject the principal is, percent-encoded; empty \
            where no token came.";
        let scopes = "What the credential may do in the tenant: scopes between single spaces.";
        let expires = "When the API key expires (RFC 3339, in UTC); absent if it never does.";
        let method = "`api_key`, `bearer`, or `api_key+bearer`.";
        let response = ResponseBuilder::new()
            .description("The request may pass. This answer may not be cached.")
            .header(X_AUTH_TENANT.as_str(), header("The tenant.", "demo").build())
            .header(X_AUTH_PRINCIPAL.as_str(), header(principal, "crm-sync").build())
            .header(X_AUTH_ISSUER.as_str(), header(issuer, "https://login.example/").build())
            .header(X_AUTH_SCOPES.as_str(), header(scopes, "orders:read orders:write").build())
            .header(X_AUTH_METHOD.as_str(), header(method, "api_key").build())
            .header(X_AUTH_EXPIRES.as_str(), header(expires, "2027-02-24T21:00:00Z").build());
        BTreeMap::from([("200".to_owned(), response.build().into())])
    }
}
