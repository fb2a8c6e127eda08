//! The form that an introspection is asked with (RFC 7662 §2.1).

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::IntrospectToken;
use crate::http::request::request_id::{self, X_REQUEST_ID};
use crate::http::request::{body, form};
use crate::problem::{Faults, Problem};

/// The parameter that holds the token.
pub(super) const TOKEN: &str = "token";

/// The token that is asked about. It is a secret; nothing prints it.
pub(crate) struct IntrospectionRequest(String);

/// The form as it is documented.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
#[schema(example = json!({"token": "nsk_EXAMPLEdoNotUse0000000000000000000000000000000000000"}))]
pub(super) struct IntrospectionForm {
    /// The token that is asked about: an API key or a bearer token.
    #[schema(min_length = 1, max_length = 65536, pattern = "^[\\x20-\\x7E]+$")]
    token: String,
    /// A hint at the kind of token. It is looked for as every kind anyway.
    #[schema(value_type = String, required = false, max_length = 256, pattern = "^[\\x20-\\x7E]*$")]
    token_type_hint: Option<String>,
}

impl IntrospectionRequest {
    /// The token, for its judge.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Reads a form. Parameters that are not known are ignored, the hint with them: every kind of
    /// token is looked for at once. One without a value counts as left out (RFC 6749 §3.2).
    fn parse(form: &[u8]) -> Result<Self, Problem> {
        let tokens = form::pairs(form).filter(|(name, _)| name == TOKEN);
        let mut tokens = tokens.map(|(_, value)| value).filter(|value| !value.is_empty());
        let fault = match (tokens.next(), tokens.next()) {
            (Some(token), None) => return Ok(Self(token.into_owned())),
            (None, _) => "The token that is asked about is required.",
            (Some(_), Some(_)) => "Ask about one token at a time.",
        };
        let mut faults = Faults::default();
        faults.add(TOKEN, fault);
        Err(Problem::validation(faults))
    }
}

impl FromRequest for IntrospectionRequest {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = body::take::<IntrospectToken>(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let bytes = bytes.await?;
            // Any of several: a question that is refused has its line in the log too.
            if request.headers().contains_key(X_REQUEST_ID) {
                let pairs = form::pairs(&bytes).filter(|(name, _)| name == TOKEN);
                pairs.for_each(|(_, token)| request_id::note_secret(&request, token.as_bytes()));
            }
            Self::parse(&bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::IntrospectionRequest;

    fn token(form: &str) -> Option<String> {
        IntrospectionRequest::parse(form.as_bytes()).ok().map(|request| request.0)
    }

    #[test]
    fn one_token_is_read_and_whatever_is_not_known_is_ignored() {
        assert_eq!(token("token=nsk_abc").as_deref(), Some("nsk_abc"));
        assert_eq!(token("x=1&token_type_hint=y&token=a%20b+c&x=2").as_deref(), Some("a b c"));
        assert_eq!(token("token=&token=a").as_deref(), Some("a"));
    }

    #[test]
    fn no_token_and_two_are_faults() {
        for form in ["", "token", "token=", "Token=a", "token=a&token=a", "{\"token\": \"a\"}"] {
            assert_eq!(token(form), None, "{form}");
        }
    }
}
