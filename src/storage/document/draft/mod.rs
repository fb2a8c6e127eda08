//! A working copy of a document, to which changes are made one by one.
//!
//! Invariant: after every change, the draft's keyring is exactly what its bytes say; a change that
//! is refused leaves no trace.

mod insert;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::Document;
use super::entry::EntryReader;
use super::entry_edit::edit_entry;
use super::flow_items::{Place, remove};
use super::layout::{EntrySpan, Layout, Section, lines_of_items};
use super::splice::{Splice, spliced};
use super::tree::{Content, NodeId, Tree};
use crate::domain::{ApiKey, Change, Keyring};

/// A document under change.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    text: String,
    layout: Layout,
    keyring: Arc<Keyring>,
}

/// The document cannot be changed without touching more of it than the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotEditable {
    /// Where the reason stands, counted from 1.
    pub(crate) line: u64,
    /// What stands in the way.
    pub(crate) reason: String,
}

impl Draft {
    /// A copy of a document.
    pub(crate) fn of(document: &Document) -> Self {
        // A document is only made from bytes that are UTF-8. To say so again costs a tenth of what it
        // costs to look for what to replace.
        let text = match std::str::from_utf8(&document.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(&document.bytes).into_owned(),
        };
        Self { text, layout: document.layout.clone(), keyring: Arc::clone(&document.keyring) }
    }

    /// The keys as they are after the changes so far.
    pub(crate) fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// The document after the changes.
    pub(crate) fn finish(self) -> Document {
        Document { bytes: Bytes::from(self.text), layout: self.layout, keyring: self.keyring }
    }

    /// Makes a change that was judged on this draft's keyring.
    ///
    /// # Errors
    /// [`NotEditable`], and nothing is changed.
    pub(crate) fn make(&mut self, change: &Change) -> Result<(), NotEditable> {
        if let Section::Exotic { reason, place } = self.layout.section {
            return Err(self.refused(place, reason));
        }
        // With faulty entries, the last step reads everything again and may yet refuse.
        let before = (!self.keyring.faulty_entries().is_empty()).then(|| self.clone());
        let outcome = self.make_in_place(change);
        if let (Err(_), Some(before)) = (&outcome, before) {
            *self = before;
        }
        outcome
    }

