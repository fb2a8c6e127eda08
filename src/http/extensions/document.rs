//! What the annotations of these operations say together.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi};

use super::demand::{ANY, SCOPE};
use super::identity::{
    X_AUTH_ISSUER, X_AUTH_METHOD, X_AUTH_PRINCIPAL, X_AUTH_SCOPES, X_AUTH_TENANT,
};
use super::introspect::{Audience, IntrospectionResponse};
use super::{forward_auth, introspect};
use crate::contract::{ListApiKeys, Operation as _};

/// What the scheme of [`authenticate_client`](crate::auth::authenticate_client) is called.
pub(super) const CLIENT_SECRET: &str = "client-secret";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "neokeys: what other services ask",
        version = "1.0.0",
        description = "Who may pass a gateway, and what a token is worth. These operations are not \
            part of the documented contract."
    ),
    tags(
        (name = "Gateways", description = "Questions of gateways."),
        (name = "Introspection", description = "Questions of resource servers."),
    ),
    paths(forward_auth::forward_auth, introspect::introspect),
    components(schemas(IntrospectionResponse, Audience)),
    modifiers(&ClientSecret),
)]
struct Annotations;

/// What utoipa collects from the annotations of the operations beyond the contract.
#[must_use]
pub fn collected_extensions() -> utoipa::openapi::OpenApi {
    Annotations::openapi()
}

struct ClientSecret;

impl Modify for ClientSecret {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(
            "An API key as a client's secret (RFC 6749 §2.3.1), as it is or percent-encoded. The user name is not looked at.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(CLIENT_SECRET, SecurityScheme::Http(scheme.build()));
    }
}

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
            parameter(SCOPE, "Scopes of which the credential must hold every one."),
            parameter(ANY, "Scopes of which the credential must hold one."),
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
        let method = "`api_key`, `bearer`, or `api_key+bearer`.";
        let response = ResponseBuilder::new()
            .description("The request may pass. Nothing of this may be kept.")
            .header(X_AUTH_TENANT.as_str(), header("The tenant.", "demo").build())
            .header(X_AUTH_PRINCIPAL.as_str(), header(principal, "crm-sync").build())
            .header(X_AUTH_ISSUER.as_str(), header(issuer, "https://login.example/").build())
            .header(X_AUTH_SCOPES.as_str(), header(scopes, "orders:read orders:write").build())
            .header(X_AUTH_METHOD.as_str(), header(method, "api_key").build());
        BTreeMap::from([("200".to_owned(), response.build().into())])
    }
}

/// The answer about a token.
pub(super) struct Introspected;

impl IntoResponses for Introspected {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let body = Content::new(Some(Ref::from_schema_name("IntrospectionResponse")));
        let response = ResponseBuilder::new()
            .description("What the token is worth in the tenant, if anything.")
            .content("application/json", body);
        BTreeMap::from([("200".to_owned(), response.build().into())])
    }
}

/// Refusals as the SDK profile has them: what every question can be answered.
pub(super) struct Refused;
/// Besides those, what a question with a body can be.
pub(super) struct BodyRefused;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        referred(&[
            ("400", "Invalid"),
            ("401", "Unauthorized"),
            ("403", "Forbidden"),
            ("429", "TooManyFailures"),
            ("431", "HeadTooLarge"),
            ("500", "InternalError"),
            ("503", "Unavailable"),
        ])
    }
}

impl IntoResponses for BodyRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        referred(&[
            ("404", "TenantNotFound"),
            ("408", "RequestTimeout"),
            ("413", "ContentTooLarge"),
            ("415", "UnsupportedMediaType"),
        ])
    }
}

fn referred(answers: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let reference = |name: &str| RefOr::Ref(Ref::new(format!("#/components/responses/{name}")));
    answers.iter().map(|(status, name)| ((*status).to_owned(), reference(name))).collect()
}
