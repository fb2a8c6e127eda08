//! A flow collection (`[…]`, `{…}`) that is edited item by item: each change finds it as the one before left it.

use std::ops::Range;

use super::effort::Effort;
use super::flow_item::{
    FlowItem, comment_behind, find_comma, insert_after, insert_first, removals,
};
use super::text_edit::{TextEdit, edited_text};
use crate::storage::document::lines::{indentation, line_ending, line_start};

/// A collection in brackets or braces under change: the text, and where its items or members are.
pub(super) struct FlowCollection {
    text: String,
    items: Vec<Range<usize>>,
}

impl FlowCollection {
    /// The collection that stands at `whole`, with its items or members.
    pub(super) fn of(
        text: &str,
        whole: Range<usize>,
        items: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        let within = |range: Range<usize>| range.start - whole.start..range.end - whole.start;
        Self { items: items.map(within).collect(), text: text[whole.clone()].to_owned() }
    }

    /// The collection as it is now.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn item(&self, index: usize) -> FlowItem {
        let range = |index: usize| self.items.get(index).cloned();
        let previous = index.checked_sub(1).and_then(range);
        let inner = 1..self.text.len() - 1;
        FlowItem { inner, previous, item: self.items[index].clone(), next: range(index + 1) }
    }

    /// How many items there are now.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Puts another text in the place of an item.
    pub(super) fn replace(&mut self, index: usize, new: &str) {
        let item = self.items[index].clone();
        self.edit(index + 1, vec![TextEdit::replace(item.clone(), new)]);
        self.items[index] = item.start..item.start + new.len();
    }

    /// Puts a new item at an index.
    pub(super) fn insert(&mut self, index: usize, new: &str) {
        let (edits, at) = match index.checked_sub(1) {
            Some(after) => insert_after(&self.text, &self.item(after), new),
            None => {
                let inner = 1..self.text.len() - 1;
                let edit = insert_first(&self.text, &inner, self.items.first(), new);
                let at = edit.range.start + indentation(&edit.text);
                (vec![edit], at)
            }
        };
        self.edit(index, edits);
        self.items.insert(index, at..at + new.len());
    }

    /// Takes an item away, and with more than the least effort all comments beside it.
    pub(super) fn remove(&mut self, index: usize, effort: Effort) {
        let mut ways = removals(&self.text, &self.item(index));
        let way = if effort == Effort::Least {
            ways.swap_remove(0)
        } else {
            ways.pop().unwrap_or_default()
        };
        self.items.remove(index);
        self.edit(index, way);
    }

    /// The comment on the line of an item.
    pub(super) fn comment(&self, index: usize) -> Option<String> {
        comment_behind(&self.text, &self.item(index)).map(str::to_owned)
    }

    /// Puts a comment at the end of an item's line, which ends there then.
    pub(super) fn add_comment(&mut self, index: usize, comment: &str) {
        if self.text.contains(comment) {
            return;
        }
        let FlowItem { item, inner, next, .. } = self.item(index);
        let gap_end = next.map_or(inner.end, |next| next.start);
        let comma = find_comma(&self.text, item.end..gap_end);
        let end = comma.map_or(item.end, |comma| comma + 1);
        let rest = self.text[end..].split(['\r', '\n']).next().unwrap_or_default();
        let mut coming = format!(" {comment}");
        if !rest.trim().is_empty() {
            let indent = indentation(&self.text[line_start(&self.text, item.start)..]).max(8);
            coming += &format!("{}{}", line_ending(&self.text), " ".repeat(indent));
        }
        self.edit(index + 1, vec![TextEdit::insert(end, coming)]);
    }

    /// Makes edits before the items from one on.
    fn edit(&mut self, from: usize, edits: Vec<TextEdit>) {
        let came: usize = edits.iter().map(|edit| edit.text.len()).sum();
        let went: usize = edits.iter().map(|edit| edit.range.len()).sum();
        for item in &mut self.items[from..] {
            *item = item.start + came - went..item.end + came - went;
        }
        self.text = edited_text(&self.text, edits);
    }
}
