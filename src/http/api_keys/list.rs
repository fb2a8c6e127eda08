//! `GET` of the list.

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;

use super::Keys;
use super::representation::{answer_read, definition, json};
use crate::auth::ScopedAuthorize;
use crate::contract::{ListApiKeys, Operation as _};
use crate::http::request::preconditions::Preconditions;
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
    let keyring = caller.get_keyring(&**keys).await?;
    answer_read(&request, &preconditions, &keyring.entity_tag(), || {
        keyring.listing(|keys| {
            let definitions: Vec<_> = keys.iter().map(|key| definition(key)).collect();
            json(&definitions).map(Bytes::from)
        })
    })
}
