//! Verification of edits: what an edit comes to is read again, and held against what is expected, before
//! anything is written.
//!
//! A change is read back in a window: from the entry before to the entry after, in the context of
//! their section. Where that cannot be read by itself, because of an alias say, or is not what is
//! expected, the whole document decides.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::DocumentEditor;
use super::text_edit::{TextEdit, edited_text};
use crate::domain::{ApiKey, Change, Keyring};
use crate::storage::document::Document;
use crate::storage::document::lines::{end_of_lines, is_blank, is_comment};
use crate::storage::document::reading::entry::{EntryReader, hash_beside_key};
use crate::storage::document::reading::section_layout::{EntrySpan, Section, lines_of_items};
use crate::storage::document::reading::{SECTION, find_section, items_of_section};
use crate::storage::document::yaml::Tree;
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};

/// The outcome that a plan should have. Everything else must mean what it did.
#[derive(Debug)]
pub(super) enum Expected<'k> {
    /// The entry of this index is gone.
    Removed(usize),
    /// The entry of this index is this key; its other members mean this.
    Updated(usize, &'k ApiKey, SemanticHash),
    /// After all other entries comes one that is this key, and nothing else.
    Added(&'k ApiKey),
}

impl<'k> Expected<'k> {
    /// The entry that goes or changes.
    fn entry(&self) -> Option<usize> {
        match self {
            Self::Removed(entry) | Self::Updated(entry, ..) => Some(*entry),
            Self::Added(_) => None,
        }
    }

    /// Facts about the entries, from a first one on, as they are after the change.
    fn after<T>(
        &self,
        first: usize,
        mut entries: Vec<T>,
        new: impl Fn(&'k ApiKey, SemanticHash) -> T,
    ) -> Vec<T> {
        match self {
            Self::Removed(entry) => drop(entries.remove(entry - first)),
            Self::Updated(entry, key, others) => entries[entry - first] = new(key, *others),
            Self::Added(key) => entries.push(new(key, SemanticHash::of_members([]))),
        }
        entries
    }
}

/// The surroundings of a change.
struct Window {
    /// The bytes that are read again.
    range: Range<usize>,
    /// The entries in them before the change.
    entries: Range<usize>,
    /// The text around them that makes a document of them.
    before: String,
    after: &'static str,
}

impl DocumentEditor {
    /// Carries out a plan, if it reads back as expected.
    pub(super) fn try_plan(
        &mut self,
        plan: &[TextEdit],
        expected: &Expected<'_>,
        change: &Change,
    ) -> bool {
        let reaches_end = plan.iter().any(|edit| edit.range.end == self.text.len());
        let ending = self.text.as_bytes().last().copied();
        if reaches_end && !matches!(ending, Some(b'\n' | b'\r') | None) {
            // A last line ending that is missing stays missing, unless a text needs it.
            let mut trimmed = plan.to_vec();
            if self.trim_end(&mut trimmed) && self.try_exactly(&trimmed, expected, change) {
                return true;
            }
        }
        self.try_exactly(plan, expected, change)
    }

    fn try_exactly(&mut self, plan: &[TextEdit], expected: &Expected<'_>, change: &Change) -> bool {
        let faultless = self.keyring.faulty_entries().is_empty();
        // Faulty entries that moved have to be read again, for their lines.
        if faultless && !self.careful && self.try_in_window(plan, expected, change) {
            return true;
        }
        self.try_whole(plan, expected, change)
    }

    /// Takes the line ending away that would come to be the last one.
    fn trim_end(&self, plan: &mut Vec<TextEdit>) -> bool {
        plan.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let Some(mut last) = plan.pop() else { return false };
        // Lines that go one after another go as one.
        while last.text.is_empty()
            && let Some(before) = plan.pop_if(|before| before.range.end == last.range.start)
        {
            last = TextEdit::replace(before.range.start..last.range.end, before.text);
        }
        let untrimmed = last.clone();
        if last.text.is_empty() {
            // Blank lines above do not end the document either.
            let start = self.text[..last.range.start].trim_end_matches(['\r', '\n']).len();
            if plan.iter().all(|edit| edit.range.end <= start) {
                last.range.start = start;
            }
        } else {
            last.text.truncate(last.text.trim_end_matches(['\r', '\n']).len());
        }
        let is_shorter = last != untrimmed;
        plan.push(last);
        is_shorter
    }

    fn try_in_window(
        &mut self,
        plan: &[TextEdit],
        expected: &Expected<'_>,
        change: &Change,
    ) -> bool {
        let Some(window) = self.window(expected) else { return false };
        let Range { start, end: old_end } = window.range;
        let mut shifted = Vec::with_capacity(plan.len());
        for TextEdit { range, text } in plan {
            if range.start < start || range.end > old_end {
                return false;
            }
            shifted.push(TextEdit::replace(range.start - start..range.end - start, text.clone()));
        }
        let text = edited_text(&self.text[window.range.clone()], shifted);
        let Some(spans) = self.read_window(&window, &text, expected) else { return false };
        self.text.replace_range(window.range, &text);
        self.layout.replace(window.entries, spans, old_end, start + text.len());
        // The first change of a batch copies the keyring that readers have; the others do not.
        Arc::make_mut(&mut self.keyring).make(change);
        self.unread = true;
        true
    }

    fn window(&self, expected: &Expected<'_>) -> Option<Window> {
        let entries = &self.layout.entries;
        let count = entries.len();
        if count == 1 && matches!(expected, Expected::Removed(_)) {
            // Without entries the section is written in another way.
            return None;
        }
        // What has an anchor may be referred to from anywhere.
        let entry = expected.entry();
        let is_tied = |entry: usize| self.text[entries[entry].range.clone()].contains('&');
        if self.layout.anchored || entry.is_some_and(is_tied) {
            return None;
        }
        let changed = entry.unwrap_or(count);
        let first = changed.saturating_sub(1);
        let last = (changed + 1).min(count.checked_sub(1)?);
        let is_last = changed + 1 >= count;
        let range = entries[first].range.start..entries[last].range.end;
        let entries = first..last + 1;
        let head = |key_end| format!("{}{SECTION}:", " ".repeat(self.column_of_key(key_end)));
        match self.layout.section {
            Section::Block { key_end } => {
                let is_between = |line: &str| is_blank(line) || is_comment(line);
                let end = if is_last {
                    end_of_lines(&self.text, range.end, is_between)
                } else {
                    range.end
                };
                let after = match &self.text[end..] {
                    "" => "",
                    _ if !is_last => "",
                    rest if rest.starts_with("...") => "...\n",
                    _ if self.column_of_key(key_end) == 0 => "z: 0\n",
                    _ => return None,
                };
                let before = format!("{}\n", head(key_end));
                Some(Window { range: range.start..end, entries, before, after })
            }
            Section::Flow { open, close, key_end, within_flow } => {
                let before = if within_flow { "[".into() } else { format!("{} [", head(key_end)) };
                let start = if first == 0 { open + 1 } else { range.start };
                let (end, after) = if is_last { (close + 1, "") } else { (range.end, "]") };
                Some(Window { range: start..end, entries, before, after })
            }
            Section::Missing
            | Section::MissingInFlow
            | Section::Null { .. }
            | Section::Exotic { .. } => None,
        }
    }

    /// The entries of a window after a plan, if they are as expected.
    fn read_window(
        &self,
        window: &Window,
        text: &str,
        expected: &Expected<'_>,
    ) -> Option<Vec<EntrySpan>> {
        let document = format!("{}{text}{}", window.before, window.after);
        let tree = Tree::parse(&document).ok()?;
        let list = match tree.items_of(tree.node(tree.root()?)) {
            Some(_) => tree.root()?,
            None => find_section(&tree).ok()??[1],
        };
        let items = items_of_section(&tree, list).ok()?;
        if !tree.repeated().is_empty() {
            return None;
        }
        let ranges: Vec<Range<usize>> = if self.is_in_block() {
            lines_of_items(&tree, items)?
        } else {
            items.iter().map(|item| tree.node(*item).whole()).collect()
        };
        let keys = self.keyring.keys().get(window.entries.clone())?.iter().map(|key| &**key);
        let entries = self.layout.entries[window.entries.clone()].iter().map(|it| it.meaning);
        let wanted =
            expected.after(window.entries.start, keys.zip(entries).collect(), |key, others| {
                (key, others)
            });
        if wanted.len() != items.len() {
            return None;
        }
        let (mut reader, mut hasher) = (EntryReader::new(&tree), SemanticHasher::new(&tree));
        let shift =
            |place: usize| Some(place.checked_sub(window.before.len())? + window.range.start);
        let spans = items.iter().zip(ranges).zip(wanted).map(|((item, range), (key, others))| {
            let read = reader.read(*item).key.ok()?;
            let meaning = hash_beside_key(&mut hasher, &tree, *item, true);
            let range = shift(range.start)?..shift(range.end)?;
            (read == *key && meaning == others).then_some(EntrySpan {
                range,
                is_key: true,
                meaning,
            })
        });
        spans.collect()
    }

    fn try_whole(&mut self, plan: &[TextEdit], expected: &Expected<'_>, change: &Change) -> bool {
        let text = edited_text(&self.text, plan.to_vec());
        let Ok(read) = Document::parse(Bytes::from(text.clone())) else { return false };
        let keyring = self.keyring.apply(change);
        let before = self.layout.entries.iter().map(|entry| (entry.is_key, entry.meaning));
        let wanted = expected.after(0, before.collect(), |_, others| (true, others));
        let found = read.layout.entries.iter().map(|entry| (entry.is_key, entry.meaning));
        if read.keyring.keys() != keyring.keys()
            || read.layout.others != self.layout.others
            || read.layout.sealed.is_some()
            || !same_faults(&read.keyring, &keyring)
            || !found.eq(wanted)
        {
            return false;
        }
        self.text = text;
        self.layout = read.layout;
        self.keyring = read.keyring;
        true
    }

    /// A change that the text does not show.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self, change: &Change) {
        Arc::make_mut(&mut self.keyring).make(change);
        self.unread = true;
    }

    /// Whether a fresh reading finds what the editor holds.
    pub(super) fn reads_back(&self) -> bool {
        let bytes = Bytes::copy_from_slice(self.text.as_bytes());
        Document::parse(bytes).is_ok_and(|read| {
            read.layout == self.layout
                && read.keyring.keys() == self.keyring.keys()
                && same_faults(&read.keyring, &self.keyring)
        })
    }
}

/// Whether the same entries are faulty, wherever they stand by now.
fn same_faults(one: &Keyring, other: &Keyring) -> bool {
    let names = |keyring: &'_ Keyring| -> Vec<_> {
        keyring.faulty_entries().iter().map(|entry| entry.name.clone()).collect()
    };
    names(one) == names(other)
}
