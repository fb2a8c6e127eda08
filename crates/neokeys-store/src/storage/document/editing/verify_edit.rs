//! What an edit comes to is read again, and held against what was meant, before anything is written.
//!
//! A change is read back in a window: from the entry before to the entry after, in the context of
//! their section. Where that cannot be read by itself, because of an alias say, or is not what was
//! meant, the whole document decides.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::{ApiKey, Change, Keyring};
use crate::storage::document::Document;
use crate::storage::document::editing::DocumentEditor;
use crate::storage::document::editing::text_edit::{TextEdit, edited_text};
use crate::storage::document::lines::{indentation, line_start, lines_of};
use crate::storage::document::reading::entry::{EntryReader, hash_beside_key};
use crate::storage::document::reading::section_layout::{EntrySpan, Section, lines_of_items};
use crate::storage::document::reading::{SECTION, find_section, items_of_section};
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};
use crate::storage::document::yaml::{Content, Tree};

/// What a plan should come to. Everything else must mean what it did.
#[derive(Debug)]
pub(crate) enum Expected<'k> {
    /// The entry of this index is gone.
    Gone(usize),
    /// The entry of this index is this key; its other members mean this.
    Changed(usize, &'k ApiKey, SemanticHash),
    /// After all other entries comes one that is this key, and nothing else.
    Added(&'k ApiKey),
}

impl Expected<'_> {
    /// What the entry that comes of the plan means apart from its key.
    fn others(&self) -> Option<SemanticHash> {
        match self {
            Self::Gone(_) => None,
            Self::Changed(_, _, others) => Some(*others),
            Self::Added(_) => Some(SemanticHash::of_members([])),
        }
    }

    fn key(&self) -> Option<&ApiKey> {
        match self {
            Self::Gone(_) => None,
            Self::Changed(_, key, _) | Self::Added(key) => Some(key),
        }
    }
}

/// The surroundings of a change.
struct Window {
    /// The bytes that are read again.
    range: Range<usize>,
    /// The entries in them before the change.
    entries: Range<usize>,
    /// What makes a document of them.
    before: String,
    after: &'static str,
    in_block: bool,
}

impl DocumentEditor {
    /// Carries out a plan, if it reads back as it was meant.
    pub(crate) fn try_plan(
        &mut self,
        plan: Vec<TextEdit>,
        meant: &Expected<'_>,
        change: &Change,
    ) -> bool {
        let reaches_end = plan.iter().any(|splice| splice.range.end == self.text.len());
        let ending = self.text.as_bytes().last().copied();
        if reaches_end && !matches!(ending, Some(b'\n' | b'\r') | None) {
            // A last line ending that is missing stays missing, unless a text needs it.
            let mut trimmed = plan.clone();
            if self.trim_end(&mut trimmed) && self.try_exactly(&trimmed, meant, change) {
                return true;
            }
        }
        self.try_exactly(&plan, meant, change)
    }

    fn try_exactly(&mut self, plan: &[TextEdit], meant: &Expected<'_>, change: &Change) -> bool {
        let faultless = self.keyring.faulty_entries().is_empty();
        // Faulty entries that moved have to be read again, for their lines.
        if faultless && !self.careful && self.try_in_window(plan, meant, change) {
            return true;
        }
        self.try_whole(plan, meant, change)
    }

    /// Takes the line ending away that would come to be the last one.
    fn trim_end(&self, plan: &mut Vec<TextEdit>) -> bool {
        plan.sort_by_key(|splice| (splice.range.start, splice.range.end));
        let Some(mut last) = plan.pop() else { return false };
        // Lines that go one after another go as one.
        while last.text.is_empty()
            && let Some(before) = plan.pop_if(|before| before.range.end == last.range.start)
        {
            last = TextEdit::replace(before.range.start..last.range.end, before.text);
        }
        let is_shorter = if last.text.is_empty() {
            // Blank lines above do not end the document either.
            let start = self.text[..last.range.start].trim_end_matches(['\r', '\n']).len();
            let is_free = plan.iter().all(|splice| splice.range.end <= start);
            let is_shorter = is_free && start < last.range.start;
            if is_shorter {
                last.range.start = start;
            }
            is_shorter
        } else {
            let trimmed = last.text.trim_end_matches(['\r', '\n']).len();
            let is_shorter = trimmed < last.text.len();
            last.text.truncate(trimmed);
            is_shorter
        };
        plan.push(last);
        is_shorter
    }

