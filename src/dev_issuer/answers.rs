//! Answers of every address of the issuer: who is let in, and their headers.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use maud::Markup;
use serde_json::json;

use super::{DevIssuer, SigningError, page};

/// The names and values of a query or a form. Every text is one of either.
pub(super) fn parse_pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// A site that points its own name at this machine would be of the same origin as this page, and
/// could read tokens from it. Its name is in `Host`.
pub(super) fn refuse_other_host(issuer: &DevIssuer, request: &HttpRequest) -> Option<HttpResponse> {
    let hosts = || request.headers().get_all(header::HOST);
    let own = |host: &HeaderValue| {
        let mut origins = issuer.config.origins();
        origins.any(|origin| origin.split_once("://").is_some_and(|(_, own)| host == own))
    };
    if hosts().count() == 1 && hosts().all(own) {
        return None;
    }
    let page = page::refusal("This page answers under its own address only.");
    Some(html(issuer, StatusCode::MISDIRECTED_REQUEST, page))
}

/// The same of a form, which a person has to have sent from this page.
pub(super) fn refuse_foreign_form(
    issuer: &DevIssuer,
    request: &HttpRequest,
) -> Option<HttpResponse> {
    let foreign = || {
        let page = page::refusal("Only this page itself can sign in.");
        (!is_from_own_page(issuer, request)).then(|| html(issuer, StatusCode::FORBIDDEN, page))
    };
    refuse_other_host(issuer, request).or_else(foreign)
}

/// Whether a form comes from this page, as far as the browser tells. `Sec-Fetch-Site` counts first:
/// with `Referrer-Policy: no-referrer`, `Origin` is `null` even then.
fn is_from_own_page(issuer: &DevIssuer, request: &HttpRequest) -> bool {
    let headers = request.headers();
    match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => issuer.config.origins().any(|own| origin == own),
        (None, None) => true,
    }
}

/// An answer that nobody keeps, frames, guesses the type of, or learns the address of.
pub(super) fn secured(issuer: &DevIssuer, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((
            HeaderName::from_static("content-security-policy"),
            issuer.policy.as_str(),
        ));
    response
}

/// A refusal of a program's form as RFC 6749 §5.2 names it.
pub(super) type Refusal = (StatusCode, &'static str, &'static str);

/// The refusal of a form without all that it needs.
pub(super) const INCOMPLETE: Refusal = (
    StatusCode::BAD_REQUEST,
    "invalid_request",
    "A parameter is missing, too long, or there more than once.",
);

/// The answer with a refusal.
pub(super) fn refused(issuer: &DevIssuer, (status, error, description): Refusal) -> HttpResponse {
    secured(issuer, status).json(json!({"error": error, "error_description": description}))
}

/// A page.
pub(super) fn html(issuer: &DevIssuer, status: StatusCode, page: Markup) -> HttpResponse {
    secured(issuer, status).content_type("text/html; charset=utf-8").body(page.into_string())
}

/// The page that says that nothing can be signed, which the log explains.
pub(super) fn cannot_sign(issuer: &DevIssuer, error: &SigningError) -> HttpResponse {
    tracing::error!(%error, "the development issuer cannot sign");
    let page = page::refusal("The token cannot be signed; the log says why.");
    html(issuer, StatusCode::INTERNAL_SERVER_ERROR, page)
}
