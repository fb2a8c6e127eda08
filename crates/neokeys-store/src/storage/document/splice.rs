//! Changes of a text: what goes and what comes in its place.

use std::ops::Range;

/// One replaced piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    /// What goes; empty where something only comes.
    pub(super) range: Range<usize>,
    /// What comes.
    pub(super) text: String,
}

impl Splice {
    /// Replaces a piece.
    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    /// Puts something between two characters.
    pub(super) fn insert(place: usize, text: impl Into<String>) -> Self {
        Self::replace(place..place, text)
    }
}

/// The text after all the splices, which do not overlap. Those at one place come in their order.
pub(super) fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut from = 0;
    for Splice { range, text: new } in splices {
        result.push_str(&text[from..range.start]);
        result.push_str(&new);
        from = range.end;
    }
    result.push_str(&text[from..]);
    result
}

/// Which items of an old list stay for a new one, in order: the longest common subsequence, as pairs
/// of positions.
pub(super) fn kept<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
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

/// The line ending that a text uses.
pub(super) fn line_ending(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// Puts whole lines at a place that is the start of a line, or the end of a text that lacks its
/// last line ending and goes on lacking it. Gives the text and where in it the lines start.
pub(super) fn lines_at(text: &str, place: usize, lines: &str, ending: &str) -> (String, usize) {
    if place == 0 || matches!(text.as_bytes()[place - 1], b'\n' | b'\r') {
        return (lines.to_owned(), 0);
    }
    let lines = lines.strip_suffix(ending).unwrap_or(lines);
    (format!("{ending}{lines}"), ending.len())
}

#[cfg(test)]
mod tests {
    use super::{Splice, kept, line_ending, lines_at, spliced};

    #[test]
    fn pieces_are_replaced_and_the_rest_stays() {
        let splices =
            vec![Splice::insert(3, "X"), Splice::replace(0..1, ""), Splice::insert(3, "Y")];
        assert_eq!(spliced("abcdef", splices), "bcXYdef");
    }

    #[test]
    fn what_is_common_stays_in_order() {
        assert_eq!(kept(&["a", "b", "c"], &["b", "x", "c", "a"]), [(1, 0), (2, 2)]);
        assert!(kept(&["a"], &[]).is_empty());
    }

    #[test]
    fn a_missing_last_line_ending_stays_missing() {
        assert_eq!(lines_at("a\n", 2, "b\n", "\n"), ("b\n".into(), 0));
        assert_eq!(lines_at("a\r\nx", 4, "b\r\n", "\r\n"), ("\r\nb".into(), 2));
        assert_eq!((line_ending("a\r\nb\n"), line_ending("a")), ("\r\n", "\n"));
        assert_eq!(line_ending("a\rb"), "\r");
    }
}
