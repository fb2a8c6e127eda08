//! `GET` of the signed head.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use super::unreadable::{head, not_logged};
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::key_service::Keys;
use crate::http::operations::GetAuditCheckpoint;
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = GetAuditCheckpoint::PATH,
    operation_id = "getAuditCheckpoint",
    tag = GetAuditCheckpoint::TAG,
    summary = GetAuditCheckpoint::SUMMARY,
    description = GetAuditCheckpoint::DESCRIPTION,
    params(crate::contract::ListApiKeys),
    responses(super::description::Signed, super::description::OfLog, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn get_audit_checkpoint(
    caller: ScopedAuthorize<GetAuditCheckpoint>,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    let signed = head(&caller, &keys).await?.and_then(|head| head.signed);
    let signed = signed.ok_or_else(|| not_logged("No head of this log was signed yet."))?;
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(signed.checkpoint))
}
