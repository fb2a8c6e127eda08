//! `GET` of the list with details.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse};

use super::last_uses::usage_unreadable;
use super::query::ListQuery;
use super::representation::{ApiKeyDetails, ApiKeyDetailsList, in_seconds};
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::key_service::Keys;
use crate::http::operations::ListApiKeyDetails;
use crate::http::request::preconditions::etag;
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = ListApiKeyDetails::PATH,
    operation_id = "listApiKeyDetails",
    tag = ListApiKeyDetails::TAG,
    summary = ListApiKeyDetails::SUMMARY,
    description = ListApiKeyDetails::DESCRIPTION,
    params(crate::contract::ListApiKeys, ListQuery),
    responses(super::description::Listed, super::description::OfTenant, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn list_api_key_details(
    caller: ScopedAuthorize<ListApiKeyDetails>,
    keys: Keys,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = ListQuery::parse(request.query_string())?;
    let keyring = caller.get_keyring(&*keys.repository).await?;
    let now = keys.clock.now();
    let usage = keys.repository.usage(caller.tenant()).await.map_err(usage_unreadable)?;
    let (page, next) = query.page(keyring.keys().iter().map(AsRef::as_ref), now, &usage);
    let items = page.into_iter().map(|key| ApiKeyDetails::of(key, now, &usage)).collect();
    let tracking_since = in_seconds(usage.tracking_since()).to_string();
    let state = etag(&keyring.details_entity_tag());
    Ok(HttpResponse::Ok().insert_header((ETAG, state)).json(ApiKeyDetailsList {
        items,
        next,
        tracking_since,
    }))
}
