//! `GET` of the scopes that a deployment knows.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use crate::auth::{Grants, ScopedAuthorize};
use crate::contract::{CreateApiKey, Operation as _};
use crate::http::key_service::Keys;
use crate::http::operations::ListScopes;
use crate::http::refusals::referred;
use crate::problem::Problem;

/// The scopes that keys can be given, as the deployment lists them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({"items": [{
    "name": "orders:read",
    "description": "See a shop's orders",
    "group": "Orders",
    "deprecated": false,
    "grantable": true,
}]}))]
pub(in crate::http) struct ScopeList<'s> {
    /// The scopes, in the order of the settings.
    items: Vec<ListedScope<'s>>,
}

/// A scope that keys can be given.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "name": "orders:read",
    "description": "See a shop's orders",
    "group": "Orders",
    "deprecated": false,
    "grantable": true,
}))]
pub(in crate::http) struct ListedScope<'s> {
    /// Its name, as it stands among a key's permissions.
    name: &'s str,
    /// The access that it permits.
    description: &'s str,
    /// The heading that it belongs under.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    group: Option<&'s str>,
    /// Whether keys should not be given it any more.
    deprecated: bool,
    /// Whether the caller may give it to a key.
    grantable: bool,
}

/// The answer with the catalogue.
pub(in crate::http) struct Listed;

impl IntoResponses for Listed {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let body = Content::new(Some(Ref::from_schema_name("ScopeList")));
        let response = ResponseBuilder::new()
            .description("The scopes that the deployment lists; none where it lists none.")
            .content("application/json", body);
        let mut answers = referred(&[("404", "TenantNotFound")]);
        answers.insert("200".to_owned(), response.build().into());
        answers
    }
}

#[utoipa::path(
    get,
    path = ListScopes::PATH,
    operation_id = "listScopes",
    tag = ListScopes::TAG,
    summary = ListScopes::SUMMARY,
    description = ListScopes::DESCRIPTION,
    params(crate::contract::ListApiKeys),
    responses(Listed, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn list_scopes(
    caller: ScopedAuthorize<ListScopes>,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    // Says whether there is such a tenant.
    caller.get_keyring(&*keys.repository).await?;
    let holds = |scope: &str| caller.caller().holds(caller.tenant(), scope);
    // Whoever may not write keys gives nothing to any.
    let writes = holds(CreateApiKey::SCOPE);
    let grantable = |name: &str| writes && (keys.grants == Grants::Any || holds(name));
    let items = keys.scopes.listed().iter().map(|known| ListedScope {
        name: &known.name,
        description: &known.description,
        group: known.group.as_deref(),
        deprecated: known.deprecated,
        grantable: grantable(&known.name),
    });
    Ok(HttpResponse::Ok().json(ScopeList { items: items.collect() }))
}
