//! The request to the sign-in page, and whether it may be answered (RFC 6749 §4.1 and §4.2, RFC 7636).

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{DevIssuerConfig, TokenRequest};
use crate::domain::Scope;

/// The one page that tokens are sent to, below this server's own addresses.
const TOKEN_PAGE: &str = "/swagger-ui/oauth2-redirect.html";
/// The one page that codes are sent to, likewise.
const CODE_PAGE: &str = "/console/signed-in.html";
/// Scopes that are asked for from the issuer itself, and are no permissions.
pub(super) const PROTOCOL_SCOPES: [&str; 2] = ["openid", "offline_access"];
/// The subject of a token when the developer names none.
pub(super) const DEFAULT_SUBJECT: &str = "developer";
/// The lifetimes that the page offers, in seconds, with their names.
pub(super) const LIFETIMES: [(u64, &str); 4] =
    [(900, "15 minutes"), (3600, "1 hour"), (28_800, "8 hours"), (86_400, "1 day")];
/// The lifetime that is chosen at first.
pub(super) const DEFAULT_LIFETIME: u64 = 3600;
/// The length of a SHA-256 as Base64url.
const CHALLENGE_LENGTH: usize = 43;
/// The longest text of a parameter, in bytes.
const LONGEST: usize = 4096;

/// All but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Names and values of a query or a form, in order.
pub(super) type Parameters = [(String, String)];

/// A client's request, from the page's address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AuthorizeRequest {
    /// Where the answer goes; nowhere: the page shows a token.
    pub redirect_uri: Option<String>,
    /// Returned as it came.
    pub state: Option<String>,
    /// The permissions asked for.
    pub scopes: Vec<String>,
    /// The request that the code is bound to, where a code is asked for.
    pub code: Option<CodeRequest>,
}

/// The request that a code is bound to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CodeRequest {
    /// The client, as it calls itself.
    pub client_id: String,
    /// The SHA-256 of the client's secret for this sign-in, as Base64url (RFC 7636 §4.2).
    pub challenge: String,
    /// Comes back in the ID token (OpenID Connect Core 1.0 §3.1.2.1).
    pub nonce: Option<String>,
}

/// Why the page does not answer as it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum AuthorizeError {
    /// RFC 6749 §3.1: a parameter stands once.
    #[error("The parameter {0} occurs more than once.")]
    Repeated(&'static str),
    /// A parameter over 4 KiB.
    #[error("The parameter {0} is too long.")]
    TooLong(&'static str),
    /// Any address but this server's own pages.
    #[error(
        "This sign-in answers to the console and the Swagger UI of this server only, and redirect_uri \
         is another address."
    )]
    Redirect,
    /// A permission that is no scope token (RFC 6749 §3.3).
    #[error(
        "A permission has only printable ASCII characters, without quotation mark and backslash."
    )]
    Permission,
    /// A lifetime that is not offered.
    #[error("The lifetime is not one of those offered.")]
    Lifetime,
    /// Any flow but the page's own; this is told to the client at its own address (RFC 6749 §4.1.2.1).
    #[error("Swagger UI asks for response_type=token, the console for response_type=code.")]
    ResponseType(Box<AuthorizeRequest>),
    /// A code without a challenge of the one method; told to the client likewise (RFC 7636 §4.4.1).
    #[error("A code is given for a code_challenge with code_challenge_method=S256 only.")]
    Challenge(Box<AuthorizeRequest>),
}

impl AuthorizeRequest {
    /// Judges the parameters of a client.
    pub(super) fn parse(
        config: &DevIssuerConfig,
        parameters: &Parameters,
    ) -> Result<Self, AuthorizeError> {
        let redirect_uri = find(parameters, "redirect_uri")?;
        let page = match redirect_uri {
            None => None,
            Some(uri) => Some(own_page(config, uri).ok_or(AuthorizeError::Redirect)?),
        };
        let mut request = Self {
            redirect_uri: redirect_uri.map(str::to_owned),
            state: find(parameters, "state")?.map(str::to_owned),
            scopes: words(find(parameters, "scope")?.unwrap_or_default()),
            code: None,
        };
        request.scopes.retain(|scope| !PROTOCOL_SCOPES.contains(&scope.as_str()));
        match (find(parameters, "response_type")?, page) {
            (Some("token"), None | Some(OwnPage::ForTokens)) | (None, None) => Ok(request),
            (Some("code"), Some(OwnPage::ForCodes)) => {
                let challenge = find(parameters, "code_challenge")?.unwrap_or_default();
                let is_hashed = find(parameters, "code_challenge_method")? == Some("S256");
                if !is_hashed || challenge.len() != CHALLENGE_LENGTH {
                    return Err(AuthorizeError::Challenge(Box::new(request)));
                }
                request.code = Some(CodeRequest {
                    client_id: find(parameters, "client_id")?.unwrap_or_default().to_owned(),
                    challenge: challenge.to_owned(),
                    nonce: find(parameters, "nonce")?.map(str::to_owned),
                });
                Ok(request)
            }
            _ => Err(AuthorizeError::ResponseType(Box::new(request))),
        }
    }

