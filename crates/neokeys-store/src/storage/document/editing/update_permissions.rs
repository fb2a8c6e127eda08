//! Edits of a list of texts in place: what stays keeps its line, its quotes and its comment.

use std::ops::Range;

use crate::storage::document::editing::flow_collection::{
    FlowItem, comment_behind, find_comma, insert_after, insert_first, removals,
};
use crate::storage::document::editing::text_edit::{TextEdit, edited_text, kept};
use crate::storage::document::editing::update_members::Effort;
use crate::storage::document::lines::{indentation, line_start, lines_of};
use crate::storage::document::lines::{line_ending, lines_at};
use crate::storage::document::reading::section_layout::lines_of_items;
use crate::storage::document::yaml::scalar::{Quotes, Value, is_plain, write_text};
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// The splices that make the list `node` hold the texts `new`; or why it cannot be done.
pub(crate) fn edit_list(
    tree: &Tree<'_>,
    node: NodeId,
    new: &[&str],
    effort: Effort,
) -> Result<Vec<TextEdit>, &'static str> {
    let Content::Sequence { flow, items } = &tree.node(node).content else {
        return Err("the permissions are not a list");
    };
    let items = tree.items(items);
    let old: Vec<&str> = items.iter().map(|item| text_of(tree, *item)).collect();
    if old == new {
        return Ok(Vec::new());
    }
    if *flow {
        Ok(edit_flow(tree, node, items, &old, new, effort))
    } else {
        edit_block(tree, items, &old, new, effort)
    }
}

/// The habit of quoting that the texts of a list show.
pub(crate) fn quotes_of(tree: &Tree<'_>, items: &[NodeId]) -> Quotes {
    items
        .iter()
        .find_map(|item| match &tree.node(*item).content {
            Content::Scalar { text, style, value: Value::Text } if is_plain(text) => {
                Some(Quotes::of(*style))
            }
            Content::Scalar { .. }
            | Content::Sequence { .. }
            | Content::Mapping { .. }
            | Content::Alias(_) => None,
        })
        .unwrap_or_default()
}

fn text_of<'a>(tree: &'a Tree<'_>, item: NodeId) -> &'a str {
    match &tree.resolved(item).content {
        Content::Scalar { text, .. } => text,
        Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => "",
    }
}

fn edit_block(
    tree: &Tree<'_>,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
    effort: Effort,
) -> Result<Vec<TextEdit>, &'static str> {
    let text = tree.text();
    let lines =
        lines_of_items(tree, items).ok_or("the permissions are not on lines of their own")?;
    if new.is_empty() || lines.is_empty() {
        return Err("a list in block style cannot be empty");
    }
    let quotes = quotes_of(tree, items);
    let ending = line_ending(text);
    let column = indentation(&text[lines[0].start..]);
    let pairs = kept(old, new);
    let mut moving: Vec<usize> =
        (0..old.len()).filter(|index| !pairs.iter().any(|(stays, _)| stays == index)).collect();
    let mut splices: Vec<TextEdit> = moving
        .iter()
        .map(|index| {
            let next = lines.get(index + 1).map_or(text.len(), |next| next.start);
            let end = match effort {
                Effort::Least => lines[*index].end,
                Effort::Gaps | Effort::Anew => end_of_gap(text, lines[*index].end, next, column),
            };
            TextEdit::replace(lines[*index].start..end, "")
        })
        .collect();
    let mut place = lines[0].start;
    let mut coming = String::new();
    let mut come = |place: usize, coming: &mut String| {
        if !coming.is_empty() {
            splices.push(TextEdit::insert(place, lines_at(text, place, coming, ending).0));
            coming.clear();
        }
    };
    for (position, item) in new.iter().enumerate() {
        if let Some((stays, _)) = pairs.iter().find(|(_, stays)| *stays == position) {
            come(place, &mut coming);
            place = lines[*stays].end;
        } else if let Some(moved) = moving.iter().position(|index| old[*index] == *item) {
            // It moves as it is written, with its comment.
            let written = &text[lines[moving.remove(moved)].clone()];
            coming.push_str(written);
            if !written.ends_with(['\n', '\r']) {
                coming.push_str(ending);
            }
        } else {
            coming.push_str(&" ".repeat(column));
            coming.push_str("- ");
            coming.push_str(&write_text(item, quotes));
            coming.push_str(ending);
        }
    }
    come(place, &mut coming);
    Ok(splices)
}

/// Where the blank lines and the deeper comments behind an item end.
fn end_of_gap(text: &str, end: usize, limit: usize, column: usize) -> usize {
    let lines = lines_of(&text[end..limit]).take_while(|line| {
        let content = line.trim_start_matches(' ');
        content.trim().is_empty() || content.starts_with('#') && indentation(line) > column
    });
    end + lines.map(str::len).sum::<usize>()
}

