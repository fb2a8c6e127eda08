//! Changes of a text: what goes and what comes in its place.

use std::ops::Range;

/// One replaced piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextEdit {
    /// What goes; empty where something only comes.
    pub(crate) range: Range<usize>,
    /// What comes.
    pub(crate) text: String,
}

impl TextEdit {
    /// Replaces a piece.
    pub(crate) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    /// Puts something between two characters.
    pub(crate) fn insert(place: usize, text: impl Into<String>) -> Self {
        Self::replace(place..place, text)
    }
}

/// The text after all the splices, which do not overlap. Those at one place come in their order.
pub(crate) fn edited_text(text: &str, mut splices: Vec<TextEdit>) -> String {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut from = 0;
    for TextEdit { range, text: new } in splices {
        result.push_str(&text[from..range.start]);
        result.push_str(&new);
        from = range.end;
    }
    result.push_str(&text[from..]);
    result
}

/// Which items of an old list stay for a new one, in order: the longest common subsequence, as pairs
/// of positions.
pub(crate) fn kept<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u16; (old.len() + 1) * width];
    for row in (0..old.len()).rev() {
        for column in (0..new.len()).rev() {
            longest[row * width + column] = if old[row] == new[column] {
                longest[(row + 1) * width + column + 1] + 1
            } else {
                longest[(row + 1) * width + column].max(longest[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while row < old.len() && column < new.len() {
        if old[row] == new[column] {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if longest[(row + 1) * width + column] >= longest[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{TextEdit, edited_text, kept};

    #[test]
    fn pieces_are_replaced_and_the_rest_stays() {
        let splices =
            vec![TextEdit::insert(3, "X"), TextEdit::replace(0..1, ""), TextEdit::insert(3, "Y")];
        assert_eq!(edited_text("abcdef", splices), "bcXYdef");
    }

    #[test]
    fn what_is_common_stays_in_order() {
        assert_eq!(kept(&["a", "b", "c"], &["b", "x", "c", "a"]), [(1, 0), (2, 2)]);
        assert!(kept(&["a"], &[]).is_empty());
    }
}
