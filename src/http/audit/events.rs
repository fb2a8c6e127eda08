//! `GET` of a page of events.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};

use super::cursor;
use super::query::EventQuery;
use super::unreadable::{head, unreadable};
use crate::audit::EventPage;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::key_service::Keys;
use crate::http::operations::ListAuditEvents;
use crate::problem::Problem;

#[utoipa::path(
    get,
    path = ListAuditEvents::PATH,
    operation_id = "listAuditEvents",
    tag = ListAuditEvents::TAG,
    summary = ListAuditEvents::SUMMARY,
    description = ListAuditEvents::DESCRIPTION,
    params(crate::contract::ListApiKeys, EventQuery),
    responses(super::description::Listed, super::description::OfTenant, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn list_audit_events(
    caller: ScopedAuthorize<ListAuditEvents>,
    keys: Keys,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.tenant();
    let query = EventQuery::parse(request.query_string(), tenant)?;
    let size = head(&caller, &keys).await?.map_or(0, |head| head.size);
    let before = query.before.map_or(size, |before| before.min(size));
    let page = EventPage::read(&*keys.trail, tenant, before, query.limit, &query.filter).await;
    let page = page.map_err(unreadable)?;
    let next = page.next.map(|next| cursor::to_text(tenant, next));
    // The lines are JSON, and stay as they were written and signed for.
    let mut body = br#"{"items":["#.to_vec();
    body.extend(page.lines.join(&b','));
    body.push(b']');
    if let Some(next) = next {
        body.extend(format!(r#","next":"{next}""#).into_bytes());
    }
    body.push(b'}');
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}
