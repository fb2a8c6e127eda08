//! The plaintext of a key: made here, shown once, never kept.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::{Zeroize, Zeroizing};

use super::Digest;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Base62 digits that hold 256 bits.
const RANDOM_DIGITS: usize = 43;
/// Base62 digits that hold a CRC-32.
const CHECKSUM_DIGITS: usize = 6;
/// The longest prefix, in characters.
const LONGEST_PREFIX: usize = 32;

/// A new key's plaintext.
///
/// It is the prefix, 43 base62 digits of 256 random bits, and 6 base62 digits of the CRC-32 of all
/// that comes before, so that `nsk_[0-9A-Za-z]{49}` finds it in a leak and the checksum tells it from a
/// look-alike.
///
/// `Debug` prints nothing of it, and it is wiped from memory when dropped.
pub struct Token(Zeroizing<String>);

/// The prefix of every new token, so that a secret scanner and a person know what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPrefix(String);

/// The text cannot be a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token prefix is 1 to {LONGEST_PREFIX} letters, digits, hyphens and underscores")]
pub struct TokenPrefixError;

impl TokenPrefix {
    /// Takes 1 to 32 of `A-Z a-z 0-9 - _`.
    ///
    /// # Errors
    /// [`TokenPrefixError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TokenPrefixError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > LONGEST_PREFIX || !text.bytes().all(allowed) {
            return Err(TokenPrefixError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Nothing random can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system provides no random bytes")]
pub struct NoRandomBytes;

impl Default for TokenPrefix {
    fn default() -> Self {
        Self("nsk_".to_owned())
    }
}

impl Token {
    /// Draws 256 bits from the operating system.
    ///
    /// # Errors
    /// [`NoRandomBytes`].
    pub fn generate(prefix: &TokenPrefix) -> Result<Self, NoRandomBytes> {
        let mut random = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(random.as_mut()).or(Err(NoRandomBytes))?;
        Ok(Self::from_random(prefix, &random))
    }

    fn from_random(prefix: &TokenPrefix, random: &[u8; 32]) -> Self {
        let length = prefix.0.len() + RANDOM_DIGITS + CHECKSUM_DIGITS;
        // The capacity is exact: growing would leave a copy of the secret behind.
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(&prefix.0);
        push_base62::<RANDOM_DIGITS>(&mut text, random);
        let checksum = crc32fast::hash(text.as_bytes());
        push_base62::<CHECKSUM_DIGITS>(&mut text, &checksum.to_be_bytes());
        Self(text)
    }

    /// The digest, which is stored in its place.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The plaintext, for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// Appends a big-endian number as `DIGITS` base62 digits, the highest first.
fn push_base62<const DIGITS: usize>(text: &mut String, number: &[u8]) {
    let mut digits = Zeroizing::new([0_u8; DIGITS]);
    for byte in number {
        let mut carry = u32::from(*byte);
        for digit in digits.iter_mut().rev() {
            carry += u32::from(*digit) << 8;
            // A remainder of 62 fits.
            *digit = (carry % 62) as u8;
            carry /= 62;
        }
    }
    text.extend(digits.iter().map(|digit| char::from(BASE62[usize::from(*digit)])));
    digits.zeroize();
}

#[cfg(test)]
mod tests {
    use super::{Token, TokenPrefix, push_base62};

    fn number(digits: &str) -> u128 {
        let value =
            |byte: u8| super::BASE62.iter().position(|digit| *digit == byte).unwrap() as u128;
        digits.bytes().fold(0, |sum, byte| sum * 62 + value(byte))
    }

    #[test]
    fn a_token_has_the_documented_shape() {
        let prefix = TokenPrefix::default();
        let token = Token::generate(&prefix).unwrap();
        let text = token.expose();
        assert_eq!(text.len(), 4 + 49);
        assert!(text.starts_with("nsk_"));
        assert!(text[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let (body, checksum) = text.split_at(4 + 43);
        assert_eq!(number(checksum), u128::from(crc32fast::hash(body.as_bytes())));
    }

    #[test]
    fn no_two_tokens_are_equal() {
        let prefix = TokenPrefix::default();
        let tokens: std::collections::HashSet<_> =
            (0..1000).map(|_| Token::generate(&prefix).unwrap().expose().to_owned()).collect();
        assert_eq!(tokens.len(), 1000);
    }

    #[test]
    fn the_digits_hold_every_bit() {
        let prefix = TokenPrefix::parse("x").unwrap();
        let zero = Token::from_random(&prefix, &[0; 32]);
        assert_eq!(&zero.expose()[..44], &format!("x{}", "0".repeat(43)));
        let mut least = [0; 32];
        least[31] = 61;
        assert!(Token::from_random(&prefix, &least).expose()[..44].ends_with("0z"));
        let mut text = String::new();
        push_base62::<6>(&mut text, &u32::MAX.to_be_bytes());
        assert_eq!(number(&text), u128::from(u32::MAX));
        // The highest number of 256 bits needs all 43 digits and no more.
        assert_ne!(&Token::from_random(&prefix, &[0xff; 32]).expose()[1..2], "0");
    }

    #[test]
    fn a_prefix_is_short_and_plain() {
        for text in ["", "a b", "caf\u{e9}", "a.b", &"p".repeat(33)] {
            assert!(TokenPrefix::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_tells_nothing() {
        let token = Token::generate(&TokenPrefix::default()).unwrap();
        assert_eq!(format!("{token:?}"), "Token(..)");
    }
}
