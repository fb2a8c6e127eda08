//! `DELETE` of a key.

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};

use super::Keys;
use super::commit::commit as make;
use super::key_name_parameter::KeyNameParameter;
use crate::auth::{Grants, ScopedAuthorize};
use crate::contract::{DeleteApiKey, Operation as _};
use crate::domain::KeyringEdit;
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
    grants: ThinData<Grants>,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let edit = KeyringEdit::Delete { name };
    let commit = caller.commit(edit, preconditions.into_precondition(), *grants);
    make(&request, &keys, commit).await?;
    Ok(HttpResponse::NoContent().finish())
}
