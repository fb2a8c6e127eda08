//! `PATCH` of a key's details.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::last_uses::usage_after_change;
use super::representation::ApiKeyDetails;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::api_keys::{KeyNameParameter, answer, commit, of_edit};
use crate::http::key_service::Keys;
use crate::http::operations::AmendApiKeyDetails;
use crate::http::request::json_body::JsonBody;
use crate::http::request::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    patch,
    path = AmendApiKeyDetails::PATH,
    operation_id = "amendApiKeyDetails",
    tag = AmendApiKeyDetails::TAG,
    summary = AmendApiKeyDetails::SUMMARY,
    description = AmendApiKeyDetails::DESCRIPTION,
    params(super::description::KeyParameters, super::description::IfMatch),
    request_body(content((super::description::DetailsPatchSchema = "application/merge-patch+json"))),
    responses(
        super::description::Shown, super::description::Changed,
        crate::http::refusals::Refused, crate::http::refusals::BodyRefused,
    ),
)]
pub(in crate::http) async fn amend_api_key_details(
    caller: ScopedAuthorize<AmendApiKeyDetails>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
    body: JsonBody<AmendApiKeyDetails>,
) -> Result<HttpResponse, Problem> {
    let patch = body.into_value()?.0;
    let edit = keys.policy.amend(name, patch, keys.clock.now());
    let edit = edit.map_err(|error| of_edit(error.into()))?;
    let key = commit(&request, &keys, &caller, preconditions, edit).await?;
    let usage = usage_after_change(&keys, caller.tenant()).await;
    let shown = ApiKeyDetails::of(&key, keys.clock.now(), &usage);
    Ok(answer(&request, StatusCode::OK, &key.details_entity_tag(), &shown))
}
