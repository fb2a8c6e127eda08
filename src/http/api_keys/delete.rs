//! `DELETE` of a key.

use actix_web::{HttpRequest, HttpResponse};

use super::commit::commit;
use super::key_name_parameter::KeyNameParameter;
use crate::auth::ScopedAuthorize;
use crate::contract::{DeleteApiKey, Operation as _};
use crate::domain::KeyringEdit;
use crate::http::key_service::Keys;
use crate::http::request::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    delete,
    path = DeleteApiKey::PATH,
    tag = DeleteApiKey::TAG,
    summary = DeleteApiKey::SUMMARY,
    description = DeleteApiKey::DESCRIPTION,
    params(DeleteApiKey),
    responses(DeleteApiKey),
)]
pub(crate) async fn delete_api_key(
    caller: ScopedAuthorize<DeleteApiKey>,
    KeyNameParameter(name): KeyNameParameter,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    commit(&request, &keys, &caller, preconditions, KeyringEdit::Delete { name }).await?;
    Ok(HttpResponse::NoContent().finish())
}
