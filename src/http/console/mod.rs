//! The console: a page on which people manage keys, from files inside the program.
//!
//! It has no server side of its own. What it shows and does are operations as the documents have them; beside
//! its files there are only the deployment's settings that it needs before anybody has signed in.
//!
//! Invariants: the page may reach this server and the deployment's issuers alone, and no text can become
//! markup or script in it; `content_security_policy` has the browser hold it to both.

mod config;
mod content_security_policy;
mod files;

use std::sync::Arc;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::pages::one_origin::OneOrigin;
use crate::auth::Grants;
use crate::contract::{CreateApiKey, Operation as _};
use crate::domain::KeyPolicy;
use crate::http::operations;
use crate::problem::{Problem, ProblemType};
use files::{FILES, File};

pub use config::ConsoleConfig;

/// Where the console is.
pub(crate) const PAGE: &str = "/console/";
/// The console from itself without its last slash.
const PAGE_FROM_BESIDE: &str = "console/";
/// The file that the deployment's settings are in.
const SETTINGS: &str = "settings.json";

/// The parts of a deployment that the console depends on.
pub(crate) struct ConsoleParts<'p> {
    pub config: &'p ConsoleConfig,
    /// The issuers whose tokens are taken, the first of which is signed in at where no other is set.
    pub issuers: Vec<String>,
    /// The claim that lists a token's tenants.
    pub tenants_claim: &'p str,
    pub grants: Grants,
    pub policy: &'p KeyPolicy,
    /// The one origin at which the console is shown, if there is only one.
    pub origin: Option<String>,
}

/// The console's files and the policy that holds them to this server and the deployment's issuers.
#[derive(Clone)]
pub(crate) struct Console {
    files: Arc<[File]>,
    policy: HeaderValue,
    origin: OneOrigin,
}

impl Console {
    /// The console of a deployment.
    pub(crate) fn new(parts: ConsoleParts<'_>) -> Self {
        let settings = File::of_settings(SETTINGS, &settings(&parts));
        let issuers = parts.config.issuer.iter().chain(&parts.issuers);
        Self {
            files: FILES.iter().map(File::embedded).chain([settings]).collect(),
            policy: content_security_policy::of_page(issuers),
            origin: OneOrigin::new(parts.origin),
        }
    }
}

/// The settings that the page reads.
fn settings(parts: &ConsoleParts<'_>) -> serde_json::Value {
    let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs());
    let mut scopes: Vec<_> = operations::all().map(|operation| operation.scope).collect();
    scopes.retain(|scope| !scope.is_empty());
    scopes.sort_unstable();
    scopes.dedup();
    json!({
        "issuer": parts.config.issuer.as_ref().or(parts.issuers.first()),
        "clientId": parts.config.client_id,
        "scopes": parts.config.scopes,
        "tenantsClaim": parts.tenants_claim,
        "grants": parts.grants,
        "defaultLifetimeSeconds": seconds(parts.policy.default_lifetime),
        "maxLifetimeSeconds": seconds(parts.policy.max_lifetime),
        "maxOverlapSeconds": seconds(parts.policy.max_overlap),
        "ownScopes": scopes,
        "writeScope": CreateApiKey::SCOPE,
    })
}

/// One file of the page.
pub(super) async fn file(
    console: ThinData<Console>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    if let Some(location) = console.origin.elsewhere(&request, PAGE) {
        return Ok(HttpResponse::TemporaryRedirect().insert_header((LOCATION, location)).finish());
    }
    let name = match request.match_info().get("file").unwrap_or_default() {
        "" => "index.html",
        name => name,
    };
    let found = console.files.iter().find(|file| file.name == name);
    let file = found
        .ok_or_else(|| Problem::new(ProblemType::PathNotFound, "The console has no such file."))?;
    let known = request.headers().get_all(IF_NONE_MATCH).any(|value| *value == file.etag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, file.etag.clone()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, console.policy.clone()))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    if known {
        return Ok(response.finish());
    }
    Ok(response.insert_header((CONTENT_TYPE, file.media_type)).body(file.bytes.clone()))
}

/// The page without its last slash.
pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, PAGE_FROM_BESIDE)).finish()
}
