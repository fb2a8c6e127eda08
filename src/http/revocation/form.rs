//! The form that a token is ended with (RFC 7009 §2.1).

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::http::operations::RevokeToken;
use crate::http::request::form;
use crate::http::request::secret_form::take_secret_form;
use crate::problem::{Faults, Problem};

const TOKEN: &str = "token";
const REASON: &str = "reason";
/// The longest reason, in characters.
const LONGEST_REASON: usize = 256;

/// A token that is to end. It is a secret; nothing prints it.
pub(crate) struct RevocationRequest {
    token: String,
    reason: String,
}

/// The form as it is documented.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
#[schema(example = json!({"token": "nsk_EXAMPLEdoNotUse0000000000000000000000000000000000000"}))]
pub(super) struct RevocationForm {
    /// The token of an API key.
    #[schema(min_length = 1, max_length = 65536, pattern = "^[\\x20-\\x7E]+$")]
    token: String,
    /// A hint at the kind of token. It is looked for as an API key's anyway.
    #[schema(value_type = String, required = false, max_length = 256, pattern = "^[\\x20-\\x7E]*$")]
    token_type_hint: Option<String>,
    /// Where it was found, for the log.
    #[schema(value_type = String, required = false, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F]*$")]
    reason: Option<String>,
}

impl RevocationRequest {
    /// The token, for its judge.
    pub(super) fn expose(&self) -> &str {
        &self.token
    }

    /// Where it was found, as its finder says. Text from outside.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    fn parse(form: &[u8]) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let token = match form::only_value(form, TOKEN) {
            Ok(Some(token)) => token.into_owned(),
            Ok(None) => {
                faults.add(TOKEN, "The token that is to end is required.");
                String::new()
            }
            Err(form::Repeated) => {
                faults.add(TOKEN, "End one token at a time.");
                String::new()
            }
        };
        let reason = form::only_value(form, REASON).map(|it| it.unwrap_or_default().into_owned());
        let reason = reason.ok().filter(|it| it.chars().nth(LONGEST_REASON).is_none());
        if reason.is_none() {
            faults.add(REASON, format!("Send one reason of at most {LONGEST_REASON} characters."));
        }
        match reason {
            // A reason with the token in it would bring that into the log.
            Some(reason) if faults.is_empty() => {
                Ok(Self { reason: reason.replace(&token, "[token]"), token })
            }
            Some(_) | None => Err(Problem::validation(faults)),
        }
    }
}

impl FromRequest for RevocationRequest {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = take_secret_form::<RevokeToken>(request, payload, TOKEN);
        Box::pin(async move { Self::parse(&form.await?) })
    }
}

#[cfg(test)]
mod tests {
    use super::RevocationRequest;

    #[test]
    fn one_token_and_a_short_reason_are_read() {
        let read = |form: &str| {
            let request = RevocationRequest::parse(form.as_bytes()).ok();
            request.map(|it| (it.token, it.reason))
        };
        let owned = |token: &str, reason: &str| Some((token.to_owned(), reason.to_owned()));
        assert_eq!(read("token=nsk_a"), owned("nsk_a", ""));
        assert_eq!(
            read("x=1&token=a%20b&reason=in+a+log&token_type_hint=y"),
            owned("a b", "in a log")
        );
        assert_eq!(read("token=abc&reason=key+abc+leaked"), owned("abc", "key [token] leaked"));
        let long = format!("token=a&reason={}", "x".repeat(257));
        for form in ["", "token=", "token=a&token=a", "token=a&reason=b&reason=c", &long] {
            assert_eq!(read(form), None, "{form:.40}");
        }
    }
}
