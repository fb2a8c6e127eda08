//! `GET` of the whole log, a block at a time.

use actix_web::HttpResponse;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;

use super::unreadable::{head, unreadable};
use crate::audit::TenantTrail;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::key_service::Keys;
use crate::http::operations::ExportAuditLog;
use crate::problem::Problem;
use crate::transparency::BLOCK;

#[utoipa::path(
    get,
    path = ExportAuditLog::PATH,
    operation_id = "exportAuditLog",
    tag = ExportAuditLog::TAG,
    summary = ExportAuditLog::SUMMARY,
    description = ExportAuditLog::DESCRIPTION,
    params(crate::contract::ListApiKeys),
    responses(super::description::Exported, super::description::OfTenant, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn export_audit_log(
    caller: ScopedAuthorize<ExportAuditLog>,
    keys: Keys,
) -> Result<HttpResponse, Problem> {
    let size = head(&caller, &keys).await?.map_or(0, |head| head.size);
    let tenant = caller.tenant().clone();
    let blocks = stream::try_unfold(0, move |from| {
        let (keys, tenant) = (keys.clone(), tenant.clone());
        async move {
            if from >= size {
                return Ok(None);
            }
            let end = (from + BLOCK).min(size);
            let lines = TenantTrail::new(&*keys.trail, &tenant).lines(from..end).await;
            // The client sees that the answer breaks off; the log says why.
            let lines = lines.map_err(unreadable)?;
            Ok::<_, Problem>(Some((with_newlines(&lines), end)))
        }
    });
    let media_type = ExportAuditLog::RESPONSE_MEDIA_TYPES[0];
    Ok(HttpResponse::Ok().content_type(media_type).streaming(blocks))
}

fn with_newlines(lines: &[Bytes]) -> Bytes {
    let mut text = BytesMut::new();
    for line in lines {
        text.put_slice(line);
        text.put_u8(b'\n');
    }
    text.freeze()
}
