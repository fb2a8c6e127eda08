//! Updates of a list of texts in place: what stays keeps its line, its quotes and its comment.

use std::ops::Range;

use super::effort::Effort;
use super::flow_collection::FlowCollection;
use super::text_edit::{TextEdit, kept};
use crate::storage::document::lines::{
    end_of_lines, indentation, is_beneath, line_ending, lines_at,
};
use crate::storage::document::reading::section_layout::lines_of_items;
use crate::storage::document::yaml::scalar::{Quotes, Value, is_plain, write_text};
use crate::storage::document::yaml::{NodeId, Tree};

/// The edits that make the list `list` hold the texts `new`; none where it cannot be done so. Each item says
/// what `spelled` makes of its text.
pub(super) fn edit_list(
    tree: &Tree<'_>,
    list: NodeId,
    spelled: impl Fn(&str) -> String,
    new: &[&str],
    effort: Effort,
) -> Option<Vec<TextEdit>> {
    let node = tree.node(list);
    let items = tree.items_of(node)?;
    let old: Vec<String> =
        items.iter().map(|item| spelled(tree.text_of(*item).unwrap_or_default())).collect();
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    if old == new {
        return Some(Vec::new());
    }
    if node.is_flow() {
        Some(edit_flow(tree, node.range(), items, &old, new, effort))
    } else {
        edit_block(tree, items, &old, new, effort)
    }
}

/// The habit of quoting that the texts of a list show.
pub(super) fn quotes_of(tree: &Tree<'_>, items: &[NodeId]) -> Quotes {
    let mut nodes = items.iter().map(|item| tree.node(*item));
    let usual =
        nodes.find(|node| node.value() == Some(Value::Text) && node.text().is_some_and(is_plain));
    usual.and_then(|node| node.style()).map(Quotes::of).unwrap_or_default()
}

fn edit_block(
    tree: &Tree<'_>,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
    effort: Effort,
) -> Option<Vec<TextEdit>> {
    let text = tree.text();
    let lines = lines_of_items(tree, items)?;
    // A list in block style cannot be empty.
    let first = lines.first().filter(|_| !new.is_empty())?.start;
    let quotes = quotes_of(tree, items);
    let ending = line_ending(text);
    let column = indentation(&text[first..]);
    let pairs = kept(old, new);
    let stays = |index: &usize| pairs.iter().any(|(stays, _)| stays == index);
    let mut moving: Vec<usize> = (0..old.len()).filter(|index| !stays(index)).collect();
    let mut edits: Vec<TextEdit> = Vec::with_capacity(old.len() + new.len());
    for index in &moving {
        let Range { start, end } = lines[*index];
        let next = lines.get(index + 1).map_or(text.len(), |next| next.start);
        let end = match effort {
            Effort::Least => end,
            Effort::Gaps | Effort::Anew => {
                end_of_lines(&text[..next], end, |line| is_beneath(line, column))
            }
        };
        edits.push(TextEdit::remove(start..end));
    }
    let mut place = first;
    let mut coming = String::new();
    for (position, item) in new.iter().enumerate() {
        if let Some((stays, _)) = pairs.iter().find(|(_, stays)| *stays == position) {
            edits.push(TextEdit::insert(place, std::mem::take(&mut coming)));
            place = lines[*stays].end;
        } else if let Some(moved) = moving.iter().position(|index| old[*index] == *item) {
            // It moves as it is written, with its comment.
            let written = &text[lines[moving.remove(moved)].clone()];
            coming += written;
            coming += if written.ends_with(['\n', '\r']) { "" } else { ending };
        } else {
            coming += &format!("{}- {}{ending}", " ".repeat(column), write_text(item, quotes));
        }
    }
    edits.push(TextEdit::insert(place, coming));
    edits.retain(|edit| !edit.range.is_empty() || !edit.text.is_empty());
    for edit in edits.iter_mut().filter(|edit| edit.range.is_empty()) {
        edit.text = lines_at(text, edit.range.start, &edit.text, ending).0;
    }
    Some(edits)
}

/// First come the new items, each after the one it follows, then go the old ones: so the list is
/// never empty in between, and its style is there to take after.
fn edit_flow(
    tree: &Tree<'_>,
    whole: Range<usize>,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
    effort: Effort,
) -> Vec<TextEdit> {
    let quotes = quotes_of(tree, items);
    let pairs = kept(old, new);
    let items = items.iter().map(|item| tree.node(*item).whole());
    let mut list = FlowCollection::of(tree.text(), whole.clone(), items);
    let mut stays: Vec<bool> =
        (0..old.len()).map(|index| pairs.iter().any(|(was, _)| *was == index)).collect();
    let mut moving: Vec<(&str, String)> = (0..old.len())
        .filter(|index| !stays[*index])
        .filter_map(|index| Some((old[index], list.comment(index)?)))
        .collect();
    let mut moved = Vec::new();
    let mut at = 0;
    for (position, item) in new.iter().enumerate() {
        if let Some((was, _)) = pairs.iter().find(|(_, stays)| *stays == position) {
            // Of the old items, those up to this one are passed.
            at = *was + 1 + stays.len() - old.len();
            continue;
        }
        list.insert(at, &write_text(item, quotes));
        stays.insert(at, true);
        at += 1;
        if let Some(comment) = moving.iter().position(|(text, _)| text == item) {
            moved.push((position, moving.remove(comment).1));
        }
    }
    for index in (0..stays.len()).rev().filter(|index| !stays[*index]) {
        list.remove(index, effort);
    }
    for (position, comment) in moved {
        list.add_comment(position, &comment);
    }
    vec![TextEdit::replace(whole, list.into_text())]
}
