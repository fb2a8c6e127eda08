//! An index of keys: their positions by a part of them.
//!
//! The part itself is not kept: it is looked up in the key that it is a part of. So an index has four
//! bytes a key, and is copied without a look at any key. Hashing is seeded at random, by index and process:
//! who may name keys cannot choose names that meet.

use std::fmt;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::ApiKey;

/// The positions of a list of keys by a part of the keys: at most one position a part.
///
/// Invariant: every position is one of the list that the methods are given.
pub(super) struct KeyIndex<P: ?Sized> {
    table: HashTable<u32>,
    part: fn(&ApiKey) -> &P,
    random: RandomState,
}

impl<P: Hash + Eq + ?Sized> KeyIndex<P> {
    /// No positions yet, by this part of the keys.
    pub(super) fn by(part: fn(&ApiKey) -> &P) -> Self {
        Self { table: HashTable::new(), part, random: RandomState::default() }
    }

    /// Makes room for so many keys together.
    pub(super) fn reserve(&mut self, keys: &[Arc<ApiKey>]) {
        let (part, random) = (self.part, &self.random);
        let more = keys.len().saturating_sub(self.table.len());
        self.table.reserve(more, |place| random.hash_one(part(&keys[*place as usize])));
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The position that a part has.
    pub(super) fn find(&self, keys: &[Arc<ApiKey>], part: &P) -> Option<usize> {
        let found = self.table.find(self.random.hash_one(part), self.has(keys, part));
        found.map(|place| *place as usize)
    }

    /// Whether the key at a position has a part.
    fn has<'k>(&self, keys: &'k [Arc<ApiKey>], part: &'k P) -> impl Fn(&u32) -> bool + use<'k, P> {
        let of = self.part;
        move |place| of(&keys[*place as usize]) == part
    }

    /// Gives the part of the key at a position that position, and no other.
    #[expect(clippy::expect_used, reason = "a document has less than 4 GiB, so fewer keys")]
    pub(super) fn set(&mut self, keys: &[Arc<ApiKey>], position: usize) {
        let (of, random) = (self.part, &self.random);
        let part = of(&keys[position]);
        let narrow = u32::try_from(position).expect("there are fewer keys than 4 GiB");
        let same = self.has(keys, part);
        let hash = |place: &u32| random.hash_one(of(&keys[*place as usize]));
        *self.table.entry(random.hash_one(part), same, hash).or_insert(narrow).get_mut() = narrow;
    }

    /// Forgets a part.
    pub(super) fn remove(&mut self, keys: &[Arc<ApiKey>], part: &P) {
        let same = self.has(keys, part);
        if let Ok(entry) = self.table.find_entry(self.random.hash_one(part), same) {
            entry.remove();
        }
    }

    /// The key at a position, which no part has any more, is taken out of the list: those after it
    /// move up.
    pub(super) fn close_gap(&mut self, position: usize) {
        for place in &mut self.table {
            *place -= u32::from(*place as usize > position);
        }
    }
}

impl<P: ?Sized> Clone for KeyIndex<P> {
    fn clone(&self) -> Self {
        Self { table: self.table.clone(), part: self.part, random: self.random.clone() }
    }
}

impl<P: ?Sized> fmt::Debug for KeyIndex<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(&self.table).finish()
    }
}
