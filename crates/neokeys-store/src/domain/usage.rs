//! The last uses of a tenant's tokens, as processes put them together.
//!
//! Invariants: what was once known of a token is never replaced by something older; a token without a
//! last use was not used since tracking began.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};

use super::{Digest, Minute};

/// The name of a token in records of its use: the first eight bytes of the SHA-256 of its digest, by
/// which neither token nor digest can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub(crate) [u8; 8]);

impl TokenId {
    /// The name of the token with this digest.
    #[must_use]
    pub fn of(token: &Digest) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest(&SHA256, token.as_bytes()).as_ref()[..8]);
        Self(bytes)
    }
}

/// When the tokens of a tenant were used last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    tracking_since: Minute,
    last_uses: BTreeMap<TokenId, Minute>,
}

impl Usage {
    /// No uses since this minute.
    #[must_use]
    pub fn since(tracking_since: Minute) -> Self {
        Self { tracking_since, last_uses: BTreeMap::new() }
    }

    /// The minute from which on every use is known.
    #[must_use]
    pub fn tracking_since(&self) -> Minute {
        self.tracking_since
    }

    /// The minute in which the token with this digest was used last, if it was since tracking began.
    #[must_use]
    pub fn last_used(&self, token: &Digest) -> Option<Minute> {
        self.last_uses.get(&TokenId::of(token)).copied()
    }

    /// The tokens that were used and when each was, in the order of their names.
    pub fn last_uses(&self) -> impl ExactSizeIterator<Item = (TokenId, Minute)> {
        self.last_uses.iter().map(|(token, minute)| (*token, *minute))
    }

    /// Notes that a token was used in a minute.
    pub fn note(&mut self, token: TokenId, minute: Minute) {
        let last = self.last_uses.entry(token).or_insert(minute);
        *last = minute.max(*last);
    }

    /// Adds the uses that somebody else knows of.
    pub fn merge(&mut self, other: &Self) {
        other.last_uses().for_each(|(token, minute)| self.note(token, minute));
    }

    /// Takes what lies in the future, as a clock that was ahead left it, to be of now.
    pub fn end_at(&mut self, now: Minute) {
        self.tracking_since = self.tracking_since.min(now);
        self.last_uses.values_mut().for_each(|minute| *minute = now.min(*minute));
    }

    /// Keeps the uses of these tokens alone.
    pub fn keep(&mut self, tokens: &BTreeSet<TokenId>) {
        self.last_uses.retain(|token, _| tokens.contains(token));
    }

    /// Takes out what is written down elsewhere by now.
    pub(crate) fn take_out(&mut self, written: &Self) {
        self.last_uses.retain(|token, minute| written.last_uses.get(token) != Some(minute));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{TokenId, Usage};
    use crate::domain::{Digest, Minute};

    fn usage(since: u32, uses: &[(u8, u32)]) -> Usage {
        let mut usage = Usage::since(Minute::numbered(since));
        uses.iter().for_each(|(token, minute)| usage.note(id(*token), Minute::numbered(*minute)));
        usage
    }

    fn id(token: u8) -> TokenId {
        TokenId::of(&Digest::of(&[token]))
    }

    #[test]
    fn a_token_is_named_by_the_hash_of_its_digest() {
        // printf password | sha256sum | xxd -r -p | sha256sum
        let name = TokenId::of(&Digest::of(b"password"));
        assert_eq!(name.0, [0x73, 0x64, 0x1c, 0x99, 0xf7, 0x71, 0x9f, 0x57]);
    }

    #[test]
    fn merging_keeps_the_latest_use_of_each_token_in_any_order() {
        let (one, other) = (usage(5, &[(1, 10), (2, 20)]), usage(7, &[(2, 15), (3, 30)]));
        let merged = |mut into: Usage, from: &Usage| {
            into.merge(from);
            into
        };
        let both = merged(one.clone(), &other);
        assert_eq!(both, usage(5, &[(1, 10), (2, 20), (3, 30)]));
        assert_eq!(merged(other.clone(), &one).last_uses, both.last_uses);
        assert_eq!(merged(both.clone(), &other), both);
        assert_eq!(both.last_used(&Digest::of(&[2])), Some(Minute::numbered(20)));
        assert_eq!(both.last_used(&Digest::of(&[4])), None);
    }

    #[test]
    fn nothing_is_in_the_future() {
        let mut ahead = usage(40, &[(1, 10), (2, 50)]);
        ahead.end_at(Minute::numbered(30));
        assert_eq!(ahead, usage(30, &[(1, 10), (2, 30)]));
    }

    #[test]
    fn only_uses_of_tokens_that_are_there_stay() {
        let mut usage_of_three = usage(5, &[(1, 10), (2, 20), (3, 30)]);
        usage_of_three.keep(&BTreeSet::from([id(1), id(3), id(9)]));
        assert_eq!(usage_of_three, usage(5, &[(1, 10), (3, 30)]));
    }

    #[test]
    fn what_was_used_again_since_it_was_written_stays() {
        let mut pending = usage(5, &[(1, 10), (2, 21), (3, 30)]);
        pending.take_out(&usage(5, &[(1, 10), (2, 20)]));
        assert_eq!(pending, usage(5, &[(2, 21), (3, 30)]));
    }
}
