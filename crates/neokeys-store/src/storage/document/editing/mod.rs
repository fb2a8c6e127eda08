//! A working copy of a document, to which changes are made one by one.
//!
//! Each kind of change has one or more plans, which are splices of the text, the least first. A plan
//! is carried out only if the text that it comes to reads back as it was meant (`verify_edit`).
//!
//! Invariant: after every change, the draft's keyring is exactly what its bytes say; a change that
//! is refused leaves no trace.

mod entry_template;
mod flow_collection;
mod insert_entry;
mod remove_entry;
mod text_edit;
mod update_entry;
mod update_members;
mod update_permissions;
mod verify_edit;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use self::verify_edit::Expected;
use crate::domain::{Change, Keyring};
use crate::storage::document::Document;
use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::lines::ends_line;
use crate::storage::document::reading::section_layout::{EntrySpan, Layout, Section};
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
    /// What stands in the way.
    pub(crate) reason: String,
}

impl DocumentEditor {
    /// A copy of a document.
    pub(crate) fn of(document: &Document) -> Self {
        // A document is only made from bytes that are UTF-8. To say so again costs a tenth of what it
        // costs to look for what to replace.
        let text = match std::str::from_utf8(&document.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(&document.bytes).into_owned(),
        };
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
    /// a [careful](Self::careful) draft can lay at one of them.
    pub(crate) fn finish(self) -> Option<Document> {
        let is_read_whole = cfg!(debug_assertions) || self.text.len() <= READ_BACK_WHOLE;
        if self.unread && is_read_whole && !self.reads_back() {
            return None;
        }
        let bytes = Bytes::from(self.text);
        Some(Document { bytes, layout: self.layout, keyring: self.keyring })
    }

    /// Makes a change that was judged on this draft's keyring.
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
        let keys = entries.iter().enumerate().filter(|(_, entry)| entry.is_key());
        keys.map(|(index, _)| index).nth(position)
    }

    /// Carries out the first of several plans that reads back as it was meant.
    fn carry_out(
        &mut self,
        plans: impl IntoIterator<Item = Vec<TextEdit>>,
        meant: &Expected<'_>,
        change: &Change,
    ) -> bool {
        plans.into_iter().any(|plan| self.try_plan(plan, meant, change))
    }

    fn colon_after(&self, key_end: usize) -> Result<usize, NotEditable> {
        let rest = &self.text[key_end..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        if rest[spaces..].starts_with(':') {
            Ok(key_end + spaces)
        } else {
            Err(self.refused(key_end, "the key apiKeys has no colon behind it"))
        }
    }

    /// An entry's text as a tree of its own, if nothing in it depends on what is elsewhere, and
    /// nothing elsewhere can depend on it.
    fn parse_alone(&self, range: Range<usize>) -> Option<Tree<'_>> {
        let tree = Tree::parse(&self.text[range]).ok()?;
        let is_tied = |node: &crate::storage::document::yaml::Node<'_>| {
            node.anchored || matches!(node.content, Content::Alias(_))
        };
        (!tree.nodes().iter().any(is_tied)).then_some(tree)
    }

    /// The whole document as a tree, with the items of our section.
    fn parse_whole(&self) -> Option<(Tree<'_>, Vec<NodeId>)> {
        let tree = Tree::parse(&self.text).ok()?;
        let (_, value) = find_section(&tree).ok()??;
        let items = items_of_section(&tree, value).ok()?.to_vec();
        Some((tree, items))
    }

    fn flow_place(&self, entry: usize, inner: Range<usize>) -> flow_collection::FlowItem {
        let range = |index: usize| self.layout.entries.get(index).map(EntrySpan::range);
        flow_collection::FlowItem {
            inner,
            previous: entry.checked_sub(1).and_then(range),
            item: self.layout.entries[entry].range(),
            next: range(entry + 1),
        }
    }

    fn is_in_block(&self) -> bool {
        matches!(self.layout.section, Section::Block { .. })
    }

    fn refused(&self, place: usize, reason: &str) -> NotEditable {
        NotEditable { line: self.line_of(place), reason: reason.to_owned() }
    }

    /// A refusal to change an entry, which says what a person has to take out to revoke the key.
    fn refused_entry(&self, entry: usize, why: &str) -> NotEditable {
        let range = self.layout.entries[entry].range();
        let first = self.line_of(range.start);
        let written = self.text[range.clone()].trim_end();
        let last = self.line_of(range.start + written.len());
        let lines = if first == last {
            format!("line {first}")
        } else {
            format!("lines {first} to {last}")
        };
        let what = if self.is_in_block() { "take out" } else { "take the entry out of" };
        let reason = format!("{why}; to revoke the key, {what} {lines} by hand");
        NotEditable { line: first, reason }
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
    match &tree.node(root).content {
        Content::Sequence { flow: false, items } if in_block => match tree.items(items) {
            [item] => Some(*item),
            _ => None,
        },
        Content::Mapping { flow: true, .. } if !in_block => Some(root),
        Content::Sequence { .. }
        | Content::Mapping { .. }
        | Content::Scalar { .. }
        | Content::Alias(_) => None,
    }
}
