//! The descriptions of requests and answers about details in the extensions document.

use std::collections::BTreeMap;

use super::schemas;
use crate::contract::{GetApiKey, parameter};
use crate::http::answers::answers;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};

/// Declares the schema of a request that names details too. It is closed: the members that it does not have are
/// refused.
macro_rules! schema_with_details {
    ($(#[$attribute:meta])* $name:ident { $($member:tt)* }) => {
        #[derive(utoipa::ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[expect(dead_code, reason = "the description of what is read member by member")]
        $(#[$attribute])*
        pub(in crate::http) struct $name {
            $($member)*
            /// The first second in which it is not valid any more, with its offset.
            #[schema(schema_with = schemas::time_or_null, required = false)]
            expires_at: Option<String>,
            /// The addresses and networks that it may be used from.
            #[schema(schema_with = schemas::allowed_ips_or_null, required = false)]
            allowed_ips: Option<Vec<String>>,
            /// Its purpose.
            #[schema(schema_with = schemas::description_or_null, required = false)]
            description: Option<String>,
            /// Who answers for it.
            #[schema(schema_with = schemas::owner_or_null, required = false)]
            owner: Option<String>,
            /// Its labels, 16 at most.
            #[schema(schema_with = schemas::labels_or_null, required = false)]
            labels: Option<std::collections::BTreeMap<String, Option<String>>>,
        }
    };
}

pub(in crate::http) use schema_with_details;

schema_with_details! {
    /// The body of a new key.
    #[schema(as = CreateApiKeyDetailsRequest, example = json!({
        "name": "crm-sync",
        "permissions": ["orders:read"],
        "expiresAt": "2027-02-24T21:00:00Z",
        "allowedIps": ["203.0.113.0/24"],
        "description": "CRM nightly",
        "owner": "sales@example.com",
        "labels": {"env": "prod"},
    }))]
    CreationSchema {
        /// The name that it is addressed by from now on.
        #[schema(schema_with = schemas::name)]
        name: String,
        /// Whether it is turned on; absent: it is.
        #[schema(required = false)]
        enabled: bool,
        /// Its permissions.
        #[schema(schema_with = schemas::given_permissions)]
        permissions: Vec<String>,
    }
}

schema_with_details! {
    /// Changes of a key's details (RFC 7396): `null` takes one away, and what is not named stays.
    #[schema(as = ApiKeyDetailsPatch, example = json!({
        "expiresAt": "2027-02-24T21:00:00Z",
        "allowedIps": null,
        "labels": {"env": "prod", "team": null},
    }))]
    DetailsPatchSchema {}
}

/// A rotation.
#[derive(utoipa::ToSchema)]
#[schema(as = RotateApiKeyRequest, example = json!({"overlapSeconds": 86400}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the description of what `body` reads")]
pub(in crate::http) struct RotationSchema {
    /// How long the old token stays valid, in seconds. 0: not at all, for a leaked token.
    #[schema(minimum = 0, maximum = 3_153_600_000_u64)]
    overlap_seconds: u64,
    /// The new expiry of the key; `null`: never; absent: the default of the deployment's policy, or the
    /// present one.
    #[schema(schema_with = schemas::time_or_null, required = false)]
    expires_at: Option<String>,
}

/// The path of a key's details.
pub(in crate::http) struct KeyParameters;

impl IntoParams for KeyParameters {
    fn into_params(kind: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let described = |parameter: Parameter| {
            if parameter.name != parameter::KEY_NAME {
                return parameter;
            }
            let parameter = ParameterBuilder::from(parameter);
            let parameter = parameter.description(Some("The key's name; case counts."));
            parameter.example(Some("crm-sync".into())).build()
        };
        GetApiKey::into_params(kind).into_iter().map(described).collect()
    }
}

/// The condition of a change.
pub(in crate::http) struct IfMatch;

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let told = "The `ETag` of the state that the change is meant for; another one is a 412.";
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = ParameterBuilder::new().name("If-Match").parameter_in(ParameterIn::Header);
        vec![header.description(Some(told)).schema(Some(text)).build()]
    }
}

fn header(description: &str, example: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = HeaderBuilder::new().description(Some(description)).schema(Some(text));
    header.example(Some(example.into())).build()
}

fn body(description: &str, schema: &str) -> ResponseBuilder {
    let content = Content::new(Some(Ref::from_schema_name(schema)));
    ResponseBuilder::new().description(description).content("application/json", content)
}

fn tagged(response: ResponseBuilder) -> ResponseBuilder {
    let told = "The state of the key and its details, without their last use.";
    response.header("ETag", header(told, "\"kmFyLhpO0QlLcZaGU7xjnw\""))
}

answers! {
    /// A page of keys.
    Listed: "200", body("The keys of this page.", "ApiKeyDetailsList").header("ETag", header(
        "The state of all of the tenant's keys and their details, for `If-Match` of a plan.",
        "\"kmFyLhpO0QlLcZaGU7xjnw\"",
    ));
    /// A key.
    Shown: "200", tagged(body("The key with its details.", "ApiKeyDetails"));
    /// A key that was rotated.
    Issued: "200", tagged(body("The key with its details and its new token.", "ApiKeyDetailsWithToken"));
    /// A key that was made.
    Created: "201", tagged(body("The key with its details and its token.", "ApiKeyDetailsWithToken"))
        .header("Location", header("The address of the details.", "/api/demo/admin/apiKeyDetails/crm-sync"));
    /// The key that asks.
    ShownToItself: "200", body("The key with its details, without its owner.", "ApiKeyDetails");
    /// The end of the token that asks.
    EndedItself: "204", ResponseBuilder::new().description("The token no longer works.");
    /// Tokens that ended.
    Ended: "204", ResponseBuilder::new().description("Only the newest token works now.");
}

/// The refusal of a list.
pub(in crate::http) struct OfTenant;
/// The refusals of what a key asks about itself.
pub(in crate::http) struct OfOwnKey;
/// The refusals of a read of one key.
pub(in crate::http) struct OfOneKey;
/// The refusals of a new key.
pub(in crate::http) struct NotCreated;
/// The refusals of a change of a key.
pub(in crate::http) struct Changed;

impl IntoResponses for OfTenant {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        crate::http::refusals::referred(&[("404", "TenantNotFound")])
    }
}

impl IntoResponses for OfOwnKey {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        crate::http::refusals::referred(&[("404", "KeyNotFound"), ("409", "Conflict")])
    }
}

impl IntoResponses for OfOneKey {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        crate::http::refusals::referred(&[("404", "KeyNotFound"), ("412", "PreconditionFailed")])
    }
}

impl IntoResponses for NotCreated {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        crate::http::refusals::referred(&[
            ("404", "TenantNotFound"),
            ("409", "NameTaken"),
            ("412", "PreconditionFailed"),
        ])
    }
}

impl IntoResponses for Changed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        crate::http::refusals::referred(&[
            ("404", "KeyNotFound"),
            ("409", "Conflict"),
            ("412", "PreconditionFailed"),
        ])
    }
}
