//! Editing: a working copy of a document, to which changes are made one by one.
//!
//! Each kind of change has one or more plans, which are edits of the text, the least first. A plan
//! is carried out only if the text that it comes to reads back as expected (`verify_edit`).
//!
//! Invariant: after every change, the editor's keyring is exactly what its bytes say; a change that
//! is refused leaves no trace.

mod effort;
mod entry_template;
mod flow_collection;
mod flow_item;
mod insert_entry;
mod remove_entry;
mod text_edit;
mod update_entry;
mod update_members;
mod update_nested;
mod update_permissions;
mod verify_edit;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use self::flow_item::FlowItem;
use self::verify_edit::Expected;
use crate::domain::{Change, CommitError, Keyring};
use crate::storage::document::Document;
use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::lines::{ends_line, indentation, line_start};
use crate::storage::document::reading::section_layout::{Layout, Section};
use crate::storage::document::reading::{find_section, items_of_section};
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// Documents up to this size are read back whole after the changes; of larger ones, where a reading
/// costs twenty writes, what is around each change. Builds for tests read back all of them whole.
const READ_BACK_WHOLE: usize = 256 << 10;

/// A document under change.
#[derive(Debug, Clone)]
pub(crate) struct DocumentEditor {
    text: String,
    layout: Layout,
    keyring: Arc<Keyring>,
    /// Whether every change is followed by a reading of the whole.
    careful: bool,
    /// Whether there were changes since the whole was read.
    unread: bool,
}

/// The document cannot be changed without touching more of it than the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotEditable {
    /// Where the reason stands, counted from 1.
    pub(crate) line: u64,
    /// The obstacle.
    pub(crate) reason: String,
}

impl From<NotEditable> for CommitError {
    fn from(NotEditable { line, reason }: NotEditable) -> Self {
        Self::NotEditable { line, reason }
    }
}

impl DocumentEditor {
    /// A copy of a document.
    #[expect(clippy::expect_used, reason = "what is not UTF-8 is no document")]
    pub(crate) fn of(document: &Document) -> Self {
        let text = std::str::from_utf8(&document.bytes).expect("a document is UTF-8").to_owned();
        let (layout, keyring) = (document.layout.clone(), Arc::clone(&document.keyring));
        Self { text, layout, keyring, careful: false, unread: false }
    }

    /// A copy of a document, that reads the whole back after every change.
    pub(crate) fn careful(document: &Document) -> Self {
        Self { careful: true, ..Self::of(document) }
    }

    /// The keys as they are after the changes so far.
    pub(crate) fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// The document after the changes; none if it does not read back as they were meant, which only
    /// a [careful](Self::careful) editor can lay at one of them.
    pub(crate) fn finish(self) -> Option<Document> {
        let is_read_whole = cfg!(debug_assertions) || self.text.len() <= READ_BACK_WHOLE;
        if self.unread && is_read_whole && !self.reads_back() {
            return None;
        }
        let bytes = Bytes::from(self.text);
        Some(Document::new(bytes, self.layout, self.keyring))
    }

    /// Makes a change that was judged on this editor's keyring.
    ///
    /// # Errors
    /// [`NotEditable`], and nothing is changed.
    pub(crate) fn make(&mut self, change: &Change) -> Result<(), NotEditable> {
        if let Some(seal) = self.layout.sealed {
            return Err(self.refused(seal.place, seal.reason));
        }
        let position = self.keyring.position(change.key().name.as_str());
        let entry = position.and_then(|position| self.entry_of_key(position));
        match (change, entry) {
            (Change::Inserted(key), _) => self.insert(key, change),
            (Change::Replaced(key), Some(entry)) => self.update(entry, key, change),
            (Change::Removed(_), Some(entry)) => self.remove(entry, change),
            (Change::Replaced(_) | Change::Removed(_), None) => {
                Err(self.refused(0, "the entry is not where it was read"))
            }
        }
    }

    /// The entry that holds a key. The keyring has the keys alone, the layout the faulty entries too.
    fn entry_of_key(&self, position: usize) -> Option<usize> {
        let entries = &self.layout.entries;
        if entries.len() == self.keyring.keys().len() {
            return Some(position);
        }
        (0..entries.len()).filter(|index| entries[*index].is_key).nth(position)
    }

