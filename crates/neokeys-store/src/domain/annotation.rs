//! Texts about a key, for people: they never decide what a key may do.

use std::collections::BTreeMap;
use std::fmt;

use smol_str::SmolStr;

/// A text of 1 to `MOST` characters, without control characters other than tab and line feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Annotation<const MOST: usize>(SmolStr);

/// The purpose of a key.
pub type Description = Annotation<1024>;
/// The person or team that answers for a key.
pub type Owner = Annotation<256>;
/// The program that a key is managed by.
pub type ManagedBy = Annotation<128>;

/// Why a text is no annotation. The texts are for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum AnnotationError {
    #[error("must have at least one character")]
    Empty,
    #[error("must have at most {most} characters")]
    TooLong { most: usize },
    #[error("must have no control characters except tabs and line feeds")]
    Character,
}

/// Up to 16 pairs of a name and a value, ordered by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(BTreeMap<Label, Label>);

/// A label's name or value: 1 to 63 of `A-Z a-z 0-9 _ . / -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(SmolStr);

/// Why a text is no part of a label. The texts are for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LONGEST_LABEL} of A-Z a-z 0-9 _ . / -")]
pub struct LabelError;

/// There are more labels than a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {} labels are allowed", Labels::MOST)]
pub struct TooManyLabels;

/// The longest part of a label, in characters.
const LONGEST_LABEL: usize = 63;

impl<const MOST: usize> Annotation<MOST> {
    /// Takes a text of 1 to `MOST` characters.
    ///
    /// # Errors
    /// [`AnnotationError`] names the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, AnnotationError> {
        if text.is_empty() {
            return Err(AnnotationError::Empty);
        }
        if text.chars().nth(MOST).is_some() {
            return Err(AnnotationError::TooLong { most: MOST });
        }
        if text.chars().any(|it| it.is_control() && !matches!(it, '\t' | '\n')) {
            return Err(AnnotationError::Character);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Label {
    /// Takes 1 to 63 of `A-Z a-z 0-9 _ . / -`.
    ///
    /// # Errors
    /// [`LabelError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let allowed =
            |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'/' | b'-');
        if text.is_empty() || text.len() > LONGEST_LABEL || !text.bytes().all(allowed) {
            return Err(LabelError);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Labels {
    /// The most labels that one key may have.
    pub const MOST: usize = 16;

    pub(super) const NONE: Self = Self(BTreeMap::new());

    /// Takes up to 16 pairs; of two with one name, the later counts.
    ///
    /// # Errors
    /// [`TooManyLabels`].
    pub fn new(pairs: impl IntoIterator<Item = (Label, Label)>) -> Result<Self, TooManyLabels> {
        let labels = Self(pairs.into_iter().collect());
        if labels.0.len() <= Self::MOST { Ok(labels) } else { Err(TooManyLabels) }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &Label) -> Option<&Label> {
        self.0.get(name)
    }

    /// The pairs, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Label, &Label)> {
        self.0.iter()
    }

    /// These labels with some set and some taken away, as RFC 7396 merges objects.
    pub(super) fn merged(
        &self,
        changes: &BTreeMap<Label, Option<Label>>,
    ) -> Result<Self, TooManyLabels> {
        let mut merged = self.0.clone();
        for (name, value) in changes {
            match value {
                Some(value) => merged.insert(name.clone(), value.clone()),
                None => merged.remove(name),
            };
        }
        Self::new(merged)
    }
}

#[cfg(test)]
mod tests {
    use super::{Annotation, AnnotationError, Label, Labels, TooManyLabels};

    #[test]
    fn an_annotation_counts_characters_and_takes_lines() {
        let parse = Annotation::<4>::parse;
        assert_eq!(parse("a\n\u{e9}\u{1f511}").unwrap().as_str(), "a\n\u{e9}\u{1f511}");
        assert_eq!(parse(""), Err(AnnotationError::Empty));
        assert_eq!(parse("abcde"), Err(AnnotationError::TooLong { most: 4 }));
        for text in ["\0", "a\r\n", "\u{1b}[m", "\u{85}", "\u{7f}"] {
            assert_eq!(parse(text), Err(AnnotationError::Character), "{text:?}");
        }
    }

    #[test]
    fn a_label_is_short_and_plain() {
        for text in ["env", "example.com/team", "A_1-b", &"x".repeat(63)] {
            assert_eq!(Label::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a b", "a:b", "\u{e9}", &"x".repeat(64)] {
            assert!(Label::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn labels_are_set_and_taken_away_one_by_one() {
        let label = |text: &str| Label::parse(text).unwrap();
        let pairs = |count: usize| (0..count).map(move |it| (label(&it.to_string()), label("x")));
        assert_eq!(Labels::new(pairs(17)), Err(TooManyLabels));
        let full = Labels::new(pairs(16)).unwrap();
        let more = [(label("more"), Some(label("y")))].into();
        assert_eq!(full.merged(&more), Err(TooManyLabels));
        let swapped = [(label("more"), Some(label("y"))), (label("3"), None)].into();
        let swapped = full.merged(&swapped).unwrap();
        assert_eq!(swapped.iter().count(), 16);
        assert_eq!(swapped.get(&label("more")), Some(&label("y")));
        assert_eq!(swapped.get(&label("3")), None);
    }
}
