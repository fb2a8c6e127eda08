//! A page for each problem type: where the `type` of a problem leads.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::edge::public_address::public_address;
use crate::problem::{CATALOGUE, Problem, ProblemType};

/// The path of one entry, below [`PAGES`](crate::problem::PAGES).
pub(crate) const ENTRY: &str = "/problems/{slug}";

/// The whole catalogue, a line an entry.
pub(crate) async fn index(request: HttpRequest) -> HttpResponse {
    let line = |kind: &ProblemType| {
        let address = public_address(&request, kind.type_uri());
        format!("{}  {address}  {}\n", kind.status().as_u16(), kind.title())
    };
    let lines: String = CATALOGUE.iter().map(line).collect();
    page(lines)
}

/// One entry.
pub(crate) async fn entry(slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let kind = CATALOGUE.iter().find(|kind| kind.slug() == slug.as_str()).ok_or_else(|| {
        Problem::new(ProblemType::PathNotFound, "The catalogue has no such problem type.")
    })?;
    Ok(page(format!("{} ({})\n\n{}\n", kind.title(), kind.status().as_u16(), kind.meaning())))
}

fn page(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(text)
}
