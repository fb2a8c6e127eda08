//! `DELETE` of a key.

use actix_web::HttpResponse;

use super::key_name_parameter::KeyNameParameter;
use super::{Keys, outcome};
use crate::auth::ScopedAuthorize;
use crate::contract::{DeleteApiKey, Operation as _};
use crate::domain::{Commit, KeyringEdit};
use crate::http::preconditions::Preconditions;
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
) -> Result<HttpResponse, Problem> {
    let commit = Commit {
        tenant: caller.tenant().clone(),
        edit: KeyringEdit::Delete { name },
        precondition: preconditions.into_precondition(),
    };
    keys.commit(commit).await.map_err(outcome::problem)?;
    Ok(HttpResponse::NoContent().finish())
}
