//! `GET` of the proof that a line is in the log.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};

use super::unreadable::{head, not_logged, unreadable};
use crate::audit::TenantTrail;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::key_service::Keys;
use crate::http::operations::GetAuditProof;
use crate::http::request::form;
use crate::problem::{Faults, Problem};
use crate::transparency::{TreeReader, inclusion_proof};

#[utoipa::path(
    get,
    path = GetAuditProof::PATH,
    operation_id = "getAuditProof",
    tag = GetAuditProof::TAG,
    summary = GetAuditProof::SUMMARY,
    description = GetAuditProof::DESCRIPTION,
    params(crate::contract::ListApiKeys, super::description::Sequence),
    responses(super::description::Proven, super::description::OfLog, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn get_audit_proof(
    caller: ScopedAuthorize<GetAuditProof>,
    keys: Keys,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let sequence = sequence(request.query_string())?;
    let head = head(&caller, &keys).await?.and_then(|head| head.signed);
    let head = head.filter(|head| sequence < head.size);
    let head = head.ok_or_else(|| not_logged("No head was signed for a line of this sequence."))?;
    let log = TenantTrail::new(&*keys.trail, caller.tenant());
    let path = TreeReader::new(&log).inclusion(sequence, head.size).await.map_err(unreadable)?;
    let proof = inclusion_proof(sequence, &path, &head.checkpoint);
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(proof))
}

/// The one parameter that there is.
fn sequence(query: &str) -> Result<u64, Problem> {
    let mut faults = Faults::default();
    let mut found = None;
    for (name, value) in form::pairs(query.as_bytes()) {
        match (&*name, value.parse()) {
            ("sequence", _) if found.is_some() => {
                faults.add("sequence", "The parameter is repeated; send it once.");
            }
            ("sequence", Ok(number)) => found = Some(number),
            ("sequence", Err(_)) => {
                faults.add("sequence", "The value must be the metadata.sequence of an event.");
            }
            _ => faults.add(&name, "There is no such parameter."),
        }
    }
    match found {
        Some(number) if faults.is_empty() => Ok(number),
        None if faults.is_empty() => {
            faults.add("sequence", "The parameter is required.");
            Err(Problem::validation(faults))
        }
        _ => Err(Problem::validation(faults)),
    }
}
