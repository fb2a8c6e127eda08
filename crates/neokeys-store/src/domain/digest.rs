//! The digest of a token, which is stored in its place.

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

/// The SHA-256 of a token: what `security.yml` keeps in its place.
///
/// It is looked up in a hash map by its value. The time which that takes can tell a caller nothing:
/// to steer it, one would have to choose a token by its digest.
///
/// `Debug` prints nothing of it: a digest stays out of logs as the token does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

/// The text is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a hash is the SHA-256 of the token, as 64 hexadecimal digits, or as Base64 with its padding (44 characters) or Base64url without (43)"
)]
pub struct DigestError;

impl Digest {
    /// The digest of a token as the caller sent it, whatever its shape.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        super::work_trace::record(super::work_trace::Work::Digest);
        // By the library that has it in vector instructions for processors without an extension for it.
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token).as_ref());
        Self(bytes)
    }

    /// Takes 64 hexadecimal digits of either case, 44 characters of padded Base64, or 43 of Base64url
    /// without padding (RFC 4648 §5).
    ///
    /// # Errors
    /// [`DigestError`] when the text is none of them.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        match text.len() {
            64 => {
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
                }
            }
            44 | 43 => {
                let engine = if text.len() == 44 { &STANDARD } else { &URL_SAFE_NO_PAD };
                let length = engine.decode_slice(text, &mut bytes).or(Err(DigestError))?;
                if length != bytes.len() {
                    return Err(DigestError);
                }
            }
            _ => return Err(DigestError),
        }
        Ok(Self(bytes))
    }

    /// The digest itself.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The 64 lower-case hexadecimal digits that the file holds.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn hex_digit(byte: u8) -> Result<u8, DigestError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(DigestError),
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Digest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, DigestError};

    const PASSWORD: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

    #[test]
    fn a_digest_is_written_in_lower_case_and_read_in_four_forms() {
        let digest = Digest::of(b"password");
        assert_eq!(digest.to_hex(), PASSWORD);
        assert_eq!(Digest::parse(PASSWORD), Ok(digest));
        assert_eq!(Digest::parse(&PASSWORD.to_uppercase()), Ok(digest));
        assert_eq!(Digest::parse("XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg="), Ok(digest));
        assert_eq!(Digest::parse("XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg"), Ok(digest));
        let url_safe = Digest::parse("-_8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert!(url_safe.to_hex().starts_with("fbff00"));
    }

    #[test]
    fn what_is_no_sha_256_is_refused() {
        for text in [
            "",
            &PASSWORD[1..],
            &format!("{PASSWORD}0"),
            &PASSWORD.replace('5', "g"),
            &"\u{e9}".repeat(32),
            "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQth",
            "+/8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "-_8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQth=",
            "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQ===",
            "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtgA",
        ] {
            assert_eq!(Digest::parse(text), Err(DigestError), "{text:?}");
        }
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", Digest::of(b"password")), "Digest(..)");
    }
}
