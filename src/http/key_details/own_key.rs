//! `GET` and `DELETE` of the key that asks.

use actix_web::{HttpRequest, HttpResponse};

use super::last_uses::usage_after_change;
use super::representation::ApiKeyDetails;
use crate::auth::OwnKey;
use crate::contract::Operation as _;
use crate::http::api_keys::make;
use crate::http::key_service::Keys;
use crate::http::operations::{EndOwnToken, GetOwnApiKey};
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = GetOwnApiKey::PATH,
    operation_id = "getOwnApiKey",
    tag = GetOwnApiKey::TAG,
    summary = GetOwnApiKey::SUMMARY,
    description = GetOwnApiKey::DESCRIPTION,
    params(crate::contract::ListApiKeys),
    responses(super::description::ShownToItself, super::description::OfOwnKey, crate::http::refusals::Refused),
    security(("apiKey" = [])),
)]
pub(in crate::http) async fn get_own_api_key(
    own: OwnKey,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    let usage = usage_after_change(&keys, own.tenant()).await;
    let shown = ApiKeyDetails::of(own.key(), keys.clock.now(), &usage).without_owner();
    Ok(HttpResponse::Ok().json(shown))
}

#[utoipa::path(
    delete,
    path = EndOwnToken::PATH,
    operation_id = "endOwnToken",
    tag = EndOwnToken::TAG,
    summary = EndOwnToken::SUMMARY,
    description = EndOwnToken::DESCRIPTION,
    params(crate::contract::ListApiKeys),
    responses(super::description::EndedItself, super::description::OfOwnKey, crate::http::refusals::Refused),
    security(("apiKey" = [])),
)]
pub(in crate::http) async fn end_own_token(
    own: OwnKey,
    keys: Keys,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    make(&request, &keys, own.end()).await?;
    Ok(HttpResponse::NoContent().finish())
}
