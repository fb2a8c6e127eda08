//! An API key as a client's secret (RFC 6749 §2.3.1), for programs that can say who they are in no
//! other way.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr2;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// The user name and the password of `Authorization: Basic` (RFC 7617 §2). The user name is the key's
/// by custom, and not judged: a token names its key.
pub(super) struct BasicCredentials {
    decoded: Zeroizing<Vec<u8>>,
    colon: usize,
}

impl BasicCredentials {
    /// The credentials of the one `Authorization` header, if that is `Basic`.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(AUTHORIZATION);
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        Self::parse(value)
    }

    /// The credentials in one value of that header.
    pub(super) fn parse(value: &HeaderValue) -> Option<Self> {
        let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = Zeroizing::new(STANDARD.decode(credentials.trim_matches(' ')).ok()?);
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        Some(Self { decoded, colon })
    }

    /// The user name as it came.
    pub(super) fn user(&self) -> &[u8] {
        &self.decoded[..self.colon]
    }

    /// The password as it came: what most programs send.
    pub(super) fn password(&self) -> &[u8] {
        &self.decoded[self.colon + 1..]
    }

    /// The password after the one decoding that RFC 6749 §2.3.1 asks for; none where there is nothing
    /// to decode. It is one text: `&` and `=` part nothing in it.
    pub(super) fn form_password(&self) -> Option<Zeroizing<Vec<u8>>> {
        form_decoded(self.password())
    }
}

/// A text after the decoding of `application/x-www-form-urlencoded`, if it has anything to decode.
pub(super) fn form_decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    memchr2(b'%', b'+', text)?;
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Some(Zeroizing::new(percent_decode(&spaced).collect()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::BasicCredentials;

    fn parts(value: &str) -> Option<[String; 3]> {
        let parsed = BasicCredentials::parse(&HeaderValue::from_str(value).unwrap())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let decoded = parsed.form_password().map(|it| text(&it)).unwrap_or_default();
        Some([text(parsed.user()), text(parsed.password()), decoded])
    }

    #[test]
    fn a_password_is_what_stands_behind_the_first_colon_to_the_byte() {
        for (credentials, expected) in [
            ("gateway:nsk_abc", ["gateway", "nsk_abc", ""]),
            (":nsk_abc", ["", "nsk_abc", ""]),
            ("a:b:c", ["a", "b:c", ""]),
            ("a:k&anything", ["a", "k&anything", ""]),
            ("a:k=v&secret=w", ["a", "k=v&secret=w", ""]),
            ("a:p+q", ["a", "p+q", "p q"]),
            ("a:100%", ["a", "100%", "100%"]),
            ("a:p%2Bq%26r", ["a", "p%2Bq%26r", "p+q&r"]),
            ("a:k%00", ["a", "k%00", "k\0"]),
        ] {
            let value = format!("bAsIc  {}", STANDARD.encode(credentials));
            assert_eq!(parts(&value).unwrap(), expected, "{credentials}");
        }
    }

    #[test]
    fn what_is_no_basic_is_none() {
        for value in ["Basic", "Basic ", "Basic !", "Basic Zm9v", "Bearer YTpi", "Basic YTpi x"] {
            assert!(parts(value).is_none(), "{value}");
        }
    }
}