    /// Carries out the first of several plans that reads back as expected.
    fn carry_out(
        &mut self,
        plans: impl IntoIterator<Item = Vec<TextEdit>>,
        expected: &Expected<'_>,
        change: &Change,
    ) -> bool {
        plans.into_iter().any(|plan| self.try_plan(&plan, expected, change))
    }

    fn colon_after(&self, key_end: usize) -> Option<usize> {
        let rest = &self.text[key_end..];
        let spaces = indentation(rest);
        rest[spaces..].starts_with(':').then_some(key_end + spaces)
    }

    /// An entry's text as a tree of its own, if nothing in it depends on what is elsewhere, and
    /// nothing elsewhere can depend on it.
    fn parse_alone(&self, range: Range<usize>) -> Option<Tree<'_>> {
        let tree = Tree::parse(&self.text[range]).ok()?;
        let mut nodes = tree.nodes().iter();
        let is_tied = nodes.any(|node| node.anchored || matches!(node.content, Content::Alias(_)));
        (!is_tied).then_some(tree)
    }

    /// The whole document as a tree, with the items of our section.
    fn parse_whole(&self) -> Option<(Tree<'_>, Vec<NodeId>)> {
        let tree = Tree::parse(&self.text).ok()?;
        let [_, value] = find_section(&tree).ok()??;
        let items = items_of_section(&tree, value).ok()?.to_vec();
        Some((tree, items))
    }

    fn flow_item(&self, entry: usize, inner: Range<usize>) -> FlowItem {
        let range = |index: usize| Some(self.layout.entries.get(index)?.range.clone());
        FlowItem {
            inner,
            previous: entry.checked_sub(1).and_then(range),
            item: self.layout.entries[entry].range.clone(),
            next: range(entry + 1),
        }
    }

    fn is_in_block(&self) -> bool {
        matches!(self.layout.section, Section::Block { .. })
    }

    /// The column of the section's key, whose end is given.
    fn column_of_key(&self, key_end: usize) -> usize {
        let line = &self.text[line_start(&self.text, key_end)..];
        indentation(line.trim_start_matches('\u{feff}'))
    }

    fn refused(&self, place: usize, reason: &str) -> NotEditable {
        NotEditable { line: self.line_of(place), reason: reason.to_owned() }
    }

    /// A refusal to change an entry, which says what a person has to take out to revoke the key.
    fn refused_entry(&self, entry: usize, why: &str) -> NotEditable {
        let range = self.layout.entries[entry].range.clone();
        let line = self.line_of(range.start);
        let last = self.line_of(range.start + self.text[range].trim_end().len());
        let lines =
            if line == last { format!("line {line}") } else { format!("lines {line} to {last}") };
        let what = if self.is_in_block() { "take out" } else { "take the entry out of" };
        NotEditable { line, reason: format!("{why}; to revoke the key, {what} {lines} by hand") }
    }

    /// The line of an alias elsewhere that refers to what stands in an entry.
    fn reference_to(&self, entry: usize) -> Option<u64> {
        let (tree, items) = self.parse_whole()?;
        let within = tree.node(*items.get(entry)?).whole();
        let is_within = |place: usize| within.contains(&place);
        tree.nodes().iter().find_map(|node| {
            let Content::Alias(target) = node.content else { return None };
            let target = tree.node(target).range();
            // The target may be a list that holds the entry.
            let holds = target.start <= within.start && within.end <= target.end;
            let is_tied = !is_within(node.range().start) && (is_within(target.start) || holds);
            is_tied.then(|| node.line())
        })
    }

    fn line_of(&self, place: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let lines = (0..place.min(bytes.len())).filter(|index| ends_line(bytes, *index));
        lines.count() as u64 + 1
    }
}

/// The one entry of a text that holds nothing else.
fn item_of(tree: &Tree<'_>, in_block: bool) -> Option<NodeId> {
    let root = tree.root()?;
    let node = tree.node(root);
    match tree.items_of(node) {
        Some([item]) if in_block && !node.is_flow() => Some(*item),
        None if !in_block && node.is_flow() => Some(root),
        _ => None,
    }
}