/// First come the new items, each after the one it follows, then go the old ones: so the list is
/// never empty in between, and its style is there to take after.
fn edit_flow(
    tree: &Tree<'_>,
    node: NodeId,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
    effort: Effort,
) -> Vec<TextEdit> {
    let whole = tree.node(node).range();
    let quotes = quotes_of(tree, items);
    let pairs = kept(old, new);
    let mut list = FlowList {
        text: tree.text()[whole.clone()].to_owned(),
        items: items
            .iter()
            .map(|item| tree.node(*item).whole())
            .map(|range| range.start - whole.start..range.end - whole.start)
            .collect(),
    };
    let mut stays = vec![false; old.len()];
    for (was, _) in &pairs {
        stays[*was] = true;
    }
    let mut moving: Vec<(&str, String)> = (0..old.len())
        .filter(|index| !stays[*index])
        .filter_map(|index| Some((old[index], list.comment(index)?)))
        .collect();
    let mut moved = Vec::new();
    let mut after = None;
    for (position, item) in new.iter().enumerate() {
        match pairs.iter().find(|(_, stays)| *stays == position) {
            // Of the old items, those up to this one are passed.
            Some((was, _)) => after = Some(*was + stays.len() - old.len()),
            None => {
                let at = after.map_or(0, |after| after + 1);
                list.insert(at, &write_text(item, quotes));
                stays.insert(at, true);
                after = Some(at);
                if let Some(comment) = moving.iter().position(|(text, _)| text == item) {
                    moved.push((position, moving.remove(comment).1));
                }
            }
        }
    }
    for index in (0..stays.len()).rev().filter(|index| !stays[*index]) {
        list.remove(index, effort);
    }
    for (position, comment) in moved {
        list.add_comment(position, &comment);
    }
    vec![TextEdit::replace(whole, list.text)]
}

/// A list in brackets, edited item by item.
struct FlowList {
    text: String,
    items: Vec<Range<usize>>,
}

impl FlowList {
    fn inner(&self) -> Range<usize> {
        1..self.text.len() - 1
    }

    fn place(&self, index: usize) -> FlowItem {
        let previous = index.checked_sub(1).and_then(|index| self.items.get(index).cloned());
        let (item, next) = (self.items[index].clone(), self.items.get(index + 1).cloned());
        FlowItem { inner: self.inner(), previous, item, next }
    }

    fn insert(&mut self, index: usize, new: &str) {
        let (splices, at) = match index.checked_sub(1) {
            Some(after) => insert_after(&self.text, &self.place(after), new),
            None => {
                let splice = insert_first(&self.text, &self.inner(), self.items.first(), new);
                let indent = splice.text.len() - splice.text.trim_start_matches(' ').len();
                let at = splice.range.start + indent;
                (vec![splice], at)
            }
        };
        self.shift(index, &splices);
        self.text = edited_text(&self.text, splices);
        self.items.insert(index, at..at + new.len());
    }

    fn remove(&mut self, index: usize, effort: Effort) {
        let mut ways = removals(&self.text, &self.place(index));
        let last = ways.pop();
        let way = match effort {
            Effort::Least => ways.into_iter().next(),
            Effort::Gaps | Effort::Anew => last,
        };
        let splices = way.unwrap_or_default();
        self.items.remove(index);
        self.shift(index, &splices);
        self.text = edited_text(&self.text, splices);
    }

    fn comment(&self, index: usize) -> Option<String> {
        comment_behind(&self.text, &self.place(index)).map(str::to_owned)
    }

    /// Puts a comment at the end of an item's line, which ends there then.
    fn add_comment(&mut self, index: usize, comment: &str) {
        if self.text.contains(comment) {
            return;
        }
        let FlowItem { item, inner, next, .. } = self.place(index);
        let gap_end = next.map_or(inner.end, |next| next.start);
        let comma = find_comma(&self.text, item.end..gap_end);
        let end = comma.map_or(item.end, |comma| comma + 1);
        let ending = line_ending(&self.text);
        let rest = self.text[end..].split(['\r', '\n']).next().unwrap_or_default();
        let mut coming = format!(" {comment}");
        if !rest.trim().is_empty() {
            let indent = indentation(&self.text[line_start(&self.text, item.start)..]).max(8);
            coming += &format!("{ending}{}", " ".repeat(indent));
        }
        let splices = vec![TextEdit::insert(end, coming)];
        self.shift(index + 1, &splices);
        self.text = edited_text(&self.text, splices);
    }

    fn shift(&mut self, from: usize, splices: &[TextEdit]) {
        let came: usize = splices.iter().map(|splice| splice.text.len()).sum();
        let went: usize = splices.iter().map(|splice| splice.range.len()).sum();
        for item in &mut self.items[from..] {
            *item = item.start + came - went..item.end + came - went;
        }
    }
}
