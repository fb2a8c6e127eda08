//! Keys as answers.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use serde::Serialize;

use crate::contract::{ApiKeyDefinition, GetApiKey, Operation as _, parameter};
use crate::domain::{ApiKey, EntityTag, Scope, TenantId};
use crate::http::edge::public_address::public_address;
use crate::http::request::negotiation::MediaType;
use crate::http::request::preconditions::{Preconditions, Read, etag};
use crate::problem::Problem;

/// The contract's definition of a key: nothing of its digest.
pub(super) fn definition(key: &ApiKey) -> ApiKeyDefinition<'_> {
    ApiKeyDefinition {
        name: key.name.as_str(),
        enabled: key.enabled,
        permissions: key.scopes.iter().map(Scope::as_str).collect(),
    }
}

/// An answer to a GET or HEAD: the representation, or 304 if the caller has it already.
pub(super) fn answer_read(
    request: &HttpRequest,
    preconditions: &Preconditions,
    entity_tag: &EntityTag,
    write: impl FnOnce() -> Bytes,
) -> Result<HttpResponse, Problem> {
    match preconditions.check_read(entity_tag)? {
        Read::Modified => Ok(labelled(request, StatusCode::OK, entity_tag, write())),
        Read::NotModified => {
            let mut response = HttpResponse::new(StatusCode::NOT_MODIFIED);
            response.headers_mut().insert(ETAG, etag(entity_tag));
            Ok(response)
        }
    }
}

/// An answer with a body, labelled as the caller accepts it best.
pub(in crate::http) fn answer<T: Serialize>(
    request: &HttpRequest,
    status: StatusCode,
    entity_tag: &EntityTag,
    body: &T,
) -> HttpResponse {
    labelled(request, status, entity_tag, json(body).into())
}

/// A value as JSON.
#[expect(clippy::expect_used, reason = "the contract's types have names for members")]
pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("a body of the contract is JSON")
}

fn labelled(
    request: &HttpRequest,
    status: StatusCode,
    entity_tag: &EntityTag,
    json: Bytes,
) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, json).map_into_boxed_body();
    let headers = response.headers_mut();
    headers.append(CONTENT_TYPE, MediaType::for_answer(request.headers()).header_value());
    headers.append(ETAG, etag(entity_tag));
    response
}

/// Where the caller of this request finds a key.
pub(super) fn location(request: &HttpRequest, tenant: &TenantId, key: &ApiKey) -> HeaderValue {
    location_at(GetApiKey::PATH, request, tenant, key)
}

/// Where the caller of this request finds what is at this path about a key.
#[expect(clippy::expect_used, reason = "a public URL, an id and a name are visible ASCII")]
pub(in crate::http) fn location_at(
    path: &str,
    request: &HttpRequest,
    tenant: &TenantId,
    key: &ApiKey,
) -> HeaderValue {
    // Neither a tenant's id nor a key's name has a character that a path would have to escape.
    let path = path
        .replace(&format!("{{{}}}", parameter::TENANT_ID), tenant.as_str())
        .replace(&format!("{{{}}}", parameter::KEY_NAME), key.name.as_str());
    HeaderValue::try_from(&*public_address(request, &path)).expect("an address is a header value")
}
