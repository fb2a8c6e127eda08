//! An item of a flow collection, inserted or removed with its comma, in the style of its neighbours.
//!
//! A comment on the line of an item goes with it; every other comment and line stays.

use std::ops::Range;

use super::text_edit::TextEdit;
use crate::storage::document::lines::{
    indentation, is_blank, is_comment, line_end, line_ending, line_start,
};

/// An item of a flow collection with what is around it.
#[derive(Debug, Clone)]
pub(crate) struct FlowItem {
    /// The text between the brackets.
    pub(crate) inner: Range<usize>,
    /// The item before.
    pub(crate) previous: Option<Range<usize>>,
    /// The item itself.
    pub(crate) item: Range<usize>,
    /// The item after.
    pub(crate) next: Option<Range<usize>>,
}

impl FlowItem {
    /// The text between the item and the next one, or the closing bracket.
    fn gap(&self) -> Range<usize> {
        self.item.end..self.next.as_ref().map_or(self.inner.end, |next| next.start)
    }
}

/// Ways to take an item away, the least first.
pub(super) fn removals(text: &str, place: &FlowItem) -> Vec<Vec<TextEdit>> {
    let FlowItem { inner, previous, item, next } = place;
    let gone = TextEdit::remove;
    let after = find_comma(text, place.gap());
    let before = previous.as_ref().and_then(|previous| find_comma(text, previous.end..item.start));
    let comma = |comma: usize| gone(comma..comma + 1);
    let mut ways = match (after, before) {
        (Some(after), _) => {
            let apart = vec![gone(item.clone()), comma(after)];
            // A comment between an item and its comma is nobody's, and stays.
            if text[item.end..after].contains('#') {
                vec![apart]
            } else {
                vec![vec![gone(with_comma(text, item, after, place.gap().end))], apart]
            }
        }
        (None, Some(before)) if text[before + 1..item.start].trim_start_matches(' ').is_empty() => {
            vec![vec![gone(before..item.end)]]
        }
        (None, Some(before)) => {
            let lines = alone_on_lines(text, item.clone(), inner.end).into_iter();
            lines.chain([item.clone()]).map(|item| vec![comma(before), gone(item)]).collect()
        }
        (None, None) => {
            let lines = alone_on_lines(text, item.clone(), inner.end);
            let range = lines.unwrap_or_else(|| item.clone());
            let is_all =
                is_blank(&text[inner.start..range.start]) && is_blank(&text[range.end..inner.end]);
            vec![vec![gone(if is_all { inner.clone() } else { range })]]
        }
    };
    // With all comments beside it.
    ways.push(vec![gone(match (previous, next) {
        (_, Some(next)) => item.start..next.start,
        (Some(previous), None) => previous.end..item.end,
        (None, None) => inner.clone(),
    })]);
    ways
}

/// An item with the comma behind it: its lines, where nothing else is on them, or what is on its line
/// up to the next item or the end of its comment.
fn with_comma(text: &str, item: &Range<usize>, comma: usize, gap_end: usize) -> Range<usize> {
    if let Some(lines) = alone_on_lines(text, item.start..comma + 1, gap_end) {
        return lines;
    }
    let next = comma + 1 + indentation(&text[comma + 1..gap_end]);
    let rest = &text[next..gap_end];
    if !rest.starts_with('#') {
        return item.start..next;
    }
    let comment = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let before = text[line_start(text, item.start)..item.start].trim_end_matches(' ');
    let start =
        if before.is_empty() { item.start } else { text[..item.start].trim_end_matches(' ').len() };
    start..next + comment
}

/// The comment on the line of an item, behind its comma.
pub(super) fn comment_behind<'t>(text: &'t str, place: &FlowItem) -> Option<&'t str> {
    let rest = text[place.gap()].trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start_matches([' ', '\t']);
    let line = rest.split(['\r', '\n']).next().unwrap_or_default();
    line.starts_with('#').then_some(line)
}

/// Puts an item after `place.item`. Gives the edits and where the new item will start.
pub(super) fn insert_after(text: &str, place: &FlowItem, new: &str) -> (Vec<TextEdit>, usize) {
    let FlowItem { inner, previous, item, next } = place;
    let gap = place.gap();
    let comma = find_comma(text, gap.clone());
    let after = comma.map_or(item.end, |comma| comma + 1);
    // The comma stands before the new item where there was none behind the old one.
    let (before, behind) = if comma.is_some() { ("", ",") } else { (",", "") };
    let line = line_end(text, after);
    let space = match own_indent(text, item.start, inner.start) {
        Some(indent)
            if line <= gap.end
                && is_blank_or_comment(&text[after..line])
                && text[..line].ends_with('\n') =>
        {
            let added = format!("{indent}{new}{behind}{}", line_ending(text));
            let edits = vec![TextEdit::insert(item.end, before), TextEdit::insert(line, added)];
            return (edits, line + indent.len() + before.len());
        }
        // What follows on the line stays behind the new item.
        Some(indent) => format!("{}{indent}", line_ending(text)),
        None => {
            let between = match (comma, previous) {
                (Some(comma), _) if next.is_some() => Some(comma + 1..gap.end),
                (_, Some(previous)) => {
                    find_comma(text, previous.end..item.start).map(|comma| comma + 1..item.start)
                }
                _ => None,
            };
            " ".repeat(between.map_or(1, |between| indentation(&text[between])))
        }
    };
    let edit = TextEdit::insert(after, format!("{before}{space}{new}{behind}"));
    (vec![edit], after + before.len() + space.len())
}

