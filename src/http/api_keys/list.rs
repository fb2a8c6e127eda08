//! `GET` of the list.

use std::convert::Infallible;

use actix_web::{HttpRequest, HttpResponse};

use super::representation::{answer_read, definition, json};
use crate::auth::ScopedAuthorize;
use crate::contract::{ListApiKeys, Operation as _};
use crate::http::key_service::Keys;
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
    let keyring = caller.get_keyring(&*keys.repository).await?;
    answer_read(&request, &preconditions, &keyring.entity_tag(), || {
        let Ok(listing) = keyring.listing(|keys| {
            let definitions: Vec<_> = keys.iter().map(|key| definition(key)).collect();
            Ok::<_, Infallible>(json(&definitions).into())
        });
        listing
    })
}
