//! `GET` of the list.

use actix_web::{HttpRequest, HttpResponse};

use super::Keys;
use super::representation::{answer_read, definition};
use crate::auth::{ScopedAuthorize, denial};
use crate::contract::{ListApiKeys, Operation as _};
use crate::http::preconditions::Preconditions;
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = ListApiKeys::PATH,
    tag = ListApiKeys::TAG,
    summary = ListApiKeys::SUMMARY,
    description = ListApiKeys::DESCRIPTION,
    params(ListApiKeys),
    responses(ListApiKeys),
)]
pub(crate) async fn list_api_keys(
    caller: ScopedAuthorize<ListApiKeys>,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let keyring = keys.get_keyring(caller.tenant()).await.map_err(denial::unreadable)?;
    answer_read(&request, &preconditions, &keyring.fingerprint(), || {
        keyring.keys().iter().map(|key| definition(key)).collect::<Vec<_>>()
    })
}
