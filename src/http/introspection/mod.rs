//! `POST /api/{tenantId}/introspect`: whether a token is valid in the tenant, and what for (RFC 7662).

mod description;
mod form;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::ThinData;
use serde::Serialize;

use super::key_service::Keys;
use super::operations::IntrospectToken;
use super::refusals::{BodyRefused, Refused};
use crate::auth::{Authenticator, Inspection, Principal, ScopedAuthorize};
use crate::contract::{ListApiKeys, Operation};
use crate::domain::{Scope, Timestamp};
use crate::problem::Problem;

use description::Introspected;
use form::{IntrospectionForm, IntrospectionRequest};

/// The members that RFC 7662 §2.2 names, of those that are known. Anything that is not valid in the
/// tenant, for whatever reason, is `"active": false` and no more.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "active": true,
    "scope": "orders:read orders:write",
    "sub": "crm-sync",
    "client_id": "crm-sync",
    "token_type": "Bearer",
}))]
pub(super) struct IntrospectionResponse<'t> {
    /// Whether the token may be used in the tenant now.
    active: bool,
    /// The scopes that it has there, between single spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    scope: Option<String>,
    /// The API key's name, or whom the bearer token speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    sub: Option<&'t str>,
    /// The API key's name, or the program that the bearer token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    client_id: Option<&'t str>,
    /// Who issued the bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    iss: Option<&'t str>,
    /// Whom the bearer token is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Audience<'_>, required = false)]
    aud: Option<Audience<'t>>,
    /// When the token expires, in seconds since 1970; absent if an API key never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    exp: Option<i64>,
    /// `Bearer`: whoever holds it may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    token_type: Option<&'static str>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(super) enum Audience<'t> {
    /// For one.
    One(&'t str),
    /// For several.
    Several(&'t [String]),
}

/// Whoever holds it may use it: so are both kinds of token (RFC 6750 §1.2).
const TOKEN_TYPE: &str = "Bearer";

#[utoipa::path(
    post,
    path = IntrospectToken::PATH,
    operation_id = "introspectToken",
    tag = IntrospectToken::TAG,
    summary = IntrospectToken::SUMMARY,
    description = IntrospectToken::DESCRIPTION,
    params(ListApiKeys),
    request_body(content(
        (IntrospectionForm = "application/x-www-form-urlencoded"),
    )),
    responses(Introspected, Refused, BodyRefused),
    security(
        ("admin-bearer" = [IntrospectToken::SCOPE]),
        ("apiKey" = []),
        ("client-secret" = []),
    ),
)]
#[expect(clippy::expect_used, reason = "the answer is texts and numbers, which JSON can hold")]
pub(super) async fn introspect(
    caller: ScopedAuthorize<IntrospectToken>,
    authenticator: ThinData<Authenticator>,
    keys: Keys,
    request: IntrospectionRequest,
) -> Result<HttpResponse, Problem> {
    // The body has been waited for since the caller was authenticated,
    let keyring = caller.get_current_keyring(&*keys.repository).await?;
    let client = request.client();
    let found = authenticator.inspect(request.expose(), caller.tenant(), &keyring, client).await;
    // and, unless it is an API key that was found, so have an issuer's keys.
    if found.as_ref().is_none_or(|found| found.token.is_some()) {
        caller.get_current_keyring(&*keys.repository).await?;
    }
    let answer = found.as_ref().map(IntrospectionResponse::of).unwrap_or_default();
    let json = serde_json::to_vec(&answer).expect("the members have names");
    let mut response = HttpResponse::with_body(StatusCode::OK, json).map_into_boxed_body();
    let labelled = HeaderValue::from_static(IntrospectToken::RESPONSE_MEDIA_TYPES[0]);
    response.headers_mut().insert(CONTENT_TYPE, labelled);
    Ok(response)
}

impl<'t> IntrospectionResponse<'t> {
    fn of(Inspection { principal, token, expires_at }: &'t Inspection) -> Self {
        let Principal { subject, scopes, .. } = principal;
        let scopes: Vec<_> = scopes.iter().map(Scope::as_str).collect();
        let token = token.as_ref();
        Self {
            active: true,
            scope: Some(scopes.join(" ")).filter(|scopes| !scopes.is_empty()),
            sub: Some(subject.as_str()),
            client_id: token.map_or(Some(subject.as_str()), |token| token.client.as_deref()),
            iss: token.map(|token| &*token.issuer),
            aud: token.map(|token| match &*token.audience {
                [one] => Audience::One(one),
                several => Audience::Several(several),
            }),
            exp: token
                .map(|token| whole_seconds(token.expires))
                .or(expires_at.map(Timestamp::seconds_since_epoch)),
            token_type: Some(TOKEN_TYPE),
        }
    }
}

/// A `NumericDate` may have a fraction, RFC 7662's `exp` has none. A date beyond the range of the
/// type becomes the end of it: `as` saturates.
fn whole_seconds(date: f64) -> i64 {
    date as i64
}
