//! An index of keys by the digests of their older tokens. Few keys have any, so it holds the digests
//! themselves.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ApiKey, Digest, FoundToken, Generation};

/// The keys that have older tokens, by these.
#[derive(Debug, Clone, Default)]
pub(super) struct PreviousIndex {
    /// Of several keys with one digest, the first enabled one, or else the first one.
    holders: HashMap<Digest, Arc<ApiKey>>,
    /// How many older tokens all keys have.
    tokens: usize,
}

impl PreviousIndex {
    /// The older token of a digest.
    pub(super) fn find(&self, digest: &Digest) -> Option<FoundToken<'_>> {
        let key = self.holders.get(digest)?;
        let previous = &key.details().previous;
        let position = previous.iter().position(|token| token.digest == *digest)?;
        Some(FoundToken { key, generation: Generation::Previous { position } })
    }

    /// Adds a key that stands behind all those that were added.
    pub(super) fn add(&mut self, key: &Arc<ApiKey>) {
        for token in &key.details().previous {
            self.tokens += 1;
            let holder = self.holders.entry(token.digest).or_insert_with(|| Arc::clone(key));
            if key.enabled && !holder.enabled {
                *holder = Arc::clone(key);
            }
        }
    }

    /// Puts one key in another's place among `keys`, which have it there.
    pub(super) fn replace(
        &mut self,
        old: Option<&ApiKey>,
        new: Option<&Arc<ApiKey>>,
        keys: &[Arc<ApiKey>],
    ) {
        let tokens = |key: &ApiKey| key.details().previous.len();
        if old.map_or(0, tokens) + new.map_or(0, |new| tokens(new)) == 0 {
            return;
        }
        // Several keys have one token, as only a document that people wrote may have it.
        if self.holders.len() != self.tokens {
            *self = Self::of(keys);
            return;
        }
        for token in old.into_iter().flat_map(|old| &old.details().previous) {
            self.holders.remove(&token.digest);
            self.tokens -= 1;
        }
        if let Some(new) = new {
            self.add(new);
        }
        if self.holders.len() != self.tokens {
            *self = Self::of(keys);
        }
    }

    /// The index of these keys.
    pub(super) fn of(keys: &[Arc<ApiKey>]) -> Self {
        let mut index = Self::default();
        keys.iter().for_each(|key| index.add(key));
        index
    }
}
