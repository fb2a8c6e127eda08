//! The shape of a token: a JWS in compact serialization (RFC 7515 §7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memchr_iter;

use super::BearerError;

/// The longest token, in bytes.
const LONGEST: usize = 16 * 1024;

/// The three parts of a token, the first two decoded.
pub(super) struct Compact<'t> {
    /// The header's JSON.
    pub header: Vec<u8>,
    /// The claims' JSON.
    pub payload: Vec<u8>,
    /// The signed text: the first two parts as they came.
    pub signing_input: &'t str,
    /// The third part as it came; it is Base64url.
    pub signature: &'t str,
}

impl<'t> Compact<'t> {
    /// Takes a token apart: exactly three parts, none empty, each in the one way that Base64url
    /// without padding writes it (RFC 7515 §2), at most 16 KiB.
    pub(super) fn parse(token: &'t str) -> Result<Self, BearerError> {
        if token.len() > LONGEST {
            return Err(BearerError::TooLong);
        }
        let mut dots = memchr_iter(b'.', token.as_bytes());
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(BearerError::Malformed("not three parts"));
        };
        let (header, payload) = (&token[..first], &token[first + 1..second]);
        let signature = &token[second + 1..];
        if !is_base64url(signature) {
            return Err(NOT_BASE64URL);
        }
        Ok(Self {
            header: decode_base64url(header)?,
            payload: decode_base64url(payload)?,
            signing_input: &token[..second],
            signature,
        })
    }
}

/// Decodes Base64url that is not empty, has no padding and no stray bits at its end.
fn decode_base64url(part: &str) -> Result<Vec<u8>, BearerError> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) => Err(BearerError::Malformed("an empty part")),
        Err(_) => Err(NOT_BASE64URL),
    }
}

const NOT_BASE64URL: BearerError = BearerError::Malformed("a part that is not Base64url");

/// Whether a part is some bytes in Base64url: whoever checks the signature decodes it.
fn is_base64url(part: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
    // Without a branch for each byte, so that the compiler takes many at a time.
    let are_allowed = part.bytes().fold(true, |all, byte| all & is_allowed(byte));
    // The bits of the last character that no byte has are zero.
    are_allowed && !part.is_empty() && {
        let last = &part[(part.len() - 1) / 4 * 4..];
        URL_SAFE_NO_PAD.decode_slice(last, &mut [0; 3]).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{BearerError, Compact, decode_base64url, is_base64url};

    #[test]
    fn three_parts_of_base64url_are_taken() {
        let compact = Compact::parse("e30.eyJhIjoxfQ.AQID").unwrap();
        assert_eq!(compact.header, b"{}");
        assert_eq!(compact.payload, b"{\"a\":1}");
        assert_eq!(compact.signing_input, "e30.eyJhIjoxfQ");
        assert_eq!(compact.signature, "AQID");
    }

    #[test]
    fn anything_else_is_malformed() {
        for token in [
            "",
            ".",
            "..",
            "e30",
            "e30.e30",
            "e30.e30.",
            "e30..AQID",
            ".e30.AQID",
            "e30.e30.AQID.",
            "e30.e30.AQID.AQID",
            "e30.e30.AQID.AQID.AQID",
            "e30=.e30.AQID",
            "e31.e30.AQID",
            "e3.e30.AQID",
            "e30.e30.AQJ",
            "e30.e30.AQ==",
            "e30.e30.+_AA",
            "e30.e30.//AA",
            "e30.e30.AQID\n",
            " e30.e30.AQID",
            "e30.e30.AQ ID",
            "e30.e30.\u{410}QID",
        ] {
            assert!(
                matches!(Compact::parse(token), Err(BearerError::Malformed(_))),
                "{token:?} was taken"
            );
        }
    }

    #[test]
    fn a_signature_that_can_be_decoded_is_taken_and_no_other() {
        let alphabet = b"AQBgw_-+/= ";
        for length in 0..=5 {
            for number in 0..alphabet.len().pow(length) {
                let letter = |place| alphabet[number / alphabet.len().pow(place) % alphabet.len()];
                let part: String = (0..length).map(|place| char::from(letter(place))).collect();
                assert_eq!(is_base64url(&part), decode_base64url(&part).is_ok(), "{part:?}");
            }
        }
        assert!(!is_base64url("\u{410}QID"));
    }

    #[test]
    fn sixteen_kibibytes_are_the_most() {
        let at_most = format!("e30.e30.{}", "A".repeat(16 * 1024 - 8));
        assert!(Compact::parse(&at_most).is_ok());
        assert_eq!(Compact::parse(&format!("{at_most}A")).err(), Some(BearerError::TooLong));
    }
}