    fn try_in_window(&mut self, plan: &[TextEdit], meant: &Expected<'_>, change: &Change) -> bool {
        let Some(window) = self.window(meant) else { return false };
        let within = |range: &Range<usize>| {
            range.start >= window.range.start && range.end <= window.range.end
        };
        if !plan.iter().all(|splice| within(&splice.range)) {
            return false;
        }
        let start = window.range.start;
        let shifted = plan.iter().map(|TextEdit { range, text }| {
            TextEdit::replace(range.start - start..range.end - start, text.clone())
        });
        let text = edited_text(&self.text[window.range.clone()], shifted.collect());
        let Some(spans) = self.read_window(&window, &text, meant) else { return false };
        let (old_end, new_end) = (window.range.end, start + text.len());
        self.text.replace_range(window.range, &text);
        self.layout.replace(window.entries, spans, old_end, new_end);
        // The first change of a batch copies the keyring that readers have; the others do not.
        Arc::make_mut(&mut self.keyring).make(change);
        self.unread = true;
        true
    }

    fn window(&self, meant: &Expected<'_>) -> Option<Window> {
        let entries = &self.layout.entries;
        if entries.len() == 1 && matches!(meant, Expected::Gone(_)) {
            // Without entries the section is written in another way.
            return None;
        }
        // What has an anchor may be referred to from anywhere.
        let may_be_tied = match meant {
            Expected::Gone(entry) | Expected::Changed(entry, ..) => {
                self.text[entries[*entry].range()].contains('&')
            }
            Expected::Added(_) => false,
        };
        if may_be_tied || self.layout.anchored {
            return None;
        }
        let (first, last) = match meant {
            Expected::Gone(entry) | Expected::Changed(entry, ..) => {
                (entry.saturating_sub(1), (entry + 1).min(entries.len() - 1))
            }
            Expected::Added(_) => (entries.len().checked_sub(1)?, entries.len() - 1),
        };
        let is_last = last + 1 == entries.len()
            && !matches!(meant, Expected::Changed(entry, ..) | Expected::Gone(entry) if entry + 1 == last);
        let touches_first = first == 0;
        let range = entries[first].range().start..entries[last].range().end;
        let key_column = |key_end: usize| {
            let line = &self.text[line_start(&self.text, key_end)..];
            " ".repeat(indentation(line.trim_start_matches('\u{feff}')))
        };
        Some(match self.layout.section {
            Section::Block { key_end } => {
                let end = if is_last { self.end_of_section(range.end) } else { range.end };
                let rest = &self.text[end..];
                let after = match rest {
                    "" => "",
                    _ if !is_last => "",
                    _ if rest.starts_with("...") => "...\n",
                    _ if key_column(key_end).is_empty() => "z: 0\n",
                    _ => return None,
                };
                Window {
                    range: range.start..end,
                    entries: first..last + 1,
                    before: format!("{}{SECTION}:\n", key_column(key_end)),
                    after,
                    in_block: true,
                }
            }
            Section::Flow { open, close, key_end, within_flow } => {
                let before = if within_flow {
                    "[".to_owned()
                } else {
                    format!("{}{SECTION}: [", key_column(key_end))
                };
                let start = if touches_first { open + 1 } else { range.start };
                let (end, after) = if is_last { (close + 1, "") } else { (range.end, "]") };
                let entries = first..last + 1;
                Window { range: start..end, entries, before, after, in_block: false }
            }
            Section::Missing
            | Section::MissingInFlow
            | Section::Null { .. }
            | Section::Exotic { .. } => return None,
        })
    }

    /// Where the comments and blank lines after the last entry end.
    fn end_of_section(&self, last_end: usize) -> usize {
        let lines = lines_of(&self.text[last_end..]).take_while(|line| {
            let content = line.trim_start_matches([' ', '\t']);
            content.starts_with('#') || content.trim().is_empty()
        });
        last_end + lines.map(str::len).sum::<usize>()
    }

