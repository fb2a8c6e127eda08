//! New entries: after the last one, and like their neighbours.

use crate::domain::{ApiKey, Change};
use crate::storage::document::SECTION;
use crate::storage::document::flow_items::{Place, insert_after, insert_first};
use crate::storage::document::layout::{EntrySpan, Section, indentation, line_end, line_start};
use crate::storage::document::new_entry::Pattern;
use crate::storage::document::scalar::{Quotes, write_text};
use crate::storage::document::splice::{Splice, line_ending, lines_at};
use crate::storage::document::tree::{Content, NodeId, Tree};

use super::{Draft, NotEditable, item_of};

/// Entries that are looked at for one whose style a new one can take.
const NEIGHBOURS: usize = 8;

impl Draft {
    /// Adds an entry after all others.
    pub(super) fn insert(&mut self, key: &ApiKey, change: &Change) -> Result<(), NotEditable> {
        let ending = line_ending(&self.text);
        let last = self.layout.entries.last().map(EntrySpan::range);
        match (self.layout.section.clone(), last) {
            (Section::Block { key_end }, Some(last)) => {
                let column = indentation(&self.text[last.clone()]);
                let pattern = self.pattern(Some(column)).unwrap_or(Pattern::block(column, ending));
                let place = self.after_comments(last.end, column);
                let gap = self.gap_between_entries(ending);
                let lines = format!("{gap}{}", pattern.write(key));
                let (lines, skipped) = lines_at(&self.text, place, &lines, ending);
                let span = place + skipped + gap.len()..place + lines.len();
                self.demand_same(&lines[skipped + gap.len()..], true, key, None, key_end)?;
                self.text.insert_str(place, &lines);
                if place == last.end
                    && let Some(entry) = self.layout.entries.last_mut()
                {
                    // The line ending that its last line lacked.
                    *entry = EntrySpan::new(last.start..last.end + skipped, entry.is_key());
                }
                self.layout.entries.push(EntrySpan::new(span, true));
                self.settle(change)
            }
            (Section::Flow { open, close, .. }, Some(_)) => {
                let pattern =
                    self.pattern(None).unwrap_or_else(|| Pattern::flow(self.quotes_before(open)));
                let written = pattern.write(key);
                self.demand_same(&written, false, key, None, open)?;
                let after = self.flow_place(self.layout.entries.len() - 1, open + 1..close);
                let (splices, at) = insert_after(&self.text, &after, &written);
                self.splice_flow(self.layout.entries.len(), splices);
                self.layout.entries.push(EntrySpan::new(at..at + written.len(), true));
                self.settle(change)
            }
            (Section::Flow { key_end, open, close, within_flow }, None) => {
                let blank = self.text[open + 1..close].trim().is_empty();
                let splices = if within_flow || !blank {
                    let written = Pattern::flow(self.quotes_before(open)).write(key);
                    vec![Splice::insert(open + 1, written)]
                } else {
                    let colon = self.colon_after(key_end)?;
                    vec![
                        Splice::replace(colon + 1..close + 1, ""),
                        self.first_block(key, close + 1, key_end),
                    ]
                };
                self.rebuild(splices, change)
            }
            (Section::Null { key_end }, _) => {
                let splice = self.first_block(key, key_end, key_end);
                self.rebuild(vec![splice], change)
            }
            (Section::Missing, _) => {
                let splice = self.new_section(key)?;
                self.rebuild(vec![splice], change)
            }
            (Section::MissingInFlow, _) => {
                let splices = self.new_section_in_flow(key)?;
                self.rebuild(splices, change)
            }
            (Section::Block { key_end }, None) => {
                Err(self.refused(key_end, "there is no entry to put the new one after"))
            }
            (Section::Exotic { reason, place }, _) => Err(self.refused(place, reason)),
        }
    }

    /// The first entry, on lines of its own below the section's key.
    fn first_block(&self, key: &ApiKey, after: usize, key_end: usize) -> Splice {
        let ending = line_ending(&self.text);
        let line = &self.text[line_start(&self.text, key_end)..];
        let column = indentation(line.trim_start_matches('\u{feff}'));
        let lines = Pattern::block(column + 2, ending).write(key);
        let place = self.after_comments(line_end(&self.text, after), column);
        Splice::insert(place, lines_at(&self.text, place, &lines, ending).0)
    }