/// Puts an item before the first one, or where there is none.
pub(super) fn insert_first(
    text: &str,
    inner: &Range<usize>,
    first: Option<&Range<usize>>,
    new: &str,
) -> TextEdit {
    let Some(first) = first else {
        let end = if is_blank(&text[inner.clone()]) { inner.end } else { inner.start };
        return TextEdit::replace(inner.start..end, new);
    };
    match own_indent(text, first.start, inner.start) {
        Some(indent) => {
            let place = first.start - indent.len();
            TextEdit::insert(place, format!("{indent}{new},{}", line_ending(text)))
        }
        None => TextEdit::insert(first.start, format!("{new}, ")),
    }
}

/// The indentation of an item, if it is the first thing on a line below the opening bracket.
fn own_indent(text: &str, item: usize, inner: usize) -> Option<&str> {
    let start = line_start(text, item).max(inner);
    let before = &text[start..item];
    (start > inner && before.bytes().all(|byte| byte == b' ')).then_some(before)
}

/// The comma in a gap between items, apart from those in comments.
pub(super) fn find_comma(text: &str, gap: Range<usize>) -> Option<usize> {
    let mut comment = false;
    let found = text[gap.clone()].bytes().position(|byte| {
        comment = byte == b'#' || comment && !matches!(byte, b'\n' | b'\r');
        byte == b',' && !comment
    });
    found.map(|index| gap.start + index)
}

/// The whole lines of a piece, if nothing else but white space and a comment is on them.
fn alone_on_lines(text: &str, piece: Range<usize>, limit: usize) -> Option<Range<usize>> {
    let lines = line_start(text, piece.start)..line_end(text, piece.end);
    let alone = text[lines.start..piece.start].bytes().all(|byte| byte == b' ')
        && lines.end <= limit
        && is_blank_or_comment(&text[piece.end..lines.end]);
    alone.then_some(lines)
}

fn is_blank_or_comment(text: &str) -> bool {
    is_blank(text) || is_comment(text)
}

#[cfg(test)]
mod tests {
    use super::{FlowItem, insert_after, removals};
    use crate::storage::document::editing::text_edit::edited_text;

    /// The place of the item that is `x`, among items of one letter.
    fn place(text: &str) -> FlowItem {
        let inner = 1..text.len() - 1;
        let mut items = Vec::new();
        let mut comment = false;
        for (index, byte) in text.bytes().enumerate() {
            match byte {
                b'\n' => comment = false,
                b'#' => comment = true,
                b'a'..=b'z' if !comment => items.push(index..index + 1),
                _ => {}
            }
        }
        let at = items.iter().position(|item| &text[item.clone()] == "x").unwrap();
        let previous = at.checked_sub(1).map(|at| items[at].clone());
        FlowItem { inner, previous, item: items[at].clone(), next: items.get(at + 1).cloned() }
    }

    #[test]
    fn an_item_goes_with_its_comma_and_its_line() {
        for (before, after) in [
            ("[x]", "[]"),
            ("[ x ]", "[]"),
            ("[a, x]", "[a]"),
            ("[x, b]", "[b]"),
            ("[a, x, b]", "[a, b]"),
            ("[a,x,b]", "[a,b]"),
            ("[\n  a,\n  x,\n  b\n]", "[\n  a,\n  b\n]"),
            ("[\n  a, # A\n  x, # X\n  # B\n  b\n]", "[\n  a, # A\n  # B\n  b\n]"),
            ("[\n  a, # A\n  x # X\n]", "[\n  a # A\n]"),
            ("[\n  a,\n  x,\n]", "[\n  a,\n]"),
            ("[\n  x # X\n]", "[]"),
            ("[\n  x, # X\n  # all\n]", "[\n  # all\n]"),
            ("[a,\n x]", "[a\n ]"),
            ("[x, # X\n b]", "[\n b]"),
            ("[x, # X\n # B\n b]", "[\n # B\n b]"),
            ("[a, x, # X\n b]", "[a,\n b]"),
            ("[x # X\n , b]", "[ # X\n  b]"),
        ] {
            let ways = removals(before, &place(before));
            assert_eq!(edited_text(before, ways[0].clone()), after, "{before}");
        }
    }

    #[test]
    fn a_new_item_takes_after_its_neighbour() {
        for (before, after) in [
            ("[x]", "[x, N]"),
            ("[a,x]", "[a,x,N]"),
            ("[x, b]", "[x, N, b]"),
            ("[a, x,]", "[a, x, N,]"),
            ("[\n  x\n]", "[\n  x,\n  N\n]"),
            ("[\n  x # X\n]", "[\n  x, # X\n  N\n]"),
            ("[\n  x,\n]", "[\n  x,\n  N,\n]"),
            ("[\n  x, # X\n  b\n]", "[\n  x, # X\n  N,\n  b\n]"),
            ("[a,\n x]", "[a,\n x,\n N]"),
        ] {
            let (splices, at) = insert_after(before, &place(before), "N");
            let text = edited_text(before, splices);
            assert_eq!(text, after, "{before}");
            assert_eq!(&text[at..=at], "N", "{before}");
        }
    }
}