    fn make_in_place(&mut self, change: &Change) -> Result<(), NotEditable> {
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

    fn update(&mut self, entry: usize, key: &ApiKey, change: &Change) -> Result<(), NotEditable> {
        let range = self.layout.entries[entry].range();
        let fragment = &self.text[range.clone()];
        let in_block = matches!(self.layout.section, Section::Block { .. });
        let tree = self.parse_entry(range.clone())?;
        let item = item_of(&tree, in_block)
            .ok_or_else(|| self.refused(range.start, "the entry is not alone on its lines"))?;
        let splices =
            edit_entry(&tree, item, key).map_err(|reason| self.refused(range.start, reason))?;
        let after = spliced(fragment, splices);
        let span = self.demand_same(&after, in_block, key, Some((&tree, item)), range.start)?;
        let span = range.start + span.start..range.start + span.end;
        self.text.replace_range(range.clone(), &after);
        self.layout.entries[entry] = EntrySpan::new(span, true);
        self.layout.shift_from(entry + 1, range.end, range.start + after.len());
        self.settle(change)
    }

    fn remove(&mut self, entry: usize, change: &Change) -> Result<(), NotEditable> {
        let range = self.layout.entries[entry].range();
        // What an anchor names may be used elsewhere.
        drop(self.parse_entry(range.clone())?);
        if self.layout.entries.len() == 1 {
            return self.remove_last(range, change);
        }
        match self.layout.section {
            Section::Block { .. } => {
                let gone = range.start..self.end_of_gap(entry, range.end);
                self.text.replace_range(gone.clone(), "");
                self.layout.entries.remove(entry);
                self.layout.shift_from(entry, gone.end, gone.start);
                self.settle(change)
            }
            Section::Flow { open, close, .. } => {
                let splices = remove(&self.text, &self.flow_place(entry, open + 1..close))
                    .map_err(|reason| self.refused(range.start, reason))?;
                self.layout.entries.remove(entry);
                self.splice_flow(entry, splices);
                self.settle(change)
            }
            Section::Missing
            | Section::MissingInFlow
            | Section::Null { .. }
            | Section::Exotic { .. } => {
                Err(self.refused(range.start, "there is no list of entries"))
            }
        }
    }

    /// Blank lines after an entry that goes would become part of the entry before it, where that
    /// one ends with a text that keeps its blank lines: they go too.
    fn end_of_gap(&self, entry: usize, end: usize) -> usize {
        let is_blank = |line: &str| line.trim().is_empty();
        let before = entry.checked_sub(1).map(|before| self.layout.entries[before].range());
        let keeps = before
            .is_some_and(|before| self.text[before].lines().next_back().is_some_and(is_blank));
        let blank = |rest: &str| {
            let lines = rest.split_inclusive('\n').take_while(|line| is_blank(line));
            lines.map(str::len).sum::<usize>()
        };
        if keeps { end + blank(&self.text[end..]) } else { end }
    }

    /// Without entries, the section says so: a key without a value would read like a mistake.
    fn remove_last(&mut self, range: Range<usize>, change: &Change) -> Result<(), NotEditable> {
        let splices = match self.layout.section {
            Section::Block { key_end } => {
                let colon = self.colon_after(key_end)?;
                vec![Splice::insert(colon + 1, " []"), Splice::replace(range, "")]
            }
            Section::Flow { open, close, .. } => {
                remove(&self.text, &self.flow_place(0, open + 1..close))
                    .map_err(|reason| self.refused(range.start, reason))?
            }
            Section::Missing
            | Section::MissingInFlow
            | Section::Null { .. }
            | Section::Exotic { .. } => Vec::new(),
        };
        self.rebuild(splices, change)
    }

    fn flow_place(&self, entry: usize, inner: Range<usize>) -> Place {
        let range = |index: usize| self.layout.entries.get(index).map(EntrySpan::range);
        Place {
            inner,
            previous: entry.checked_sub(1).and_then(range),
            item: self.layout.entries[entry].range(),
            next: range(entry + 1),
        }
    }

    /// Splices between brackets, before the entries from this one on.
    fn splice_flow(&mut self, entry: usize, mut splices: Vec<Splice>) {
        splices.sort_by_key(|splice| splice.range.start);
        for Splice { range, text } in splices.into_iter().rev() {
            self.text.replace_range(range.clone(), &text);
            self.layout.shift_from(entry, range.end, range.start + text.len());
        }
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

    /// An entry's text as a tree of its own, if nothing in it depends on what is elsewhere.
    fn parse_entry(&self, range: Range<usize>) -> Result<Tree<'_>, NotEditable> {
        let fragment = &self.text[range.clone()];
        if fragment.replace("\r\n", "").contains('\r') {
            return Err(self.refused(range.start, "its lines end with a carriage return alone"));
        }
        let lines_before = || self.text[..range.start].matches('\n').count() as u64;
        // An alias, or a tag's handle, means nothing apart from the rest of the document.
        let tree = Tree::parse(fragment).map_err(|fault| NotEditable {
            line: lines_before() + fault.line,
            reason:
                "the entry depends on what stands elsewhere, as an alias does; write it out to \
                     let neokeys edit the entry"
                    .to_owned(),
        })?;
        match tree.entangled() {
            None => Ok(tree),
            Some((node, what)) => Err(NotEditable {
                line: lines_before() + node.line(),
                reason: format!(
                    "the entry holds {what}; write it out to let neokeys edit the entry"
                ),
            }),
        }
    }

    /// Holds a changed entry against what was meant: the key, and the members that are not ours.
    /// Gives the entry's place in the fragment.
    fn demand_same(
        &self,
        fragment: &str,
        in_block: bool,
        key: &ApiKey,
        before: Option<(&Tree<'_>, NodeId)>,
        place: usize,
    ) -> Result<Range<usize>, NotEditable> {
        let refused = || self.refused(place, "the entry is written in a way that cannot be edited");
        let tree = Tree::parse(fragment).map_err(|_fault| refused())?;
        let item = item_of(&tree, in_block).ok_or_else(refused)?;
        let says_so = EntryReader::new(&tree).read(item).key.is_ok_and(|read| read == *key);
        let kept = before.is_none_or(|(old, was)| others(old, was) == others(&tree, item));
        if !says_so || !kept || !tree.repeated().is_empty() {
            return Err(refused());
        }
        if in_block {
            lines_of_items(&tree, &[item]).and_then(|mut lines| lines.pop()).ok_or_else(refused)
        } else {
            Ok(tree.node(item).range())
        }
    }

    /// The keyring after a change. Faulty entries have moved, so they are read again.
    fn settle(&mut self, change: &Change) -> Result<(), NotEditable> {
        if self.keyring.faulty_entries().is_empty() {
            // The first change of a batch copies the keyring that readers have; the others do not.
            Arc::make_mut(&mut self.keyring).make(change);
            return Ok(());
        }
        self.rebuild(Vec::new(), change)
    }

    /// Splices and reads everything again.
    fn rebuild(&mut self, splices: Vec<Splice>, change: &Change) -> Result<(), NotEditable> {
        let text = spliced(&self.text, splices);
        let read = Document::parse(Bytes::from(text.clone())).map_err(|fault| NotEditable {
            line: fault.line,
            reason: format!(
                "the document is written in a way that cannot be edited: {}",
                fault.fault
            ),
        })?;
        if read.keyring.keys() != self.keyring.apply(change).keys() {
            return Err(self.refused(0, "the document is written in a way that cannot be edited"));
        }
        *self = Self { text, layout: read.layout, keyring: read.keyring };
        Ok(())
    }

    fn refused(&self, place: usize, reason: &str) -> NotEditable {
        let line = self.text[..place].matches('\n').count() as u64 + 1;
        NotEditable { line, reason: reason.to_owned() }
    }
}

/// The one entry of a fragment.
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

/// The members that mean nothing to us, as they are written.
fn others<'t>(tree: &Tree<'t>, item: NodeId) -> Vec<(&'t str, &'t str)> {
    let Content::Mapping { members, .. } = &tree.node(item).content else { return Vec::new() };
    let written = |node: NodeId| &tree.text()[tree.node(node).range()];
    let ours = ["name", "enabled", "permissions", "hash"];
    tree.members(members)
        .map(|(key, value)| (written(key), written(value)))
        .filter(|(key, _)| !ours.contains(&key.trim_matches(['"', '\''])))
        .collect()
}
