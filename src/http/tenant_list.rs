//! `GET` of the tenants that the caller may see.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::IntoResponses;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::Object;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use crate::auth::{TenantsAuthorize, denial};
use crate::contract::Operation as _;
use crate::domain::{TenantId, Unavailable};
use crate::http::key_service::Keys;
use crate::http::operations::ListTenants;
use crate::http::request::query::{self, PAGE, parameter, place_of, text, to_cursor};
use crate::problem::Problem;

/// A page of tenants.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({"items": [{"id": "acme"}, {"id": "demo"}], "next": "ZGVtbw"}))]
pub(in crate::http) struct TenantList<'t> {
    /// The tenants.
    #[schema(max_items = 1000)]
    items: Vec<ListedTenant<'t>>,
    /// The `cursor` of the next page; absent: this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = cursor, required = false)]
    next: Option<String>,
}

/// A tenant. Members may be added; ignore those that you do not know.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "demo"}))]
pub(in crate::http) struct ListedTenant<'t> {
    /// Its id, as addresses have it.
    #[schema(schema_with = id)]
    id: &'t str,
}

fn cursor() -> Object {
    text().min_length(Some(1)).max_length(Some(512)).pattern(Some("^[A-Za-z0-9_-]+$")).build()
}

fn id() -> Object {
    let id = text().min_length(Some(1)).max_length(Some(64));
    id.pattern(Some("^[A-Za-z0-9][A-Za-z0-9_-]*$")).build()
}

/// The page that is asked for.
#[derive(Debug)]
pub(in crate::http) struct TenantQuery {
    limit: usize,
    /// The last tenant of the page before.
    after: Option<TenantId>,
}

impl TenantQuery {
    fn parse(text: &str) -> Result<Self, Problem> {
        let mut parsed = Self { limit: PAGE, after: None };
        let faults = query::read(text, &[], |name, value| {
            match name {
                "limit" => parsed.limit = query::limit(value)?,
                "cursor" => {
                    let after = place_of(value).and_then(|id| TenantId::parse(&id).ok());
                    parsed.after =
                        Some(after.ok_or("The value is not the member next of an answer.")?);
                }
                _ => return query::unknown(),
            }
            Ok(())
        });
        if faults.is_empty() { Ok(parsed) } else { Err(Problem::validation(faults)) }
    }
}

impl utoipa::IntoParams for TenantQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            query::limit_parameter("tenants"),
            parameter("cursor", text(), "The member `next` of the page before."),
        ]
    }
}

/// The answer with a page.
pub(in crate::http) struct Listed;

impl IntoResponses for Listed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let body = Content::new(Some(Ref::from_schema_name("TenantList")));
        let response = ResponseBuilder::new().description("The tenants of this page.");
        let response = response.content("application/json", body).build();
        BTreeMap::from([("200".to_owned(), response.into())])
    }
}

#[utoipa::path(
    get,
    path = ListTenants::PATH,
    operation_id = "listTenants",
    tag = ListTenants::TAG,
    summary = ListTenants::SUMMARY,
    description = ListTenants::DESCRIPTION,
    params(TenantQuery),
    responses(Listed, crate::http::refusals::Refused),
    security(("admin-bearer" = [ListTenants::SCOPE])),
)]
pub(in crate::http) async fn list_tenants(
    caller: TenantsAuthorize<ListTenants>,
    keys: Keys,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = TenantQuery::parse(request.query_string())?;
    let tenants = keys.repository.tenants().await.map_err(unreadable)?;
    let is_after = |it: &&TenantId| query.after.as_ref().is_none_or(|after| *it > after);
    let mut shown = tenants.iter().filter(is_after).filter(|it| caller.includes(it));
    let page: Vec<_> = shown.by_ref().take(query.limit).collect();
    let last = page.last().filter(|_| shown.next().is_some());
    Ok(HttpResponse::Ok().json(TenantList {
        next: last.map(|last| to_cursor(last.as_str())),
        items: page.iter().map(|it| ListedTenant { id: it.as_str() }).collect(),
    }))
}

fn unreadable(cause: Unavailable) -> Problem {
    denial::unavailable("The tenants cannot be listed now.", cause)
}
