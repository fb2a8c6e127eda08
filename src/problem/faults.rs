//! What is wrong with a request body, by member.

use std::collections::BTreeMap;

/// Sentences by member, in the order in which they were found. Never empty in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<(String, Vec<String>)>);

impl Faults {
    /// The key of faults that are the whole body's.
    pub const BODY: &str = "$";

    /// Adds a sentence to a member.
    pub fn add(&mut self, member: &str, sentence: impl Into<String>) {
        match self.0.iter_mut().find(|(name, _)| name == member) {
            Some((_, sentences)) => sentences.push(sentence.into()),
            None => self.0.push((member.to_owned(), vec![sentence.into()])),
        }
    }

    /// Whether a member has a fault.
    #[must_use]
    pub fn concern(&self, member: &str) -> bool {
        self.0.iter().any(|(name, _)| name == member)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentences by member, as the contract's `errors` has them.
    #[must_use]
    pub fn by_member(&self) -> BTreeMap<&str, Vec<&str>> {
        self.0
            .iter()
            .map(|(name, texts)| (name.as_str(), texts.iter().map(String::as_str).collect()))
            .collect()
    }
}
