//! The form that an introspection is asked with (RFC 7662 §2.1).

use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use crate::http::operations::IntrospectToken;
use crate::http::request::form;
use crate::http::request::secret_form::take_secret_form;
use crate::problem::{Faults, Problem};

/// The parameter that holds the token.
pub(super) const TOKEN: &str = "token";

/// The parameter that holds the address of the token's client.
const CLIENT_IP: &str = "client_ip";

/// The token that is asked about, and who came with it. It is a secret; nothing prints it.
pub(crate) struct IntrospectionRequest {
    token: String,
    client: Option<IpAddr>,
}

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
    /// The address of the client that came with the token. A key that may be used from some addresses
    /// alone is active only for one of them.
    #[schema(value_type = String, required = false, max_length = 45, pattern = "^[0-9A-Fa-f:.]*$", example = "203.0.113.7")]
    client_ip: Option<String>,
}

impl IntrospectionRequest {
    /// The token, for its judge.
    pub(super) fn expose(&self) -> &str {
        &self.token
    }

    /// The address of the client that came with the token, if the caller knows it.
    pub(super) fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// Reads a form. Parameters that are not known are ignored, the hint with them: every kind of
    /// token is looked for at once. One without a value counts as left out (RFC 6749 §3.2).
    fn parse(form: &[u8]) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let client = match form::only_value(form, CLIENT_IP).map(|it| it.map(|it| it.parse())) {
            Ok(None) => None,
            Ok(Some(Ok(address))) => Some(address),
            Ok(Some(Err(_))) | Err(form::Repeated) => {
                faults.add(CLIENT_IP, "Send one IPv4 or IPv6 address.");
                None
            }
        };
        match form::only_value(form, TOKEN) {
            Ok(Some(token)) if faults.is_empty() => {
                return Ok(Self { token: token.into_owned(), client });
            }
            Ok(Some(_)) => {}
            Ok(None) => faults.add(TOKEN, "The token that is asked about is required."),
            Err(form::Repeated) => faults.add(TOKEN, "Ask about one token at a time."),
        }
        Err(Problem::validation(faults))
    }
}

impl FromRequest for IntrospectionRequest {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = take_secret_form::<IntrospectToken>(request, payload, TOKEN);
        Box::pin(async move { Self::parse(&form.await?) })
    }
}

#[cfg(test)]
mod tests {
    use super::IntrospectionRequest;

    fn token(form: &str) -> Option<String> {
        IntrospectionRequest::parse(form.as_bytes()).ok().map(|request| request.token)
    }

    #[test]
    fn one_token_is_read_and_whatever_is_not_known_is_ignored() {
        assert_eq!(token("token=nsk_abc").as_deref(), Some("nsk_abc"));
        assert_eq!(token("x=1&token_type_hint=y&token=a%20b+c&x=2").as_deref(), Some("a b c"));
        assert_eq!(token("token=&token=a").as_deref(), Some("a"));
    }

    #[test]
    fn the_clients_address_is_one_or_none() {
        let client = |form: &str| {
            let read = IntrospectionRequest::parse(format!("token=a&{form}").as_bytes());
            read.map(|request| request.client.map(|it| it.to_string())).ok()
        };
        assert_eq!(client(""), Some(None));
        assert_eq!(client("client_ip="), Some(None));
        assert_eq!(client("client_ip=192.0.2.1"), Some(Some("192.0.2.1".to_owned())));
        assert_eq!(client("client_ip=2001%3Adb8%3A%3A1"), Some(Some("2001:db8::1".to_owned())));
        for form in ["client_ip=x", "client_ip=192.0.2.1%2F24", "client_ip=::1&client_ip=::1"] {
            assert_eq!(client(form), None, "{form}");
        }
    }

    #[test]
    fn no_token_and_two_are_faults() {
        for form in ["", "token", "token=", "Token=a", "token=a&token=a", "{\"token\": \"a\"}"] {
            assert_eq!(token(form), None, "{form}");
        }
    }
}