    /// Where an answer goes: the client's page with a token behind `#`, which browsers send to no server
    /// (RFC 6749 §4.2.2), or with a code behind `?` (§4.1.2).
    pub(super) fn location(&self, answer: &[(&str, &str)]) -> Option<String> {
        let page = self.redirect_uri.as_deref()?;
        let mark = if page.ends_with(CODE_PAGE) { '?' } else { '#' };
        let state = self.state.as_deref().map(|state| ("state", state));
        let members = answer.iter().copied().chain(state);
        let members =
            members.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, RESERVED)));
        Some(format!("{page}{mark}{}", members.collect::<Vec<_>>().join("&")))
    }
}

/// The developer's choice on the page.
pub(super) fn parse_choice(parameters: &Parameters) -> Result<TokenRequest, AuthorizeError> {
    let every = |name: &str| -> Vec<String> {
        let named = parameters.iter().filter(|(other, _)| other == name);
        named.flat_map(|(_, value)| words(value)).collect()
    };
    let permissions = every("permission");
    if permissions.iter().any(|permission| Scope::validate(permission).is_err()) {
        return Err(AuthorizeError::Permission);
    }
    let lifetime = find(parameters, "lifetime")?.map(str::parse);
    let lifetime = match lifetime {
        None => DEFAULT_LIFETIME,
        Some(Ok(seconds)) if LIFETIMES.iter().any(|(offered, _)| *offered == seconds) => seconds,
        Some(_) => return Err(AuthorizeError::Lifetime),
    };
    let subject = find(parameters, "subject")?.map(str::trim).filter(|text| !text.is_empty());
    Ok(TokenRequest {
        subject: subject.unwrap_or(DEFAULT_SUBJECT).to_owned(),
        tenants: every("tenant"),
        permissions,
        lifetime: Duration::from_secs(lifetime),
    })
}

/// A page of this server that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnPage {
    ForTokens,
    ForCodes,
}

/// The page of this server that an address is, compared character by character: addresses that only mean
/// the same are refused.
fn own_page(config: &DevIssuerConfig, uri: &str) -> Option<OwnPage> {
    let path = config.addresses.iter().find_map(|address| {
        uri.strip_prefix(address.as_str()).filter(|path| [TOKEN_PAGE, CODE_PAGE].contains(path))
    })?;
    Some(if path == CODE_PAGE { OwnPage::ForCodes } else { OwnPage::ForTokens })
}

/// The one value of that name.
pub(super) fn find<'p>(
    parameters: &'p Parameters,
    name: &'static str,
) -> Result<Option<&'p str>, AuthorizeError> {
    let mut values = parameters.iter().filter(|(other, _)| other == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(AuthorizeError::Repeated(name)),
        (Some(value), None) if value.len() > LONGEST => Err(AuthorizeError::TooLong(name)),
        (value, None) => Ok(value.map(String::as_str)),
    }
}

pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{AuthorizeError, AuthorizeRequest, parse_choice};
    use crate::dev_issuer::DevIssuerConfig;

    const OWN: &str = "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html";

    fn config() -> DevIssuerConfig {
        DevIssuerConfig {
            addresses: vec!["http://127.0.0.1:8080".to_owned(), "http://localhost:8080".to_owned()],
            audience: "api".to_owned(),
            tenants_claim: "tenants".to_owned(),
            tenants: Vec::new(),
            scopes: Vec::new(),
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn parse(parameters: &[(&str, &str)]) -> Result<AuthorizeRequest, AuthorizeError> {
        AuthorizeRequest::parse(&config(), &pairs(parameters))
    }

    #[test]
    fn swagger_uis_request_is_answered_with_its_state_behind_the_hash() {
        let request = parse(&[
            ("response_type", "token"),
            ("client_id", "swagger-ui"),
            ("redirect_uri", OWN),
            ("scope", "a:read a:write"),
            ("state", "TW9u&x=1 #\u{e9}"),
        ])
        .unwrap();
        assert_eq!(request.scopes, ["a:read", "a:write"]);
        let location = request.location(&[("access_token", "x.y-_"), ("scope", "a b")]).unwrap();
        assert_eq!(
            location,
            format!("{OWN}#access_token=x.y-_&scope=a%20b&state=TW9u%26x%3D1%20%23%C3%A9")
        );
    }

    #[test]
    fn no_other_address_gets_a_token() {
        let localhost = OWN.replace("127.0.0.1", "localhost");
        assert!(parse(&[("response_type", "token"), ("redirect_uri", &localhost)]).is_ok());
        for uri in [
            "",
            "https://evil.example/",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8081/swagger-ui/oauth2-redirect.html",
            "https://127.0.0.1:8080/swagger-ui/oauth2-redirect.html",
            "HTTP://127.0.0.1:8080/swagger-ui/oauth2-redirect.html",
            "http://127.0.0.1:8080@evil.example/swagger-ui/oauth2-redirect.html",
            "http://127.0.0.1:8080.evil.example/swagger-ui/oauth2-redirect.html",
            "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html?x=1",
            "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html#x",
            "http://127.0.0.1:8080/swagger-ui/../swagger-ui/oauth2-redirect.html",
            "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html\r\nX: y",
            "/swagger-ui/oauth2-redirect.html",
            "javascript:alert(1)",
        ] {
            let refused = parse(&[("response_type", "token"), ("redirect_uri", uri)]);
            assert_eq!(refused, Err(AuthorizeError::Redirect), "{uri}");
        }
    }

    #[test]
    fn below_a_prefix_the_page_of_the_prefix_gets_the_token_and_no_other_of_its_host() {
        let addresses = vec!["https://example.com/neokeys".to_owned()];
        let config = DevIssuerConfig { addresses, ..config() };
        assert_eq!(config.origins().collect::<Vec<_>>(), ["https://example.com"]);
        for (page, taken) in [
            ("https://example.com/neokeys/swagger-ui/oauth2-redirect.html", true),
            ("https://example.com/swagger-ui/oauth2-redirect.html", false),
            ("https://example.com/other/swagger-ui/oauth2-redirect.html", false),
            ("https://example.com/neokeys2/swagger-ui/oauth2-redirect.html", false),
            ("http://example.com/neokeys/swagger-ui/oauth2-redirect.html", false),
        ] {
            let asked = pairs(&[("response_type", "token"), ("redirect_uri", page)]);
            assert_eq!(AuthorizeRequest::parse(&config, &asked).is_ok(), taken, "{page}");
        }
    }

    #[test]
    fn another_flow_is_told_to_the_client() {
        let Err(AuthorizeError::ResponseType(request)) =
            parse(&[("response_type", "code"), ("redirect_uri", OWN), ("state", "s")])
        else {
            panic!("the code flow was taken")
        };
        let location = request.location(&[("error", "unsupported_response_type")]).unwrap();
        assert_eq!(location, format!("{OWN}#error=unsupported_response_type&state=s"));
        assert_eq!(parse(&[]), Ok(AuthorizeRequest::default()));
    }

    #[test]
    fn the_console_gets_a_code_behind_a_question_mark_and_only_for_a_hashed_challenge() {
        const CONSOLE: &str = "http://127.0.0.1:8080/console/signed-in.html";
        let challenge = "c".repeat(43);
        let asked = [
            ("response_type", "code"),
            ("client_id", "neokeys-console"),
            ("redirect_uri", CONSOLE),
            ("scope", "openid offline_access a:read"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", &*challenge),
            ("code_challenge_method", "S256"),
        ];
        let request = parse(&asked).unwrap();
        assert_eq!(request.scopes, ["a:read"]);
        assert_eq!(request.code.as_ref().unwrap().nonce.as_deref(), Some("n"));
        assert_eq!(request.location(&[("code", "c")]), Some(format!("{CONSOLE}?code=c&state=s")));
        for (name, value) in [("code_challenge_method", "plain"), ("code_challenge", "short")] {
            let changed = asked.map(|pair| if pair.0 == name { (name, value) } else { pair });
            assert!(matches!(parse(&changed), Err(AuthorizeError::Challenge(_))), "{name}");
            let without: Vec<_> = asked.into_iter().filter(|pair| pair.0 != name).collect();
            assert!(matches!(parse(&without), Err(AuthorizeError::Challenge(_))), "{name}");
        }
        let token =
            asked.map(|pair| if pair.0 == "response_type" { (pair.0, "token") } else { pair });
        assert!(matches!(parse(&token), Err(AuthorizeError::ResponseType(_))));
    }

    #[test]
    fn a_parameter_stands_once() {
        let twice = [("redirect_uri", OWN), ("redirect_uri", OWN), ("response_type", "token")];
        assert_eq!(parse(&twice), Err(AuthorizeError::Repeated("redirect_uri")));
        let long = "s".repeat(5000);
        assert_eq!(parse(&[("state", &long)]), Err(AuthorizeError::TooLong("state")));
    }

    #[test]
    fn a_choice_is_what_was_ticked_and_typed() {
        let choice = parse_choice(&pairs(&[
            ("subject", " Ada "),
            ("tenant", "demo"),
            ("tenant", " acme  other "),
            ("permission", "a:read"),
            ("permission", ""),
            ("lifetime", "900"),
        ]))
        .unwrap();
        assert_eq!(choice.subject, "Ada");
        assert_eq!(choice.tenants, ["demo", "acme", "other"]);
        assert_eq!(choice.permissions, ["a:read"]);
        assert_eq!(choice.lifetime.as_secs(), 900);
        for (name, value, error) in [
            ("permission", "caf\u{e9}", AuthorizeError::Permission),
            ("permission", "a\"b", AuthorizeError::Permission),
            ("lifetime", "99999999", AuthorizeError::Lifetime),
            ("lifetime", "-1", AuthorizeError::Lifetime),
            ("lifetime", "", AuthorizeError::Lifetime),
        ] {
            assert_eq!(parse_choice(&pairs(&[(name, value)])), Err(error), "{value}");
        }
        assert_eq!(parse_choice(&[]).unwrap().subject, "developer");
    }
}
