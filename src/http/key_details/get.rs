//! `GET` of one key with its details.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::last_uses::usage_unreadable;
use super::representation::ApiKeyDetails;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::api_keys::{KeyNameParameter, answer, of_edit};
use crate::http::key_service::Keys;
use crate::http::operations::GetApiKeyDetails;
use crate::http::request::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = GetApiKeyDetails::PATH,
    operation_id = "getApiKeyDetails",
    tag = GetApiKeyDetails::TAG,
    summary = GetApiKeyDetails::SUMMARY,
    description = GetApiKeyDetails::DESCRIPTION,
    params(super::description::KeyParameters),
    responses(super::description::Shown, super::description::OfOneKey, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn get_api_key_details(
    caller: ScopedAuthorize<GetApiKeyDetails>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let keyring = caller.get_keyring(&*keys.repository).await?;
    let key = keyring.get_by_name(&name).map_err(of_edit)?;
    let (now, tag) = (keys.clock.now(), key.details_entity_tag());
    // The tag has no part in what changes by use alone, so who has the tag does not have all of it.
    preconditions.check_read(&tag)?;
    let usage = keys.repository.usage(caller.tenant()).await.map_err(usage_unreadable)?;
    Ok(answer(&request, StatusCode::OK, &tag, &ApiKeyDetails::of(key, now, &usage)))
}
