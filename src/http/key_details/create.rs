//! `POST` of a new key with details.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::body::CreateRequest;
use super::representation::ApiKeyDetails;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::domain::{ApiKey, Minute, Usage};
use crate::http::api_keys::{NewKey, answer, commit, location_at, new_token, of_edit};
use crate::http::edge::access_log::CreatedKey;
use crate::http::key_service::Keys;
use crate::http::operations::{CreateApiKeyDetails, GetApiKeyDetails};
use crate::http::request::json_body::JsonBody;
use crate::http::request::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    post,
    path = CreateApiKeyDetails::PATH,
    operation_id = "createApiKeyDetails",
    tag = CreateApiKeyDetails::TAG,
    summary = CreateApiKeyDetails::SUMMARY,
    description = CreateApiKeyDetails::DESCRIPTION,
    params(crate::contract::ListApiKeys),
    request_body(content((super::description::CreationSchema = "application/json"))),
    responses(
        super::description::Created, super::description::NotCreated,
        crate::http::refusals::Refused, crate::http::refusals::BodyRefused,
    ),
)]
pub(in crate::http) async fn create_api_key_details(
    caller: ScopedAuthorize<CreateApiKeyDetails>,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
    body: JsonBody<CreateApiKeyDetails>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value: CreateRequest { key, details: patch }, faults } = body;
    let NewKey { name, enabled, scopes } =
        NewKey::parse(key, faults, &keys.scopes, caller.tenant())?;
    let token = new_token(&keys)?;
    let key = ApiKey::new(name, enabled, scopes, token.digest());
    let edit = keys.policy.create(key, patch, keys.clock.now()).map_err(of_edit)?;
    let key = commit(&request, &keys, &caller, preconditions, edit).await?;
    request.extensions_mut().insert(CreatedKey(key.name.clone()));
    let unused = Usage::since(Minute::of(keys.clock.since_epoch()));
    let shown = ApiKeyDetails::of(&key, keys.clock.now(), &unused).with_token(token.expose());
    let mut response = answer(&request, StatusCode::CREATED, &key.details_entity_tag(), &shown);
    let location = location_at(GetApiKeyDetails::PATH, &request, caller.tenant(), &key);
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}
