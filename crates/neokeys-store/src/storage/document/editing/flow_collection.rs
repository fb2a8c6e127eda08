//! Items between brackets: one more or one less, with its comma, in the style of its neighbours.
//!
//! A comment on the line of an item goes with it; every other comment and line stays.

use std::ops::Range;

use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::lines::line_ending;
use crate::storage::document::lines::{line_end, line_start};

/// An item of a flow collection with what is around it.
#[derive(Debug, Clone)]
pub(crate) struct FlowItem {
    /// What is between the brackets.
    pub(crate) inner: Range<usize>,
    /// The item before.
    pub(crate) previous: Option<Range<usize>>,
    /// The item itself.
    pub(crate) item: Range<usize>,
    /// The item after.
    pub(crate) next: Option<Range<usize>>,
}

/// Ways to take an item away, the least first.
pub(crate) fn removals(text: &str, place: &FlowItem) -> Vec<Vec<TextEdit>> {
    let FlowItem { inner, previous, item, next } = place;
    let gap_end = next.as_ref().map_or(inner.end, |next| next.start);
    let gone = |range: Range<usize>| TextEdit::replace(range, "");
    let after = find_comma(text, item.end..gap_end);
    let before = previous.as_ref().and_then(|previous| find_comma(text, previous.end..item.start));
    let comma = |comma: usize| gone(comma..comma + 1);
    let mut ways = match (after, before) {
        (Some(after), _) => {
            // A comment between an item and its comma is nobody's, and stays.
            let is_free = !text[item.end..after].contains('#');
            let with_comma = is_free.then(|| vec![gone(with_comma(text, item, after, gap_end))]);
            let apart = vec![gone(item.clone()), comma(after)];
            with_comma.into_iter().chain([apart]).collect()
        }
        (None, Some(before)) if text[before + 1..item.start].trim_start_matches(' ').is_empty() => {
            vec![vec![gone(before..item.end)]]
        }
        (None, Some(before)) => {
            let lines = alone_on_lines(text, item.start, item.end, inner.end);
            let lines = lines.map(|lines| vec![comma(before), gone(lines)]);
            lines.into_iter().chain([vec![comma(before), gone(item.clone())]]).collect()
        }
        (None, None) => {
            let lines = alone_on_lines(text, item.start, item.end, inner.end);
            vec![vec![gone(all_or(text, inner, lines.unwrap_or_else(|| item.clone())))]]
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
    if let Some(lines) = alone_on_lines(text, item.start, comma + 1, gap_end) {
        return lines;
    }
    let spaces = spaces_at(text, comma + 1).min(gap_end - comma - 1);
    let rest = &text[comma + 1 + spaces..gap_end];
    if !rest.starts_with('#') {
        return item.start..comma + 1 + spaces;
    }
    let comment = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let line = &text[line_start(text, item.start)..item.start];
    let kept = line.trim_end_matches(' ').len();
    let start = if kept == 0 { item.start } else { item.start - (line.len() - kept) };
    start..comma + 1 + spaces + comment
}

/// The comment on the line of an item, behind its comma.
pub(crate) fn comment_behind<'t>(text: &'t str, place: &FlowItem) -> Option<&'t str> {
    let gap_end = place.next.as_ref().map_or(place.inner.end, |next| next.start);
    let gap = &text[place.item.end..gap_end];
    let rest = gap.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start_matches([' ', '\t']);
    let line = rest.split(['\r', '\n']).next().unwrap_or_default();
    line.starts_with('#').then_some(line)
}

