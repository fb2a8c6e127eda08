//! The device grant's addresses (RFC 8628): codes for a program without a browser, and the page on which a
//! person answers it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::answers::{
    INCOMPLETE, cannot_sign, html, parse_pairs, refuse_foreign_form, refuse_other_host, refused,
    secured,
};
use super::authorize::{PROTOCOL_SCOPES, Parameters, find, parse_choice, words};
use super::device_codes::{INTERVAL, LIFETIME};
use super::{DevIssuer, ROOT, page};

/// Codes for a program.
pub(super) async fn authorize(
    issuer: web::Data<DevIssuer>,
    request: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
) -> HttpResponse {
    if let Some(refusal) = refuse_other_host(&issuer, &request) {
        return refusal;
    }
    let form = body.map(|body| parse_pairs(&body)).unwrap_or_default();
    let (client_id, scope) = (find(&form, "client_id"), find(&form, "scope"));
    let (Ok(Some(client_id)), Ok(scope)) = (client_id, scope) else {
        return refused(&issuer, INCOMPLETE);
    };
    let mut scopes = words(scope.unwrap_or_default());
    scopes.retain(|scope| !PROTOCOL_SCOPES.contains(&scope.as_str()));
    let codes = match issuer.device_codes.begin(client_id, scopes, issuer.clock.since_epoch()) {
        Ok(codes) => codes,
        Err(error) => return cannot_sign(&issuer, &error),
    };
    let page = format!("{}{ROOT}/device", issuer.address());
    secured(&issuer, StatusCode::OK).json(json!({
        "device_code": codes.device_code.expose_secret(),
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", codes.user_code),
        "expires_in": LIFETIME.as_secs(),
        "interval": INTERVAL.as_secs(),
    }))
}

/// The page on which a person answers.
pub(super) async fn show(issuer: web::Data<DevIssuer>, request: HttpRequest) -> HttpResponse {
    if let Some(refusal) = refuse_other_host(&issuer, &request) {
        return refusal;
    }
    let query = parse_pairs(request.query_string().as_bytes());
    let Some(user_code) = user_code(&query) else {
        return html(&issuer, StatusCode::OK, page::user_code());
    };
    match issuer.device_codes.find(user_code, issuer.clock.since_epoch()) {
        Some(scopes) => {
            html(&issuer, StatusCode::OK, page::device(&issuer.config, &scopes, user_code))
        }
        None => unknown(&issuer),
    }
}

/// The answer. The code stands in the address.
pub(super) async fn submit(
    issuer: web::Data<DevIssuer>,
    request: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
) -> HttpResponse {
    if let Some(refusal) = refuse_foreign_form(&issuer, &request) {
        return refusal;
    }
    let query = parse_pairs(request.query_string().as_bytes());
    let form = body.map(|body| parse_pairs(&body)).unwrap_or_default();
    let is_denied = matches!(find(&form, "deny"), Ok(Some(_)));
    let choice = match parse_choice(&form) {
        Ok(choice) => Some(choice).filter(|_| !is_denied),
        Err(error) => {
            return html(&issuer, StatusCode::BAD_REQUEST, page::refusal(&error.to_string()));
        }
    };
    let now = issuer.clock.since_epoch();
    match user_code(&query) {
        Some(user_code) if issuer.device_codes.answer(user_code, choice, now) => {
            let told = if is_denied { "Denied" } else { "Signed in" };
            html(&issuer, StatusCode::OK, page::answered(told))
        }
        _ => unknown(&issuer),
    }
}

fn user_code(query: &Parameters) -> Option<&str> {
    find(query, "user_code").ok().flatten().filter(|code| !code.is_empty())
}

fn unknown(issuer: &DevIssuer) -> HttpResponse {
    let page =
        page::refusal("No program waits for an answer to this code; ask it for another one.");
    html(issuer, StatusCode::NOT_FOUND, page)
}
