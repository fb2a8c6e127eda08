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
    /// The third part as it came: whoever checks the signature decodes it.
    pub signature: &'t str,
}

impl<'t> Compact<'t> {
    /// Takes a token apart: exactly three parts, none empty, the first two in the one way that Base64url
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
        if signature.is_empty() {
            return Err(EMPTY);
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
pub(super) fn decode_base64url(part: &str) -> Result<Vec<u8>, BearerError> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) => Err(EMPTY),
        Err(_) => Err(NOT_BASE64URL),
    }
}

const EMPTY: BearerError = BearerError::Malformed("an empty part");
/// How a part that is not Base64url is refused.
pub(super) const NOT_BASE64URL: BearerError =
    BearerError::Malformed("a part that is not Base64url");

#[cfg(test)]
mod tests {
    use super::{BearerError, Compact};

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
            "e30.e31.AQID",
            "e30.e30=.AQID",
            "e30.+_AA.AQID",
            "e30.//AA.AQID",
            "e30.\u{410}QID.AQID",
            " e30.e30.AQID",
        ] {
            assert!(
                matches!(Compact::parse(token), Err(BearerError::Malformed(_))),
                "{token:?} was taken"
            );
        }
    }

    #[test]
    fn sixteen_kibibytes_are_the_most() {
        let at_most = format!("e30.e30.{}", "A".repeat(16 * 1024 - 8));
        assert!(Compact::parse(&at_most).is_ok());
        assert_eq!(Compact::parse(&format!("{at_most}A")).err(), Some(BearerError::TooLong));
    }
}
