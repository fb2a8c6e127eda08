//! `GET` of one key.

use actix_web::{HttpRequest, HttpResponse};

use super::key_name_parameter::KeyNameParameter;
use super::outcome;
use super::representation::{answer_read, definition, json};
use crate::auth::ScopedAuthorize;
use crate::contract::{GetApiKey, Operation as _};
use crate::http::key_service::Keys;
use crate::http::request::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = GetApiKey::PATH,
    tag = GetApiKey::TAG,
    summary = GetApiKey::SUMMARY,
    description = GetApiKey::DESCRIPTION,
    params(GetApiKey),
    responses(GetApiKey),
)]
pub(crate) async fn get_api_key(
    caller: ScopedAuthorize<GetApiKey>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let keyring = caller.get_keyring(&*keys.repository).await?;
    let key = keyring.get_by_name(&name).map_err(outcome::of_edit)?;
    answer_read(&request, &preconditions, &key.entity_tag(), || json(&definition(key)).into())
}
