//! New entries: after the last one, and like their neighbours.

use granit_parser::ScalarStyle;

use crate::domain::{ApiKey, Change};
use crate::storage::document::editing::entry_template::EntryTemplate;
use crate::storage::document::editing::flow_collection::{FlowItem, insert_after, insert_first};
use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::lines::{indentation, line_end, line_start, lines_of};
use crate::storage::document::lines::{line_ending, lines_at};
use crate::storage::document::reading::SECTION;
use crate::storage::document::reading::section_layout::{EntrySpan, Section};
use crate::storage::document::yaml::scalar::{Quotes, write_text};
use crate::storage::document::yaml::{Content, NodeId, Tree};

use super::{DocumentEditor, Expected, NotEditable, item_of};

/// Entries that are looked at for one whose style a new one can take.
const NEIGHBOURS: usize = 8;

impl DocumentEditor {
    /// Adds an entry after all others.
    pub(crate) fn insert(&mut self, key: &ApiKey, change: &Change) -> Result<(), NotEditable> {
        let plans = self.plans_to_insert(key)?;
        if self.carry_out(plans, &Expected::Added(key), change) {
            return Ok(());
        }
        let place = match self.layout.section {
            Section::Block { key_end }
            | Section::Flow { key_end, .. }
            | Section::Null { key_end, .. } => key_end,
            Section::Exotic { place, .. } => place,
            Section::Missing | Section::MissingInFlow => 0,
        };
        Err(self.refused(
            place,
            "the document is written in a way that cannot be added to without touching more; put the \
             keys in a plain list under apiKeys",
        ))
    }

    fn plans_to_insert(&self, key: &ApiKey) -> Result<Vec<Vec<TextEdit>>, NotEditable> {
        let ending = line_ending(&self.text);
        let last = self.layout.entries.last().map(EntrySpan::range);
        Ok(match (self.layout.section.clone(), last) {
            (Section::Block { .. }, Some(last)) => {
                let column = indentation(&self.text[last.clone()]);
                let place = self.after_comments(last.end, column);
                let gap = self.gap_between_entries(ending);
                let plain = EntryTemplate::block(column, ending);
                let patterns = self.pattern(Some(column)).into_iter().chain([plain]);
                let lines = patterns.map(|pattern| format!("{gap}{}", pattern.write(key)));
                lines.flat_map(|lines| self.lines_added_at(place, &lines, ending)).collect()
            }
            (Section::Flow { open, close, .. }, Some(_)) => {
                let plain = EntryTemplate::flow(self.quotes_before(open));
                let after = self.flow_place(self.layout.entries.len() - 1, open + 1..close);
                let patterns = self.pattern(None).into_iter().chain([plain]);
                patterns
                    .map(|pattern| insert_after(&self.text, &after, &pattern.write(key)).0)
                    .collect()
            }
            (Section::Flow { key_end, open, close, within_flow }, None) => {
                let flow = EntryTemplate::flow(self.quotes_before(open)).write(key);
                let in_brackets = vec![TextEdit::insert(open + 1, flow)];
                let colon = self.colon_after(key_end).ok();
                let is_bare = |colon: usize| self.text[colon + 1..open].trim().is_empty();
                let is_blank = self.text[open + 1..close].trim().is_empty();
                match colon {
                    Some(colon) if !within_flow && is_blank && is_bare(colon) => vec![
                        vec![
                            TextEdit::replace(colon + 1..close + 1, ""),
                            self.first_block(key, close + 1, key_end),
                        ],
                        in_brackets,
                    ],
                    _ => vec![in_brackets],
                }
            }
            (Section::Null { key_end, value, within_flow }, _) => {
                self.plans_instead_of_null(key, key_end, value.0..value.1, within_flow)
            }
            (Section::Missing, _) => self.new_section(key)?,
            (Section::MissingInFlow, _) => vec![self.new_section_in_flow(key)?],
            (Section::Block { key_end }, None) => {
                return Err(self.refused(key_end, "there is no entry to put the new one after"));
            }
            (Section::Exotic { reason, place }, _) => return Err(self.refused(place, reason)),
        })
    }

    /// Whole lines at a place; and where they come after a text that ends with the document, so that
    /// this one does not gain the line ending.
    fn lines_added_at(&self, place: usize, lines: &str, ending: &str) -> Vec<Vec<TextEdit>> {
        let added = TextEdit::insert(place, lines_at(&self.text, place, lines, ending).0);
        let mut plans = vec![vec![added.clone()]];
        if place == self.text.len()
            && !self.text.ends_with(['\n', '\r'])
            && let Some(stripped) = self.last_text_stripped()
        {
            plans.push(vec![stripped, added]);
        }
        plans
    }

    /// The mark at the head of the document's last text that says that it ends without a line ending.
    fn last_text_stripped(&self) -> Option<TextEdit> {
        let tree = Tree::parse(&self.text).ok()?;
        let last = tree.nodes().iter().rfind(|node| {
            matches!(
                node.content,
                Content::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. }
            )
        })?;
        let before = &self.text[..last.range().start];
        let head = line_start(&self.text, before.trim_end_matches([' ', '\r', '\n']).len());
        let line = &before[head..];
        let mark = line.split_whitespace().find(|word| {
            word.starts_with(['|', '>'])
                && word[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
        })?;
        let start = head + line.find(mark)?;
        let stripped = format!("{}-", mark.trim_end_matches('+').replace('+', ""));
        Some(TextEdit::replace(start..start + mark.len(), stripped))
    }