    /// The entries of a window after a plan, if they are as they were meant.
    fn read_window(
        &self,
        window: &Window,
        text: &str,
        meant: &Expected<'_>,
    ) -> Option<Vec<EntrySpan>> {
        let document = format!("{}{text}{}", window.before, window.after);
        let tree = Tree::parse(&document).ok()?;
        let root = tree.root()?;
        let items = match &tree.node(root).content {
            Content::Sequence { items, .. } => tree.items(items).to_vec(),
            Content::Mapping { .. } => {
                let (_, value) = find_section(&tree).ok()??;
                items_of_section(&tree, value).ok()?.to_vec()
            }
            Content::Scalar { .. } | Content::Alias(_) => return None,
        };
        if !tree.repeated().is_empty() {
            return None;
        }
        let ranges: Vec<Range<usize>> = if window.in_block {
            lines_of_items(&tree, &items)?
        } else {
            items.iter().map(|item| tree.node(*item).whole()).collect()
        };
        // What each entry should be: its key, and what else it means.
        let mut wanted: Vec<(Option<&ApiKey>, SemanticHash)> = Vec::with_capacity(items.len());
        for entry in window.entries.clone() {
            match meant {
                Expected::Gone(gone) if *gone == entry => {}
                Expected::Changed(changed, key, others) if *changed == entry => {
                    wanted.push((Some(key), *others));
                }
                Expected::Gone(_) | Expected::Changed(..) | Expected::Added(_) => {
                    let key = self.keyring.keys().get(entry)?;
                    wanted.push((Some(key), self.layout.entries[entry].meaning()));
                }
            }
        }
        if let Expected::Added(key) = meant {
            wanted.push((Some(key), SemanticHash::of_members([])));
        }
        if wanted.len() != items.len() {
            return None;
        }
        let (mut reader, mut meanings) = (EntryReader::new(&tree), SemanticHasher::new(&tree));
        let shift = |place: usize| {
            place.checked_sub(window.before.len()).map(|place| place + window.range.start)
        };
        let mut spans = Vec::with_capacity(items.len());
        for ((item, range), (key, others)) in items.iter().zip(ranges).zip(wanted) {
            let read = reader.read(*item).key.ok()?;
            let meaning = hash_beside_key(&mut meanings, &tree, *item, true);
            if Some(&read) != key || meaning != others {
                return None;
            }
            spans.push(EntrySpan::new(shift(range.start)?..shift(range.end)?, true, meaning));
        }
        Some(spans)
    }

    fn try_whole(&mut self, plan: &[TextEdit], meant: &Expected<'_>, change: &Change) -> bool {
        let text = edited_text(&self.text, plan.to_vec());
        let Ok(read) = Document::parse(Bytes::from(text.clone())) else { return false };
        let keyring = self.keyring.apply(change);
        if read.keyring.keys() != keyring.keys()
            || read.layout.others != self.layout.others
            || read.layout.sealed.is_some()
            || !same_faults(&read.keyring, &keyring)
        {
            return false;
        }
        let mut expected: Vec<(bool, SemanticHash)> =
            self.layout.entries.iter().map(|entry| (entry.is_key(), entry.meaning())).collect();
        match (meant, meant.others()) {
            (Expected::Gone(entry), _) => drop(expected.remove(*entry)),
            (Expected::Changed(entry, ..), Some(others)) => expected[*entry] = (true, others),
            (Expected::Added(_), Some(others)) => expected.push((true, others)),
            (Expected::Changed(..) | Expected::Added(_), None) => return false,
        }
        let found = read.layout.entries.iter().map(|entry| (entry.is_key(), entry.meaning()));
        if meant.key().is_some_and(|key| keyring.find_by_name(key.name.as_str()).is_none())
            || !found.eq(expected)
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

    /// Whether a fresh reading finds what the draft holds.
    pub(crate) fn reads_back(&self) -> bool {
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
    let names = |keyring: &Keyring| -> Vec<Option<String>> {
        keyring.faulty_entries().iter().map(|entry| entry.name.clone()).collect()
    };
    names(one) == names(other)
}
