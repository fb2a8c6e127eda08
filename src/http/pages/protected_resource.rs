//! `/.well-known/oauth-protected-resource`: what a client has to know of a resource (RFC 9728).

use std::collections::BTreeMap;

use actix_web::http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use crate::auth::path_tenant;
use crate::contract::{ListApiKeys, PublicUrl};
use crate::http::key_service::{KeyService, Keys};
use crate::http::operations;
use crate::http::refusals::{StorelessRefused, referred};
use crate::problem::{Problem, ProblemType};

/// The path of what is said of the whole service.
pub(crate) const OF_ALL: &str = "/.well-known/oauth-protected-resource";
/// The path of what is said of one tenant: the resource's own path follows (RFC 9728 §3.1).
pub(crate) const OF_TENANT: &str = "/.well-known/oauth-protected-resource/api/{tenantId}";

/// Metadata of a protected resource (RFC 9728 §2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "resource": "https://keys.example/api/demo",
    "authorization_servers": ["https://login.example/"],
    "scopes_supported": ["orders:read", "orders:write"],
    "bearer_methods_supported": ["header"],
    "resource_name": "neokeys",
}))]
pub(crate) struct ProtectedResource<'s> {
    /// Its address.
    resource: String,
    /// Who issues tokens for it.
    authorization_servers: Vec<String>,
    /// The scopes that its operations demand, and those that the deployment lists.
    scopes_supported: Vec<&'s str>,
    /// The ways to send a token.
    bearer_methods_supported: [&'static str; 1],
    /// Its name, for people.
    resource_name: &'static str,
}

/// The answer with what a client has to know.
pub(crate) struct Described;

impl IntoResponses for Described {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let body = Content::new(Some(Ref::from_schema_name("ProtectedResource")));
        let response = ResponseBuilder::new()
            .description("Who issues tokens for the resource, with which scopes.")
            .content("application/json", body);
        let mut answers = StorelessRefused::responses();
        answers.insert("200".to_owned(), response.build().into());
        answers
    }
}

/// The answer where the path does not end in a tenant's id.
pub(crate) struct NoTenant;

impl IntoResponses for NoTenant {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        referred(&[("404", "TenantNotFound")])
    }
}

#[utoipa::path(
    get,
    path = OF_ALL,
    operation_id = "describeService",
    tag = "Discovery",
    summary = "What a client has to know of the service",
    description = "OAuth 2.0 Protected Resource Metadata (RFC 9728) of the whole service.",
    responses(Described),
    security(()),
)]
/// Of the whole service.
pub(crate) async fn of_all(request: HttpRequest, keys: Keys) -> Result<HttpResponse, Problem> {
    described(&request, &keys, "")
}

#[utoipa::path(
    get,
    path = OF_TENANT,
    operation_id = "describeTenant",
    tag = "Discovery",
    summary = "What a client has to know of a tenant's keys",
    description = "OAuth 2.0 Protected Resource Metadata (RFC 9728) of one tenant, whether there is one or not.",
    params(ListApiKeys),
    responses(Described, NoTenant),
    security(()),
)]
/// Of one tenant, whether there is one or not.
pub(crate) async fn of_tenant(request: HttpRequest, keys: Keys) -> Result<HttpResponse, Problem> {
    let tenant = path_tenant(request.match_info()).ok_or_else(|| {
        Problem::new(ProblemType::PathNotFound, "The path does not end in a tenant's id.")
    })?;
    described(&request, &keys, &format!("/api/{tenant}"))
}

/// Names the description in the challenges of an answer that asks for a credential (RFC 9728 §5.1). Where
/// the deployment has not said its own address, there is none to name.
pub(crate) fn name_in_challenges(request: &HttpRequest, headers: &mut HeaderMap) {
    let Some(ThinData(url)) = request.app_data::<ThinData<PublicUrl>>() else { return };
    let tenant = path_tenant(request.match_info());
    let path = tenant.map_or_else(String::new, |tenant| format!("/api/{tenant}"));
    let address = url.of(&format!("{OF_ALL}{path}"));
    let challenges: Vec<_> = headers.get_all(WWW_AUTHENTICATE).cloned().collect();
    headers.remove(WWW_AUTHENTICATE);
    for challenge in challenges {
        let named = challenge.to_str().ok().filter(|text| text.starts_with("Bearer "));
        let named = named.map(|text| format!(r#"{text}, resource_metadata="{address}""#));
        let named = named.and_then(|text| HeaderValue::try_from(text).ok());
        headers.append(WWW_AUTHENTICATE, named.unwrap_or(challenge));
    }
}

fn described(
    request: &HttpRequest,
    keys: &KeyService,
    path: &str,
) -> Result<HttpResponse, Problem> {
    let listed = keys.scopes.listed().iter().map(|known| known.name.as_str());
    let mut scopes: Vec<_> = operations::scopes().chain(listed).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let described = ProtectedResource {
        resource: format!("{}{path}", base(request)?),
        authorization_servers: keys.bearer.health().into_iter().map(|it| it.issuer).collect(),
        scopes_supported: scopes,
        bearer_methods_supported: ["header"],
        resource_name: "neokeys",
    };
    Ok(HttpResponse::Ok().json(described))
}

/// The service's own address: the one that the deployment has said, or the one that the client asked at.
fn base(request: &HttpRequest) -> Result<String, Problem> {
    if let Some(ThinData(url)) = request.app_data::<ThinData<PublicUrl>>() {
        return Ok(url.as_str().to_owned());
    }
    let scheme = if request.app_config().secure() { "https" } else { "http" };
    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
    let url = host.and_then(|host| format!("{scheme}://{host}").parse::<PublicUrl>().ok());
    url.map(|url| url.as_str().to_owned()).ok_or_else(|| {
        Problem::new(ProblemType::BadRequest, "The Host header does not name this service.")
    })
}
