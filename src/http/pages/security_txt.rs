//! `/.well-known/security.txt`: whom to tell of a vulnerability (RFC 9116).

use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::edge::public_address::public_address;
use crate::http::key_service::Keys;

/// The path that the RFC gives it.
pub(crate) const PATH: &str = "/.well-known/security.txt";

/// How long what it says is good, from each time that it is served.
const GOOD_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Whom to tell of a vulnerability: the settings `security.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityConfig {
    /// Addresses, the preferred first; none: there is no such page.
    pub contact: Vec<String>,
}

/// The lines that do not change.
#[derive(Debug, Clone)]
pub(crate) struct SecurityTxt(String);

impl SecurityTxt {
    /// The page, if there is anybody to tell.
    pub(crate) fn new(config: &SecurityConfig) -> Option<Self> {
        let lines = config.contact.iter().map(|contact| format!("Contact: {contact}\n"));
        (!config.contact.is_empty()).then(|| Self(lines.collect()))
    }
}

/// The page.
pub(crate) async fn security_txt(
    request: HttpRequest,
    ThinData(page): ThinData<SecurityTxt>,
    keys: Keys,
) -> HttpResponse {
    let expires = keys.clock.now().saturating_add(GOOD_FOR);
    let mut text = format!("{}Expires: {expires}\nPreferred-Languages: en\n", page.0);
    let canonical = public_address(&request, PATH);
    if canonical.starts_with("https://") {
        text.push_str(&format!("Canonical: {canonical}\n"));
    }
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(text)
}
