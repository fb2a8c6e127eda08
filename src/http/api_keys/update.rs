//! `PUT` of a key's rights.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LOCATION;
use actix_web::{HttpRequest, HttpResponse};

use super::commit::commit;
use super::create::parse_permissions;
use super::key_name_parameter::KeyNameParameter;
use super::representation::{answer, definition, location};
use crate::auth::ScopedAuthorize;
use crate::contract::{Operation as _, UpdateApiKey, UpdateApiKeyRequest};
use crate::domain::{KeyringEdit, Scopes, TenantId};
use crate::http::key_service::Keys;
use crate::http::request::json_body::JsonBody;
use crate::http::request::preconditions::Preconditions;
use crate::http::scope_catalogue::ScopeCatalogue;
use crate::problem::Problem;

#[utoipa::path(
    put,
    path = UpdateApiKey::PATH,
    tag = UpdateApiKey::TAG,
    summary = UpdateApiKey::SUMMARY,
    description = UpdateApiKey::DESCRIPTION,
    params(UpdateApiKey),
    request_body(content(
        (inline(UpdateApiKeyRequest) = UpdateApiKey::REQUEST_MEDIA_TYPES[0]),
        (inline(UpdateApiKeyRequest) = UpdateApiKey::REQUEST_MEDIA_TYPES[1]),
        (inline(UpdateApiKeyRequest) = UpdateApiKey::REQUEST_MEDIA_TYPES[2]),
    )),
    responses(UpdateApiKey),
)]
pub(crate) async fn update_api_key(
    caller: ScopedAuthorize<UpdateApiKey>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
    body: JsonBody<UpdateApiKey>,
) -> Result<HttpResponse, Problem> {
    let (enabled, scopes) = validate(body, &keys.scopes, caller.tenant())?;
    let edit = KeyringEdit::Update { name, enabled, scopes };
    let key = commit(&request, &keys, &caller, preconditions, edit).await?;
    let mut response = answer(&request, StatusCode::OK, &key.entity_tag(), &definition(&key));
    // A validator in the answer to a PUT is the resource's only if the answer says that it is one
    // of that resource (RFC 9110 §9.3.4).
    response.headers_mut().insert(CONTENT_LOCATION, location(&request, caller.tenant(), &key));
    Ok(response)
}

/// The rules on a key's new rights, all at once.
fn validate(
    body: JsonBody<UpdateApiKey>,
    catalogue: &ScopeCatalogue,
    tenant: &TenantId,
) -> Result<(bool, Scopes), Problem> {
    let JsonBody { value, mut faults } = body;
    let scopes =
        parse_permissions(UpdateApiKeyRequest::PERMISSIONS, value.permissions, &mut faults);
    if let Some(scopes) = &scopes {
        catalogue.check(tenant, UpdateApiKeyRequest::PERMISSIONS, scopes, &mut faults);
    }
    match (value.enabled, scopes) {
        (Some(enabled), Some(scopes)) if faults.is_empty() => Ok((enabled, scopes)),
        _ => Err(Problem::validation(faults)),
    }
}
