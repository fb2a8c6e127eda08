//! The credentials that came with a request: parsed, not yet verified.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use crate::contract::API_KEY_HEADER;

/// The longest credential that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// One scheme's answer to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented<T> {
    /// The request has no such credential.
    Nothing,
    /// The request has one. It is a secret.
    Secret(T),
    /// The header cannot be a credential: sent twice, empty, too long, or of another form.
    Malformed,
}

/// The API key of a request: the one value of the contract's header, whatever its bytes.
#[must_use]
pub(super) fn api_key(headers: &HeaderMap) -> Presented<&[u8]> {
    let value = only_value(headers, &API_KEY_HEADER);
    if value == Presented::Secret(&[]) { Presented::Malformed } else { value }
}

/// The bearer token of a request (RFC 6750 §2.1): the scheme's name in any case, one space or more,
/// and a `b64token`. Another scheme is malformed: a caller is told rather than ignored.
#[must_use]
pub(super) fn bearer_token(headers: &HeaderMap) -> Presented<&str> {
    let value = match only_value(headers, &AUTHORIZATION) {
        Presented::Secret(value) => value,
        Presented::Nothing => return Presented::Nothing,
        Presented::Malformed => return Presented::Malformed,
    };
    match std::str::from_utf8(value).ok().and_then(|text| text.split_once(' ')) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = rest.trim_start_matches(' ');
            if is_b64token(token) { Presented::Secret(token) } else { Presented::Malformed }
        }
        _ => Presented::Malformed,
    }
}

/// Whether a request could carry this text as a credential at all.
#[must_use]
pub(super) fn may_be_sent(token: &str) -> bool {
    has_length_of_one(token.as_bytes())
}

/// Whether a request brings any credential at all, well or badly formed.
#[must_use]
pub(super) fn is_presented(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(API_KEY_HEADER)
}

/// Whether bytes are short enough to be looked at as a credential, and there are any.
#[must_use]
pub(super) fn has_length_of_one(secret: &[u8]) -> bool {
    (1..=LONGEST).contains(&secret.len())
}

fn only_value<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Presented<&'r [u8]> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Presented::Nothing,
        (Some(value), None) if value.len() <= LONGEST => Presented::Secret(value.as_bytes()),
        _ => Presented::Malformed,
    }
}

/// One or more of the characters of `b64token`, then any number of `=`. Each byte is looked at without a
/// branch, so that the compiler takes sixteen at a time.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=').as_bytes();
    let is_allowed = |byte: u8| {
        (byte | 0x20).is_ascii_lowercase()
            | matches!(byte, b'-'..=b'9')
            | (byte == b'+')
            | (byte == b'_')
            | (byte == b'~')
    };
    !body.is_empty() && body.iter().fold(true, |all, byte| all & is_allowed(*byte))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

    use super::{Presented, api_key, bearer_token};
    use crate::contract::API_KEY_HEADER;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn bearer(values: &[&str]) -> String {
        describe(bearer_token(&headers(&AUTHORIZATION, values)))
    }

    fn describe<T: AsRef<[u8]>>(presented: Presented<T>) -> String {
        match presented {
            Presented::Nothing => "nothing".into(),
            Presented::Secret(text) => format!("secret {}", String::from_utf8_lossy(text.as_ref())),
            Presented::Malformed => "malformed".into(),
        }
    }

    #[test]
    fn a_bearer_token_is_read_in_every_form_that_the_rfc_allows() {
        assert_eq!(bearer(&["Bearer a.b-c_d~e+f/g=="]), "secret a.b-c_d~e+f/g==");
        assert_eq!(bearer(&["bEARER   abc"]), "secret abc");
        assert_eq!(bearer(&[]), "nothing");
    }

    #[test]
    fn a_token_has_the_characters_of_the_rfc_at_every_place() {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        for (place, byte) in (0..40).flat_map(|place| (0..0x80).map(move |byte| (place, byte))) {
            let mut token = [b'a'; 41];
            token[place] = byte;
            let text = std::str::from_utf8(&token).unwrap();
            assert_eq!(super::is_b64token(text), allowed(byte), "{byte:#x} at {place}");
        }
    }

    #[test]
    fn anything_else_in_authorization_is_malformed() {
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic abc",
            "Bearer a b",
            "Bearer a,b",
            "Bearerabc",
            "Bearer =",
            "Bearer a=b",
            "Bearer\tabc",
            "Bearer caf\u{e9}",
            &format!("Bearer {}", "a".repeat(16 * 1024)),
        ] {
            assert_eq!(bearer(&[value]), "malformed", "{value:.20}");
        }
        assert_eq!(bearer(&["Bearer abc", "Bearer abc"]), "malformed");
    }

    #[test]
    fn an_api_key_is_the_one_value_of_its_header() {
        let key = |values: &[&str]| describe(api_key(&headers(&API_KEY_HEADER, values)));
        assert_eq!(key(&[]), "nothing");
        assert_eq!(key(&["any thing, at all"]), "secret any thing, at all");
        assert_eq!(key(&[""]), "malformed");
        assert_eq!(key(&["a", "a"]), "malformed");
        assert_eq!(key(&["caf\u{e9}"]), "secret caf\u{e9}");
    }
}
