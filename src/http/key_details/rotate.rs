//! `POST` of a rotation.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::body::RotateRequest;
use super::last_uses::usage_after_change;
use super::representation::ApiKeyDetails;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::domain::Rotation;
use crate::http::api_keys::{KeyNameParameter, answer, commit, new_token, of_edit};
use crate::http::key_service::Keys;
use crate::http::operations::RotateApiKey;
use crate::http::request::json_body::JsonBody;
use crate::http::request::preconditions::Preconditions;
use crate::problem::{Faults, Problem};

#[utoipa::path(
    post,
    path = RotateApiKey::PATH,
    operation_id = "rotateApiKey",
    tag = RotateApiKey::TAG,
    summary = RotateApiKey::SUMMARY,
    description = RotateApiKey::DESCRIPTION,
    params(super::description::KeyParameters, super::description::IfMatch),
    request_body(content((super::description::RotationSchema = "application/json"))),
    responses(
        super::description::Issued, super::description::Changed,
        crate::http::refusals::Refused, crate::http::refusals::BodyRefused,
    ),
)]
pub(in crate::http) async fn rotate_api_key(
    caller: ScopedAuthorize<RotateApiKey>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
    body: JsonBody<RotateApiKey>,
) -> Result<HttpResponse, Problem> {
    let RotateRequest { overlap, expires_at } = body.into_value()?;
    let overlap = overlap.ok_or_else(|| Problem::validation(Faults::default()))?;
    let keyring = caller.get_keyring(&*keys.repository).await?;
    if let Some(key) = keyring.find_by_name(name.as_str()) {
        let mut faults = Faults::default();
        keys.scopes.check(caller.tenant(), "permissions", &key.scopes, &mut faults);
        if !faults.is_empty() {
            return Err(Problem::validation(faults));
        }
    }
    let token = new_token(&keys)?;
    let rotation = Rotation { digest: token.digest(), overlap, expires_at };
    let edit = keys.policy.rotate(name, rotation, keys.clock.now());
    let edit = edit.map_err(|error| of_edit(error.into()))?;
    let key = commit(&request, &keys, &caller, preconditions, edit).await?;
    let usage = usage_after_change(&keys, caller.tenant()).await;
    let shown = ApiKeyDetails::of(&key, keys.clock.now(), &usage).with_token(token.expose());
    Ok(answer(&request, StatusCode::OK, &key.details_entity_tag(), &shown))
}
