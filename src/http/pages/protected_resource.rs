//! `/.well-known/oauth-protected-resource`: what a client has to know of a resource (RFC 9728).

use actix_web::http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::auth::path_tenant;
use crate::contract::{OPERATIONS, PublicUrl};
use crate::http::key_service::{KeyService, Keys};
use crate::problem::{Problem, ProblemType};

/// The path of what is said of the whole service.
pub(crate) const OF_ALL: &str = "/.well-known/oauth-protected-resource";
/// The path of what is said of one tenant: the resource's own path follows (RFC 9728 §3.1).
pub(crate) const OF_TENANT: &str = "/.well-known/oauth-protected-resource/api/{tenantId}";

/// The members of RFC 9728 §2 that there is something to say of.
#[derive(Debug, Serialize)]
struct ProtectedResource<'s> {
    resource: String,
    authorization_servers: Vec<String>,
    scopes_supported: Vec<&'s str>,
    bearer_methods_supported: [&'static str; 1],
    resource_name: &'static str,
}

/// Of the whole service.
pub(crate) async fn of_all(request: HttpRequest, keys: Keys) -> Result<HttpResponse, Problem> {
    described(&request, &keys, "")
}

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
    let own = OPERATIONS.iter().map(|operation| operation.scope);
    let listed = keys.scopes.listed().iter().map(|known| known.name.as_str());
    let mut scopes: Vec<_> = own.chain(listed).collect();
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
