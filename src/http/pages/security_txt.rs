//! `/.well-known/security.txt`: whom to tell of a vulnerability (RFC 9116).

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoResponses;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};

use crate::http::edge::public_address::public_address;
use crate::http::key_service::Keys;
use crate::http::refusals::{StorelessRefused, referred};

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

/// The answer with the page.
pub(crate) struct Contacts;

impl IntoResponses for Contacts {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(65_536))
            .pattern(Some("^(.|\\n)*$"));
        let example = "Contact: mailto:security@example.com\nExpires: 2027-02-24T21:00:00Z\nPreferred-Languages: en\n";
        let content =
            ContentBuilder::new().schema(Some(text)).example(Some(example.into())).build();
        let response =
            ResponseBuilder::new().description("Whom to tell.").content("text/plain", content);
        let mut answers = StorelessRefused::responses();
        answers.insert("200".to_owned(), response.build().into());
        // Where nobody is named, the page is not there.
        answers.extend(referred(&[("404", "TenantNotFound")]));
        answers
    }
}

#[utoipa::path(
    get,
    path = PATH,
    operation_id = "getSecurityContacts",
    tag = "Discovery",
    summary = "Whom to tell of a vulnerability",
    description = "security.txt (RFC 9116), where the deployment names somebody.",
    responses(Contacts),
    security(()),
)]
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
