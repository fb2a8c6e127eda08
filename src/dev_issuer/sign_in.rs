//! Signing in: the implicit flow (RFC 6749 §4.2) for Swagger UI, and a token to copy for everybody
//! else.

use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, LOCATION, ORIGIN,
    REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{DevIssuer, Issuer, TokenRequest, page};
use crate::problem::{Problem, ProblemType};

/// The members of a query or form, in order, repeated ones too.
type Members = Vec<(String, String)>;

/// The longest life of a token, in seconds: a day.
const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// What brought the developer here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errand {
    /// Whether a client waits for the token: Swagger UI, and nobody else.
    pub(super) redirect: bool,
    /// What the client wants back as it is.
    pub(super) state: Option<String>,
    /// The scopes that the client asked for.
    pub(super) scopes: Vec<String>,
}

/// The page.
pub(super) async fn show(
    issuer: Issuer,
    query: web::Query<Members>,
) -> Result<HttpResponse, Problem> {
    let errand = Errand::read(&issuer, &query)?;
    Ok(html(page::form(&issuer, &errand)))
}

/// The form comes back: a redirect to the client that waits, or a page with the token.
pub(super) async fn grant(
    issuer: Issuer,
    request: HttpRequest,
    form: web::Form<Members>,
) -> Result<HttpResponse, Problem> {
    demand_own_page(&issuer, request.headers())?;
    let errand = Errand::read(&issuer, &form)?;
    let wanted = wanted(&form)?;
    let token = issuer.sign(&wanted).map_err(|error| {
        Problem::new(ProblemType::Internal, "The token could not be signed.").caused_by(error)
    })?;
    if !errand.redirect {
        return Ok(html(page::token(&issuer, &wanted, &token)));
    }
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    // RFC 6749 §4.2.2.
    let mut target = format!(
        "{}#access_token={token}&token_type=Bearer&expires_in={}&scope={}",
        issuer.redirect_target(),
        wanted.lifetime.as_secs(),
        encoded(&wanted.permissions.join(" ")),
    );
    if let Some(state) = &errand.state {
        target.push_str("&state=");
        target.push_str(&encoded(state));
    }
    Ok(guarded(HttpResponse::SeeOther()).insert_header((LOCATION, target)).finish())
}

impl Errand {
    fn read(issuer: &DevIssuer, members: &Members) -> Result<Self, Problem> {
        let redirect = match only(members, "redirect_uri")? {
            None => false,
            Some(target) if *target == issuer.redirect_target() => true,
            Some(_) => {
                return Err(refused(format!(
                    "The development issuer redirects to {} alone.",
                    issuer.redirect_target()
                )));
            }
        };
        match only(members, "response_type")? {
            None if !redirect => {}
            Some("token") => {}
            _ => return Err(refused("The response_type must be token: the implicit flow.".into())),
        }
        Ok(Self {
            redirect,
            state: only(members, "state")?.map(str::to_owned),
            scopes: words(only(members, "scope")?.unwrap_or_default()),
        })
    }
}

/// What the developer chose.
fn wanted(form: &Members) -> Result<TokenRequest, Problem> {
    let chosen = |name: &str| {
        let all = form.iter().filter(|(member, _)| member == name);
        let mut values: Vec<String> = all.flat_map(|(_, value)| words(value)).collect();
        let mut seen = std::collections::HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
        values
    };
    let seconds = only(form, "lifetime")?.unwrap_or("3600").parse().ok();
    let seconds = seconds
        .filter(|seconds| (1..=LONGEST_LIFE).contains(seconds))
        .ok_or_else(|| refused(format!("The lifetime must be 1 to {LONGEST_LIFE} seconds.")))?;
    let subject = only(form, "subject")?.map(str::trim).filter(|text| !text.is_empty());
    Ok(TokenRequest {
        subject: subject.unwrap_or("developer").to_owned(),
        tenants: chosen("tenant"),
        permissions: chosen("permission"),
        lifetime: Duration::from_secs(seconds),
    })
}

/// Refuses a form that another site's page sent.
fn demand_own_page(issuer: &DevIssuer, headers: &HeaderMap) -> Result<(), Problem> {
    let origin = headers.get(ORIGIN).map(|value| value.as_bytes());
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    let own = origin.is_none_or(|origin| origin == issuer.origin.as_bytes())
        && site.is_none_or(|site| matches!(site, b"same-origin" | b"none"));
    if own { Ok(()) } else { Err(refused("Sign in on the issuer's own page.".into())) }
}

fn only<'m>(members: &'m Members, name: &str) -> Result<Option<&'m str>, Problem> {
    let mut values = members.iter().filter(|(member, _)| member == name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(|(_, value)| value.as_str())),
        _ => Err(refused(format!("The parameter {name} must be sent once."))),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn refused(detail: String) -> Problem {
    Problem::new(ProblemType::BadRequest, detail)
}

fn html(text: String) -> HttpResponse {
    guarded(HttpResponse::Ok()).content_type("text/html; charset=utf-8").body(text)
}

fn guarded(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ));
    response
}
