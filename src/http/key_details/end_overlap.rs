//! `DELETE` of a key's older tokens.

use actix_web::{HttpRequest, HttpResponse};

use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::domain::KeyringEdit;
use crate::http::api_keys::{KeyNameParameter, commit};
use crate::http::key_service::Keys;
use crate::http::operations::EndPreviousTokens;
use crate::http::request::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    delete,
    path = EndPreviousTokens::PATH,
    operation_id = "endPreviousTokens",
    tag = EndPreviousTokens::TAG,
    summary = EndPreviousTokens::SUMMARY,
    description = EndPreviousTokens::DESCRIPTION,
    params(super::description::KeyParameters, super::description::IfMatch),
    responses(super::description::Ended, super::description::Changed, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn end_previous_tokens(
    caller: ScopedAuthorize<EndPreviousTokens>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let edit = KeyringEdit::EndOverlap { name };
    commit(&request, &keys, &caller, preconditions, edit).await?;
    Ok(HttpResponse::NoContent().finish())
}
