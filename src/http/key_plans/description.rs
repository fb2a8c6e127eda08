//! The description of plans in the extensions document.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};

use crate::http::key_details::{schema_with_details, schemas};
use crate::http::refusals::{described, described_by_member, referred};
use crate::problem::ProblemType;

/// The keys that an owner wants a tenant to have.
#[derive(utoipa::ToSchema)]
#[schema(as = ApplyApiKeyPlanRequest, example = json!({
    "managedBy": "git/platform",
    "dryRun": true,
    "apiKeys": [{"name": "crm-sync", "permissions": ["orders:read"], "owner": "sales@example.com"}],
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the description of what `body` reads")]
pub(super) struct PlanSchema {
    /// The owner, which its keys have as `managedBy`.
    #[schema(schema_with = schemas::managed_by)]
    managed_by: String,
    /// Its keys, no two of one name. What a key does not name stays as it is.
    #[schema(max_items = 100_000)]
    api_keys: Vec<DesiredKeySchema>,
    /// Whether keys of the same owner that are not among them are deleted.
    #[schema(required = false)]
    prune: bool,
    /// Whether keys of the same names that others manage are taken over.
    #[schema(required = false)]
    adopt: bool,
    /// Whether the plan is only shown, and not carried out.
    #[schema(required = false)]
    dry_run: bool,
}

schema_with_details! {
    /// A key as it should be.
    #[schema(
        as = DesiredApiKey,
        example = json!({"name": "crm-sync", "permissions": ["orders:read"], "expiresAt": null}),
    )]
    DesiredKeySchema {
        /// Its name.
        #[schema(schema_with = schemas::name)]
        name: String,
        /// Whether it is turned on; a new key is, unless this says otherwise.
        #[schema(required = false)]
        enabled: bool,
        /// Its permissions; a new key needs them.
        #[schema(schema_with = schemas::given_permissions, required = false)]
        permissions: Option<Vec<String>>,
        /// The SHA-256 of its token. One that differs from the key's is a rotation.
        #[schema(schema_with = schemas::hash, required = false)]
        hash: Option<String>,
        /// How long the old token stays valid if `hash` is a new one, in seconds.
        #[schema(minimum = 0, maximum = 3_153_600_000_u64, required = false)]
        overlap_seconds: u64,
    }
}

/// The state that a plan is meant for.
pub(super) struct RequiredIfMatch;

impl IntoParams for RequiredIfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let told = "The `ETag` of the list `…/apiKeyDetails` that the plan is meant for. Without it: 428; \
                    another one: 412.";
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = ParameterBuilder::new().name("If-Match").parameter_in(ParameterIn::Header);
        vec![header.required(Required::True).description(Some(told)).schema(Some(text)).build()]
    }
}

/// A plan that was carried out, or shown.
pub(super) struct Planned;

impl IntoResponses for Planned {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = ResponseBuilder::new()
            .description("The steps, and the tokens of keys that were created.")
            .content("application/json", Content::new(Some(Ref::from_schema_name("ApiKeyPlan"))));
        BTreeMap::from([("200".to_owned(), response.build().into())])
    }
}

/// The refusals of a plan.
pub(super) struct NotPlanned;

impl IntoResponses for NotPlanned {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut refused = referred(&[("404", "TenantNotFound"), ("412", "PreconditionFailed")]);
        let own = [
            described_by_member(
                "A key cannot become what is wanted, or the document cannot be edited safely.",
                ProblemType::PlanRefused,
                "apiKeys[1]: nobody manages the key of this name; choose another name, or adopt the key.",
                serde_json::json!({"apiKeys[1]": [
                    "nobody manages the key of this name; choose another name, or adopt the key.",
                ]}),
            ),
            described(
                "If-Match names no state.",
                ProblemType::PreconditionRequired,
                "Send If-Match with the ETag of the list …/apiKeyDetails that the plan is meant for.",
            ),
        ];
        refused.extend(["409", "428"].map(str::to_owned).into_iter().zip(own.map(RefOr::T)));
        refused
    }
}
