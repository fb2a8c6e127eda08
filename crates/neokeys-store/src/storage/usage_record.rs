//! The record of a tenant's usage as stores keep it: a few lines of text.
//!
//! ```text
//! neokeys usage 1
//! tracking since 29403840
//! 5e7d3b19a86c0f42 29403901
//! crc32 8f1c62d0
//! ```
//!
//! Times are whole minutes since the Unix epoch, UTC. A line a token, in the order of their names. The
//! checksum (CRC-32) is of everything before its line.

use std::fmt::Write as _;

use crate::domain::{Minute, TokenId, Usage};

const FORMAT: &str = "neokeys usage ";
const VERSION: &str = "1";
const SINCE: &str = "tracking since ";
const CHECKSUM: &str = "crc32 ";

/// Why a record of usage cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UsageRecordError {
    /// A later neokeys wrote it, which knows what it says.
    #[error("a later version of neokeys wrote the record")]
    LaterVersion,
    #[error("the record is damaged")]
    Damaged,
}

/// Writes a record.
pub(super) fn write(usage: &Usage) -> String {
    let uses = usage.last_uses();
    let mut text = String::with_capacity(64 + 27 * uses.len());
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{FORMAT}{VERSION}\n{SINCE}{}", usage.tracking_since().number());
    for (token, minute) in uses {
        let _ = writeln!(text, "{:016x} {}", u64::from_be_bytes(token.0), minute.number());
    }
    let checksum = crc32fast::hash(text.as_bytes());
    let _ = writeln!(text, "{CHECKSUM}{checksum:08x}");
    text
}

/// Reads a record that [`write()`] wrote; any other text is none.
pub(super) fn read(bytes: &[u8]) -> Result<Usage, UsageRecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_no_text| UsageRecordError::Damaged)?;
    let body = checked(text).ok_or(UsageRecordError::Damaged)?;
    let mut lines = body.lines();
    let version = lines.next().and_then(|line| line.strip_prefix(FORMAT));
    match version.ok_or(UsageRecordError::Damaged)? {
        VERSION => parse(lines).ok_or(UsageRecordError::Damaged),
        _ => Err(UsageRecordError::LaterVersion),
    }
}

/// A text without its checksum, if that is right.
fn checked(text: &str) -> Option<&str> {
    let start = text.len().checked_sub(CHECKSUM.len() + 9)?;
    let (body, last) = text.split_at_checked(start)?;
    let checksum = last.strip_prefix(CHECKSUM)?.strip_suffix('\n')?;
    (checksum == format!("{:08x}", crc32fast::hash(body.as_bytes()))).then_some(body)
}

fn parse<'t>(mut lines: impl Iterator<Item = &'t str>) -> Option<Usage> {
    let minute = |text: &str| text.parse().ok().map(Minute::numbered);
    let mut usage = Usage::since(minute(lines.next()?.strip_prefix(SINCE)?)?);
    for line in lines {
        let (token, last) = line.split_once(' ')?;
        let token = u64::from_str_radix(token, 16).ok().filter(|_| token.len() == 16)?;
        usage.note(TokenId(token.to_be_bytes()), minute(last)?);
    }
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::{UsageRecordError, read, write};
    use crate::domain::{Digest, Minute, TokenId, Usage};

    fn usage() -> Usage {
        let mut usage = Usage::since(Minute::numbered(29_403_840));
        for (token, minute) in [("a", 29_403_901), ("b", 29_403_841), ("c", 0)] {
            usage.note(TokenId::of(&Digest::of(token.as_bytes())), Minute::numbered(minute));
        }
        usage
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(read(write(&usage()).as_bytes()), Ok(usage()));
        let none = Usage::since(Minute::numbered(u32::MAX));
        assert_eq!(read(write(&none).as_bytes()), Ok(none));
    }

    #[test]
    fn a_record_that_lost_a_byte_or_has_another_one_is_none() {
        let text = write(&usage()).into_bytes();
        for end in 0..text.len() {
            assert_eq!(read(&text[..end]), Err(UsageRecordError::Damaged), "{end}");
            for bit in 0..8 {
                let mut other = text.clone();
                other[end] ^= 1 << bit;
                assert_eq!(read(&other), Err(UsageRecordError::Damaged), "{end}.{bit}");
            }
        }
    }

    #[test]
    fn a_record_of_a_later_version_is_told_from_a_damaged_one() {
        let sealed = |body: &str| format!("{body}crc32 {:08x}\n", crc32fast::hash(body.as_bytes()));
        let later = sealed("neokeys usage 2\nwho knows\n");
        assert_eq!(read(later.as_bytes()), Err(UsageRecordError::LaterVersion));
        for body in [
            "",
            "neokeys usage 1\n",
            "neokeys usage 1\ntracking since -1\n",
            "neokeys usage 1\ntracking since 1\nabc 1\n",
            "neokeys usage 1\ntracking since 1\n0123456789abcdef\n",
            "neokeys usage 1\ntracking since 1\n0123456789abcdeg 1\n",
            "neokeys usage 1\ntracking since 1\n0123456789abcdef 4294967296\n",
        ] {
            assert_eq!(read(sealed(body).as_bytes()), Err(UsageRecordError::Damaged), "{body}");
        }
    }
}