    /// The section with its first entry, at the end of the document.
    fn new_section(&self, key: &ApiKey) -> Result<Splice, NotEditable> {
        let ending = line_ending(&self.text);
        let tree = Tree::parse(&self.text)
            .map_err(|fault| NotEditable { line: fault.line, reason: fault.fault })?;
        let column = match tree.root().map(|root| tree.node(root)) {
            Some(root) if !root.range().is_empty() => root.column() as usize - 1,
            _ => 0,
        };
        let indent = " ".repeat(column);
        let entry = Pattern::block(column + 2, ending).write(key);
        let lines = format!("{indent}{SECTION}:{ending}{entry}");
        let place = tree.end();
        if self.text[..place] == *"\u{feff}" {
            return Ok(Splice::insert(place, lines));
        }
        Ok(Splice::insert(place, lines_at(&self.text, place, &lines, ending).0))
    }

    /// The section with its first entry, as the last member of a document in braces.
    fn new_section_in_flow(&self, key: &ApiKey) -> Result<Vec<Splice>, NotEditable> {
        let refused = || self.refused(0, "the document is not one mapping in braces");
        let tree = Tree::parse(&self.text).map_err(|_fault| refused())?;
        let root = tree.root().map(|root| tree.node(root)).ok_or_else(refused)?;
        let Content::Mapping { members, .. } = &root.content else { return Err(refused()) };
        let member = |(key, value): (NodeId, NodeId)| {
            tree.node(key).range().start..tree.node(value).range().end
        };
        let mut last = tree.members(members).map(member).rev();
        let inner = root.range().start + 1..root.range().end - 1;
        let (item, previous) = (last.next(), last.next());
        let quotes = match &item {
            Some(item) if self.text[item.clone()].starts_with('"') => Quotes::Double,
            _ => Quotes::Plain,
        };
        let entry = Pattern::flow(quotes).write(key);
        let new = format!("{}: [{entry}]", write_text(SECTION, quotes));
        Ok(match item {
            Some(item) => {
                insert_after(&self.text, &Place { inner, previous, item, next: None }, &new).0
            }
            None => vec![insert_first(&self.text, &inner, None, &new)],
        })
    }

    /// The writing of the last entry that one can take after.
    fn pattern(&self, column: Option<usize>) -> Option<Pattern> {
        let ending = line_ending(&self.text);
        self.layout.entries.iter().rev().take(NEIGHBOURS).find_map(|entry| {
            let tree = self.parse_entry(entry.range()).ok()?;
            let item = item_of(&tree, column.is_some())?;
            Pattern::like(&tree, item, column, ending)
        })
    }

    /// Comments that are indented more than the dashes belong to the entry before them.
    fn after_comments(&self, place: usize, column: usize) -> usize {
        let mut after = place;
        let mut from = place;
        while from < self.text.len() {
            let end = line_end(&self.text, from + 1);
            let line = &self.text[from..end];
            let content = line.trim_start_matches(' ');
            if content.starts_with('#') && line.len() - content.len() > column {
                after = end;
            } else if !content.trim().is_empty() {
                break;
            }
            from = end;
        }
        after
    }

    /// A blank line, where there is one between the last two entries.
    fn gap_between_entries(&self, ending: &'static str) -> &'static str {
        let [.., previous, last] = self.layout.entries.as_slice() else { return "" };
        let is_blank = |line: &str| line.trim().is_empty();
        let between = &self.text[previous.range().end..last.range().start];
        // A text that keeps its blank lines (`|+`) would take one more for its own.
        let keeps = |line: &str| {
            let words = line.split(" #").next().unwrap_or_default().trim_end();
            let header = words.rsplit([' ', ':', '-']).next().unwrap_or_default();
            header.starts_with(['|', '>']) && header.contains('+')
        };
        let entry = &self.text[last.range()];
        let ends_blank =
            entry.lines().next_back().is_some_and(is_blank) || entry.lines().any(keeps);
        if between.lines().any(is_blank) && !ends_blank { ending } else { "" }
    }

    fn quotes_before(&self, open: usize) -> Quotes {
        let key = self.text[..open].trim_end_matches([' ', ':', '\r', '\n']);
        if key.ends_with('"') { Quotes::Double } else { Quotes::Plain }
    }
}
