//! `POST` of a new key.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::commit::commit;
use super::outcome;
use super::representation::{answer, definition, location};
use crate::auth::ScopedAuthorize;
use crate::contract::{
    ApiKeyCreatedResponse, ApiKeyDefinition, CreateApiKey, CreateApiKeyRequest, Operation as _,
};
use crate::domain::{ApiKey, DetailsPatch, KeyName, Scopes, TenantId, Token};
use crate::http::edge::access_log::CreatedKey;
use crate::http::edge::{API_KEY_EXPIRES, time_header};
use crate::http::key_service::{KeyService, Keys};
use crate::http::request::json_body::JsonBody;
use crate::http::request::preconditions::Preconditions;
use crate::http::scope_catalogue::ScopeCatalogue;
use crate::problem::{Faults, Problem, ProblemType};

#[utoipa::path(
    post,
    path = CreateApiKey::PATH,
    tag = CreateApiKey::TAG,
    summary = CreateApiKey::SUMMARY,
    description = CreateApiKey::DESCRIPTION,
    params(CreateApiKey),
    request_body(content(
        (inline(CreateApiKeyRequest) = CreateApiKey::REQUEST_MEDIA_TYPES[0]),
        (inline(CreateApiKeyRequest) = CreateApiKey::REQUEST_MEDIA_TYPES[1]),
        (inline(CreateApiKeyRequest) = CreateApiKey::REQUEST_MEDIA_TYPES[2]),
    )),
    responses(CreateApiKey),
)]
pub(crate) async fn create_api_key(
    caller: ScopedAuthorize<CreateApiKey>,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
    body: JsonBody<CreateApiKey>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, faults } = body;
    let NewKey { name, enabled, scopes } =
        NewKey::parse(value, faults, &keys.scopes, caller.tenant())?;
    let token = new_token(&keys)?;
    let key = ApiKey::new(name, enabled, scopes, token.digest());
    let edit = keys.policy.create(key, DetailsPatch::default(), keys.clock.now());
    let edit = edit.map_err(outcome::of_edit)?;
    let key = commit(&request, &keys, &caller, preconditions, edit).await?;
    request.extensions_mut().insert(CreatedKey(key.name.clone()));
    let ApiKeyDefinition { name, enabled, permissions } = definition(&key);
    let created = ApiKeyCreatedResponse { name, enabled, permissions, token: token.expose() };
    let mut response = answer(&request, StatusCode::CREATED, &key.entity_tag(), &created);
    response.headers_mut().insert(LOCATION, location(&request, caller.tenant(), &key));
    tell_end(&mut response, &key);
    Ok(response)
}

/// Tells when a new key ends, if the policy gave it an end: the contract's answer has no member for it.
fn tell_end(response: &mut HttpResponse, key: &ApiKey) {
    if let Some(end) = key.details().limits.expires_at {
        response.headers_mut().insert(API_KEY_EXPIRES, time_header(end));
    }
}

/// A new token of this deployment's form.
///
/// # Errors
/// A 500 where the system provides no random bytes.
pub(in crate::http) fn new_token(keys: &KeyService) -> Result<Token, Problem> {
    Token::generate(&keys.token_prefix).map_err(|error| {
        Problem::new(ProblemType::Internal, "The server has no random bytes for a token.")
            .caused_by(error.to_string())
    })
}

/// The contract's members of a new key, by the rules on each.
pub(in crate::http) struct NewKey {
    pub(in crate::http) name: KeyName,
    pub(in crate::http) enabled: bool,
    pub(in crate::http) scopes: Scopes,
}

impl NewKey {
    /// Takes the members of a body, whose form had these faults.
    ///
    /// # Errors
    /// A 400 with all faults at once.
    pub(in crate::http) fn parse(
        value: CreateApiKeyRequest,
        mut faults: Faults,
        catalogue: &ScopeCatalogue,
        tenant: &TenantId,
    ) -> Result<Self, Problem> {
        let name = value.name.and_then(|text| {
            KeyName::parse(&text)
                .map_err(|error| faults.add(CreateApiKeyRequest::NAME, error.to_string()))
                .ok()
        });
        let member = CreateApiKeyRequest::PERMISSIONS;
        let scopes = parse_permissions(member, value.permissions, &mut faults);
        if let Some(scopes) = &scopes {
            catalogue.check(tenant, member, scopes, &mut faults);
        }
        match (name, scopes) {
            (Some(name), Some(scopes)) if faults.is_empty() => {
                Ok(Self { name, enabled: value.enabled.unwrap_or(true), scopes })
            }
            _ => Err(Problem::validation(faults)),
        }
    }
}

/// The rules on a list of permissions. A list that is absent is told as one that is empty, unless
/// its form had a fault already.
pub(super) fn parse_permissions(
    member: &str,
    texts: Option<Vec<String>>,
    faults: &mut Faults,
) -> Option<Scopes> {
    if texts.is_none() && (faults.concern(member) || faults.concern(Faults::BODY)) {
        return None;
    }
    Scopes::parse(&texts.unwrap_or_default())
        .map_err(|errors| errors.iter().for_each(|error| faults.add(member, error.to_string())))
        .ok()
}