    /// The null goes with its anchor or tag, and the first entry comes.
    fn plans_instead_of_null(
        &self,
        key: &ApiKey,
        key_end: usize,
        value: std::ops::Range<usize>,
        within_flow: bool,
    ) -> Vec<Vec<TextEdit>> {
        let quotes = self.quotes_before(key_end);
        let colon = self.colon_after(key_end);
        if within_flow {
            let list = format!("[{}]", EntryTemplate::flow(quotes).write(key));
            return vec![match (value.is_empty(), colon) {
                (false, _) => vec![TextEdit::replace(value, list)],
                (true, Ok(colon)) => vec![TextEdit::insert(colon + 1, format!(" {list}"))],
                (true, Err(_)) => vec![TextEdit::insert(key_end, format!(": {list}"))],
            }];
        }
        let ending = line_ending(&self.text);
        match (value.is_empty(), colon) {
            (true, Ok(_)) => vec![vec![self.first_block(key, key_end, key_end)]],
            (true, Err(_)) => {
                let line = line_start(&self.text, key_end);
                let column = indentation(&self.text[line..]);
                let place = line_end(&self.text, key_end);
                let entry = EntryTemplate::block(column + 2, ending).write(key);
                let lines = format!("{}:{ending}{entry}", " ".repeat(column));
                self.lines_added_at(place, &lines, ending)
            }
            (false, _) => {
                // The spaces before a null go with it.
                let line = &self.text[..value.start];
                let spaces = line.len() - line.trim_end_matches(' ').len();
                let stands_alone = self.text[value.end..].starts_with([' ', '\r', '\n']);
                let is_apart = stands_alone || value.end == self.text.len();
                let start = if is_apart { value.start - spaces } else { value.start };
                let block = self.first_block(key, value.end, key_end);
                vec![
                    vec![TextEdit::replace(start..value.end, ""), block],
                    vec![TextEdit::replace(
                        value,
                        format!("[{}]", EntryTemplate::flow(quotes).write(key)),
                    )],
                ]
            }
        }
    }

    /// The first entry, on lines of its own below the section's key.
    fn first_block(&self, key: &ApiKey, after: usize, key_end: usize) -> TextEdit {
        let ending = line_ending(&self.text);
        let line = &self.text[line_start(&self.text, key_end)..];
        let column = indentation(line.trim_start_matches('\u{feff}'));
        let lines = EntryTemplate::block(column + 2, ending).write(key);
        let place = self.after_comments(line_end(&self.text, after), column);
        TextEdit::insert(place, lines_at(&self.text, place, &lines, ending).0)
    }

    /// The section with its first entry, at the end of the document.
    fn new_section(&self, key: &ApiKey) -> Result<Vec<Vec<TextEdit>>, NotEditable> {
        let ending = line_ending(&self.text);
        let tree = Tree::parse(&self.text)
            .map_err(|fault| NotEditable { line: fault.line, reason: fault.fault })?;
        let column = match tree.root().map(|root| tree.node(root)) {
            Some(root) if !root.range().is_empty() => root.column() as usize - 1,
            _ => 0,
        };
        let indent = " ".repeat(column);
        let entry = EntryTemplate::block(column + 2, ending).write(key);
        let lines = format!("{indent}{SECTION}:{ending}{entry}");
        let place = tree.end();
        if self.text[..place] == *"\u{feff}" {
            return Ok(vec![vec![TextEdit::insert(place, lines)]]);
        }
        Ok(self.lines_added_at(place, &lines, ending))
    }

    /// The section with its first entry, as the last member of a document in braces.
    fn new_section_in_flow(&self, key: &ApiKey) -> Result<Vec<TextEdit>, NotEditable> {
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
        let entry = EntryTemplate::flow(quotes).write(key);
        let new = format!("{}: [{entry}]", write_text(SECTION, quotes));
        Ok(match item {
            Some(item) => {
                insert_after(&self.text, &FlowItem { inner, previous, item, next: None }, &new).0
            }
            None => vec![insert_first(&self.text, &inner, None, &new)],
        })
    }

    /// The writing of the last entry that one can take after.
    fn pattern(&self, column: Option<usize>) -> Option<EntryTemplate> {
        let ending = line_ending(&self.text);
        self.layout.entries.iter().rev().take(NEIGHBOURS).find_map(|entry| {
            let tree = Tree::parse(&self.text[entry.range()]).ok()?;
            let item = item_of(&tree, column.is_some())?;
            EntryTemplate::like(&tree, item, column, ending)
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
        let ends_blank = lines_of(entry).last().is_some_and(is_blank) || lines_of(entry).any(keeps);
        if lines_of(between).any(is_blank) && !ends_blank { ending } else { "" }
    }

    fn quotes_before(&self, open: usize) -> Quotes {
        let key = self.text[..open].trim_end_matches([' ', ':', '\r', '\n']);
        if key.ends_with('"') { Quotes::Double } else { Quotes::Plain }
    }
}
