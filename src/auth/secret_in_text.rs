//! The secrets that a request presents, told apart from what else its caller writes.
//!
//! A caller's own texts (a request's id, a new key's name) are logged so that somebody finds the
//! request again. One that holds the caller's secret, or a part of it that says much, must not be.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use memchr::memmem;

use super::client_secret::{BasicCredentials, form_decoded};
use crate::contract::API_KEY_HEADER;

/// Characters that a text may not have in common with a secret. Fewer can be the same by chance, and
/// tell little of a secret that is longer than twice as many.
const TELLING: usize = 16;

/// Whether a text tells much of a secret that a request with these headers presents, in any of the ways
/// in which one can be presented, well or badly.
#[must_use]
pub(crate) fn tells_credential(headers: &HeaderMap, text: &[u8]) -> bool {
    let any_tells = |value: &[u8]| {
        // Programs on the way join a header that comes twice (RFC 9110 §5.3).
        value.split(|byte| *byte == b',').any(|part| tells(part.trim_ascii(), text))
    };
    headers.get_all(API_KEY_HEADER).any(|value| any_tells(value.as_bytes()))
        || headers.get_all(AUTHORIZATION).any(|value| {
            let basic = BasicCredentials::parse(value).is_some_and(|basic| {
                // A user name is no secret, unless it is long enough to be a key in the wrong place.
                let user = Some(basic.user()).filter(|user| user.len() >= TELLING);
                user.into_iter().chain([basic.password()]).any(|secret| tells(secret, text))
            });
            basic || any_tells(without_scheme(value.as_bytes()))
        })
}

/// Whether a text and a secret have more in common than chance has.
///
/// That is `TELLING` characters in a row, or half of a secret that is shorter than twice that. So a text
/// that holds the secret does, and one that is a good part of it. The secret counts as it is, and decoded
/// where it is encoded.
#[must_use]
pub(crate) fn tells(secret: &[u8], text: &[u8]) -> bool {
    has_much_of(text, secret) || form_decoded(secret).is_some_and(|it| has_much_of(text, &it))
}

fn has_much_of(text: &[u8], secret: &[u8]) -> bool {
    let much = TELLING.min(secret.len().div_ceil(2));
    much > 0 && text.windows(much).any(|part| memmem::find(secret, part).is_some())
}

/// The text behind the name of a scheme; all of it, where there is none.
fn without_scheme(value: &[u8]) -> &[u8] {
    let space = value.iter().position(|byte| *byte == b' ');
    let rest = space.map_or(value, |space| &value[space + 1..]);
    if rest.is_empty() { value } else { rest }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{tells, tells_credential};
    use crate::contract::API_KEY_HEADER;

    const KEY: &str = "nsk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM";
    const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSJ9.c2lnbmF0dXJlLW9m";

    /// Every way in which a secret is presented.
    fn presented(secret: &str) -> Vec<HeaderMap> {
        let basic = |pair: String| format!("Basic {}", STANDARD.encode(pair));
        let escaped = format!("%{:02X}{}", secret.as_bytes()[0], &secret[1..]);
        let in_the_wrong_place =
            [basic(format!("{secret}:")), basic(format!("{secret}:x-oauth-basic"))];
        let in_the_wrong_place = in_the_wrong_place.map(|value| (AUTHORIZATION, vec![value]));
        [
            (API_KEY_HEADER, vec![secret.to_owned()]),
            (API_KEY_HEADER, vec!["another".to_owned(), secret.to_owned()]),
            (API_KEY_HEADER, vec![format!("{secret}, {secret}")]),
            (AUTHORIZATION, vec![format!("Bearer {secret}")]),
            (AUTHORIZATION, vec![secret.to_owned()]),
            (AUTHORIZATION, vec![format!("Token  {secret}")]),
            (AUTHORIZATION, vec![basic(format!("user:{secret}"))]),
            (AUTHORIZATION, vec![basic(format!("user:{escaped}"))]),
            (AUTHORIZATION, vec!["Bearer x".to_owned(), basic(format!("user:{secret}"))]),
        ]
        .into_iter()
        .chain(in_the_wrong_place.into_iter().filter(|_| secret.len() >= 16))
        .map(|(name, values)| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(name.clone(), HeaderValue::from_str(&value).unwrap());
            }
            headers
        })
        .collect()
    }

    #[test]
    fn a_text_tells_a_secret_that_it_holds_is_or_is_a_good_part_of() {
        for secret in [KEY, JWT, "hunter2-hunter2", "short"] {
            for headers in presented(secret) {
                let half = secret.len() / 2;
                for text in [
                    secret.to_owned(),
                    format!("req-{secret}"),
                    format!("{secret}-42"),
                    format!("a/{secret}/b"),
                    format!("{secret}{secret}"),
                    secret[..secret.len() - 1].to_owned(),
                    secret[half..].to_owned(),
                    format!("x{}x", &secret[1..half + 2]),
                ] {
                    assert!(tells_credential(&headers, text.as_bytes()), "{text} of {headers:?}");
                }
            }
        }
    }

    #[test]
    fn a_text_of_its_own_tells_nothing() {
        for secret in [KEY, JWT] {
            for headers in presented(secret) {
                for text in ["", "req-1", "4bf92f3577b34da6a3ce929d0e0e4736", "nsk_", &secret[..12]]
                {
                    assert!(!tells_credential(&headers, text.as_bytes()), "{text}");
                }
            }
        }
        assert!(!tells_credential(&HeaderMap::new(), b"anything at all"));
        assert!(!tells(b"", b"anything"));
    }
}
