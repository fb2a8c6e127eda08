//! A token's header (RFC 7515 §4): what it says of itself before anything is believed.
//!
//! Left out on purpose: `jwk`, `jku`, `x5c`, `x5u`, `x5t`. They would let the token name its own
//! key.

use smol_str::SmolStr;

use super::strict_json::{TokenObject, TokenValue};
use super::{BearerError, SigningAlgorithm};

/// The members of a header that matter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// `alg`: one that may be allowed.
    pub algorithm: SigningAlgorithm,
    /// `kid`.
    pub key_id: Option<SmolStr>,
    /// `typ`.
    pub kind: TokenKind,
}

/// The kinds of token that `typ` tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Nothing, or `JWT` (RFC 7519 §5.1).
    Jwt,
    /// `at+jwt` (RFC 9068 §2.1).
    AccessToken,
}

impl Header {
    /// Reads a header's JSON.
    pub(super) fn parse(json: &[u8]) -> Result<Self, BearerError> {
        let Ok(members) = TokenObject::parse(json) else {
            return Err(BearerError::Malformed("a header that is not one JSON object"));
        };
        // RFC 7515 §4.1.11: what is named in `crit` must be understood, and nothing of it is. A
        // JWT's `b64` is never false (RFC 7797 §7), whether `crit` names it or not.
        let encoded = members.get("b64").is_none_or(|b64| b64 == &TokenValue::Bool(true));
        if members.get("crit").is_some() || !encoded {
            return Err(BearerError::CriticalHeader);
        }
        Ok(Self {
            kind: kind(&members)?,
            algorithm: algorithm(&members)?,
            key_id: match members.get("kid") {
                None => None,
                Some(TokenValue::Text(id)) => Some(id.as_ref().into()),
                Some(_) => return Err(BearerError::Malformed("a kid that is not a string")),
            },
        })
    }
}

/// The beginning that a `typ` may have.
const APPLICATION: &str = "application/";

fn kind(members: &TokenObject<'_>) -> Result<TokenKind, BearerError> {
    let Some(value) = members.get("typ") else { return Ok(TokenKind::Jwt) };
    let Some(text) = value.as_text() else { return Err(BearerError::WrongType) };
    // RFC 7515 §4.1.9: a media type, in any case, `application/` left out or not.
    let name = match text.split_at_checked(APPLICATION.len()) {
        Some((type_, name)) if type_.eq_ignore_ascii_case(APPLICATION) => name,
        _ => text,
    };
    match name {
        _ if name.eq_ignore_ascii_case("jwt") => Ok(TokenKind::Jwt),
        _ if name.eq_ignore_ascii_case("at+jwt") => Ok(TokenKind::AccessToken),
        _ => Err(BearerError::WrongType),
    }
}

fn algorithm(members: &TokenObject<'_>) -> Result<SigningAlgorithm, BearerError> {
    match members.get("alg") {
        Some(TokenValue::Text(name)) => {
            SigningAlgorithm::find(name).ok_or(BearerError::AlgorithmNotAllowed)
        }
        Some(_) => Err(BearerError::Malformed("an alg that is not a string")),
        None => Err(BearerError::Malformed("no alg")),
    }
}

#[cfg(test)]
mod tests {
    use super::{BearerError, Header, SigningAlgorithm, TokenKind};

    fn parse(json: &str) -> Result<Header, BearerError> {
        Header::parse(json.as_bytes())
    }

    #[test]
    fn the_members_that_matter_are_read_and_others_ignored() {
        let header = parse(
            r#"{"alg":"RS256","kid":"k1","typ":"JWT","jku":"https://evil.example/","jwk":{},"x5u":1}"#,
        );
        let expected = Header {
            algorithm: SigningAlgorithm::Rs256,
            key_id: Some("k1".into()),
            kind: TokenKind::Jwt,
        };
        assert_eq!(header, Ok(expected));
    }

    #[test]
    fn a_type_is_compared_as_a_media_type() {
        for (typ, kind) in [
            (r#""JWT""#, Ok(TokenKind::Jwt)),
            (r#""jwt""#, Ok(TokenKind::Jwt)),
            (r#""application/jwt""#, Ok(TokenKind::Jwt)),
            (r#""at+jwt""#, Ok(TokenKind::AccessToken)),
            (r#""AT+JWT""#, Ok(TokenKind::AccessToken)),
            (r#""Application/At+Jwt""#, Ok(TokenKind::AccessToken)),
            (r#""application/application/jwt""#, Err(BearerError::WrongType)),
            (r#""text/jwt""#, Err(BearerError::WrongType)),
            (r#""JWE""#, Err(BearerError::WrongType)),
            (r#""dpop+jwt""#, Err(BearerError::WrongType)),
            (r#""logout+jwt""#, Err(BearerError::WrongType)),
            (r#""JWT ""#, Err(BearerError::WrongType)),
            (r#""""#, Err(BearerError::WrongType)),
            ("null", Err(BearerError::WrongType)),
            (r#"["JWT"]"#, Err(BearerError::WrongType)),
        ] {
            let header = parse(&format!(r#"{{"alg":"ES256","typ":{typ}}}"#));
            assert_eq!(header.map(|header| header.kind), kind, "{typ}");
        }
    }

    #[test]
    fn extensions_that_must_be_understood_are_refused() {
        for more in [
            r#""crit":["b64"],"b64":false"#,
            r#""crit":["exp"]"#,
            r#""crit":[]"#,
            r#""crit":null"#,
            r#""b64":false"#,
            r#""b64":null"#,
            r#""b64":"true""#,
        ] {
            let header = parse(&format!(r#"{{"alg":"ES256",{more}}}"#));
            assert_eq!(header, Err(BearerError::CriticalHeader), "{more}");
        }
    }

    #[test]
    fn only_allowed_algorithms_have_a_name() {
        for name in [
            "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS384", "RS512",
            "PS384", "PS512", "ES384", "ES512", "ES256K", "rs256", "RS256 ", "Ed448", "RSA-OAEP",
        ] {
            let header = parse(&format!(r#"{{"alg":"{name}"}}"#));
            assert_eq!(header, Err(BearerError::AlgorithmNotAllowed), "{name}");
        }
    }

    #[test]
    fn members_of_a_wrong_type_are_malformed() {
        for json in [
            "{}",
            r#"{"alg":null}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":"RS256","kid":null}"#,
            r#"{"alg":"RS256","kid":["k"]}"#,
            r#"{"alg":"RS256","alg":"RS256"}"#,
        ] {
            assert!(matches!(parse(json), Err(BearerError::Malformed(_))), "{json}");
        }
    }
}