/// Puts an item after `place.item`. Gives the splices and where the new item will start.
pub(crate) fn insert_after(text: &str, place: &FlowItem, new: &str) -> (Vec<TextEdit>, usize) {
    let FlowItem { inner, previous, item, next } = place;
    let ending = line_ending(text);
    let gap_end = next.as_ref().map_or(inner.end, |next| next.start);
    let comma = find_comma(text, item.end..gap_end);
    let start = line_start(text, item.start).max(inner.start);
    let before = &text[start..item.start];
    let on_own_line = start > inner.start && before.bytes().all(|byte| byte == b' ');
    let after = comma.map_or(item.end, |comma| comma + 1);
    if !on_own_line {
        let space = match (comma, previous) {
            (Some(comma), _) if next.is_some() => leading_spaces(&text[comma + 1..gap_end]),
            (_, Some(previous)) => find_comma(text, previous.end..item.start)
                .map_or(" ", |comma| leading_spaces(&text[comma + 1..item.start])),
            _ => " ",
        };
        return match comma {
            Some(_) => {
                (vec![TextEdit::insert(after, format!("{space}{new},"))], after + space.len())
            }
            None => {
                (vec![TextEdit::insert(after, format!(",{space}{new}"))], after + 1 + space.len())
            }
        };
    }
    let line = line_end(text, after);
    if line <= gap_end && is_blank_or_comment(&text[after..line]) && text[..line].ends_with('\n') {
        let own_comma = if comma.is_some() { "," } else { "" };
        let mut splices = Vec::with_capacity(2);
        let mut at = line + before.len();
        if comma.is_none() {
            splices.push(TextEdit::insert(item.end, ","));
            at += 1;
        }
        splices.push(TextEdit::insert(line, format!("{before}{new}{own_comma}{ending}")));
        return (splices, at);
    }
    // What follows on the line stays behind the new item.
    let (coming, at) = match comma {
        Some(_) => (format!("{ending}{before}{new},"), after + ending.len() + before.len()),
        None => (format!(",{ending}{before}{new}"), after + 1 + ending.len() + before.len()),
    };
    (vec![TextEdit::insert(after, coming)], at)
}

/// Puts an item before the first one, or where there is none.
pub(crate) fn insert_first(
    text: &str,
    inner: &Range<usize>,
    first: Option<&Range<usize>>,
    new: &str,
) -> TextEdit {
    let Some(first) = first else {
        let blank = text[inner.clone()].trim().is_empty();
        let range = if blank { inner.clone() } else { inner.start..inner.start };
        return TextEdit::replace(range, new);
    };
    let start = line_start(text, first.start).max(inner.start);
    let before = &text[start..first.start];
    if start > inner.start && before.bytes().all(|byte| byte == b' ') {
        TextEdit::insert(start, format!("{before}{new},{}", line_ending(text)))
    } else {
        TextEdit::insert(first.start, format!("{new}, "))
    }
}

/// The comma in a gap between items, apart from those in comments.
pub(crate) fn find_comma(text: &str, gap: Range<usize>) -> Option<usize> {
    let mut comment = false;
    for (index, byte) in text.as_bytes()[gap.clone()].iter().enumerate() {
        match byte {
            b'\n' | b'\r' => comment = false,
            b'#' => comment = true,
            b',' if !comment => return Some(gap.start + index),
            _ => {}
        }
    }
    None
}

/// The whole lines from `start` to `end`, if nothing else but white space and a comment is on them.
fn alone_on_lines(text: &str, start: usize, end: usize, limit: usize) -> Option<Range<usize>> {
    let from = line_start(text, start);
    let to = line_end(text, end);
    let alone = text[from..start].bytes().all(|byte| byte == b' ')
        && to <= limit
        && is_blank_or_comment(&text[end..to]);
    alone.then_some(from..to)
}

/// Everything between the brackets, if nothing but white space would be left of it.
fn all_or(text: &str, inner: &Range<usize>, gone: Range<usize>) -> Range<usize> {
    let is_blank = |range: Range<usize>| text[range].trim().is_empty();
    let nothing_else = is_blank(inner.start..gone.start) && is_blank(gone.end..inner.end);
    if nothing_else { inner.clone() } else { gone }
}

fn is_blank_or_comment(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t']);
    text.starts_with('#') || text.trim().is_empty()
}

fn spaces_at(text: &str, place: usize) -> usize {
    leading_spaces(&text[place..]).len()
}

fn leading_spaces(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches(' ').len()]
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
