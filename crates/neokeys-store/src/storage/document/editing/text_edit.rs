//! Text edits: pieces of a text, each with its replacement.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// One replaced piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextEdit {
    /// The piece that goes; empty where something only comes.
    pub(crate) range: Range<usize>,
    /// Its replacement.
    pub(crate) text: String,
}

impl TextEdit {
    /// Replaces a piece.
    pub(crate) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    /// Takes a piece out.
    pub(crate) fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }

    /// The same change of a text that starts earlier.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self { range: self.range.start + by..self.range.end + by, text: self.text }
    }

    /// Puts something between two characters.
    pub(crate) fn insert(place: usize, text: impl Into<String>) -> Self {
        Self::replace(place..place, text)
    }
}

/// The text after all the edits, which do not overlap. Those at one place come in their order.
pub(crate) fn edited_text(text: &str, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut from = 0;
    for TextEdit { range, text: new } in edits {
        result.push_str(&text[from..range.start]);
        result.push_str(&new);
        from = range.end;
    }
    result.push_str(&text[from..]);
    result
}

/// The items of an old list that stay for a new one, in order, as pairs of positions.
pub(crate) fn kept(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let same =
        capture_diff_slices(Algorithm::Myers, old, new).into_iter().filter_map(|op| match op {
            DiffOp::Equal { old_index, new_index, len } => Some((old_index, new_index, len)),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => None,
        });
    same.flat_map(|(old, new, count)| (0..count).map(move |at| (old + at, new + at))).collect()
}

#[cfg(test)]
mod tests {
    use super::{TextEdit, edited_text, kept};

    #[test]
    fn pieces_are_replaced_and_the_rest_stays() {
        let edits =
            vec![TextEdit::insert(3, "X"), TextEdit::replace(0..1, ""), TextEdit::insert(3, "Y")];
        assert_eq!(edited_text("abcdef", edits), "bcXYdef");
    }

    #[test]
    fn what_is_common_stays_in_order() {
        assert_eq!(kept(&["a", "b", "c"], &["b", "x", "c", "a"]), [(1, 0), (2, 2)]);
        assert!(kept(&["a"], &[]).is_empty());
    }
}
