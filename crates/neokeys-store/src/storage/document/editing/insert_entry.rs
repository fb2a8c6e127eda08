//! Insertion of entries: after the last one, and like their neighbours.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::entry_template::EntryTemplate;
use super::flow_item::{FlowItem, insert_after, insert_first};
use super::text_edit::TextEdit;
use super::verify_edit::Expected;
use super::{DocumentEditor, NotEditable};
use crate::domain::{ApiKey, Change};
use crate::storage::document::lines::{
    end_of_lines, indentation, is_beneath, is_blank, line_end, line_ending, line_start, lines_at,
    lines_of,
};
use crate::storage::document::reading::SECTION;
use crate::storage::document::reading::section_layout::Section;
use crate::storage::document::yaml::Tree;
use crate::storage::document::yaml::scalar::{Quotes, write_text};

impl DocumentEditor {
    /// Adds an entry after all others.
    pub(super) fn insert(&mut self, key: &ApiKey, change: &Change) -> Result<(), NotEditable> {
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
        let last = self.layout.entries.last().map(|entry| entry.range.clone());
        Ok(match (self.layout.section.clone(), last) {
            (Section::Block { .. }, Some(last)) => {
                let column = indentation(&self.text[last.clone()]);
                let place = self.after_comments(last.end, column);
                let gap = self.gap_between_entries(ending);
                let plain = EntryTemplate::block(column, ending);
                let templates = self.template(Some(column)).into_iter().chain([plain]);
                let lines = templates.map(|template| format!("{gap}{}", template.write(key)));
                lines.flat_map(|lines| self.lines_added_at(place, &lines)).collect()
            }
            (Section::Flow { open, close, .. }, Some(_)) => {
                let plain = EntryTemplate::flow(self.quotes_before(open));
                let after = self.flow_item(self.layout.entries.len() - 1, open + 1..close);
                let templates = self.template(None).into_iter().chain([plain]);
                templates
                    .map(|template| insert_after(&self.text, &after, &template.write(key)).0)
                    .collect()
            }
            (Section::Flow { key_end, open, close, within_flow }, None) => {
                let flow = EntryTemplate::flow(self.quotes_before(open)).write(key);
                let mut plans = vec![vec![TextEdit::insert(open + 1, flow)]];
                if let Some(colon) = self.colon_after(key_end)
                    && !within_flow
                    && is_blank(&self.text[open + 1..close])
                    && is_blank(&self.text[colon + 1..open])
                {
                    let brackets = TextEdit::remove(colon + 1..close + 1);
                    plans.insert(0, vec![brackets, self.first_block(key, close + 1, key_end)]);
                }
                plans
            }
            (Section::Null { key_end, value, within_flow }, _) => {
                self.plans_instead_of_null(key, key_end, value, within_flow)
            }
            (Section::Missing, _) => self.new_section(key)?,
            (Section::MissingInFlow, _) => vec![
                self.new_section_in_flow(key)
                    .ok_or_else(|| self.refused(0, "the document is not one mapping in braces"))?,
            ],
            (Section::Block { key_end }, None) => {
                return Err(self.refused(key_end, "there is no entry to put the new one after"));
            }
            (Section::Exotic { reason, place }, _) => return Err(self.refused(place, reason)),
        })
    }

    /// Whole lines at a place; and where they come after a text that ends with the document, so that
    /// this one does not gain the line ending.
    fn lines_added_at(&self, place: usize, lines: &str) -> Vec<Vec<TextEdit>> {
        let added = self.added_lines(place, lines);
        let mut plans = vec![vec![added.clone()]];
        if place == self.text.len()
            && !self.text.ends_with(['\n', '\r'])
            && let Some(stripped) = self.last_text_stripped()
        {
            plans.push(vec![stripped, added]);
        }
        plans
    }

    fn added_lines(&self, place: usize, lines: &str) -> TextEdit {
        TextEdit::insert(place, lines_at(&self.text, place, lines, line_ending(&self.text)).0)
    }

    /// The mark at the head of the document's last text that says that it ends without a line ending.
    fn last_text_stripped(&self) -> Option<TextEdit> {
        let tree = Tree::parse(&self.text).ok()?;
        let last = tree.nodes().iter().rfind(|node| {
            matches!(node.style(), Some(ScalarStyle::Literal | ScalarStyle::Folded))
        })?;
        let before = &self.text[..last.range().start];
        let head = line_start(&self.text, before.trim_end_matches([' ', '\r', '\n']).len());
        let line = &before[head..];
        let mark = line.split_whitespace().find(|word| {
            word.starts_with(['|', '>'])
                && word[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
        })?;
        let start = head + line.find(mark)?;
        Some(TextEdit::replace(start..start + mark.len(), format!("{}-", mark.replace('+', ""))))
    }

    /// The null goes with its anchor or tag, and the first entry comes.
    fn plans_instead_of_null(
        &self,
        key: &ApiKey,
        key_end: usize,
        value: Range<usize>,
        within_flow: bool,
    ) -> Vec<Vec<TextEdit>> {
        let list = format!("[{}]", EntryTemplate::flow(self.quotes_before(key_end)).write(key));
        match (within_flow, value.is_empty(), self.colon_after(key_end)) {
            (true, false, _) => vec![vec![TextEdit::replace(value, list)]],
            (true, true, Some(colon)) => {
                vec![vec![TextEdit::insert(colon + 1, format!(" {list}"))]]
            }
            (true, true, None) => vec![vec![TextEdit::insert(key_end, format!(": {list}"))]],
            (false, true, Some(_)) => vec![vec![self.first_block(key, key_end, key_end)]],
            (false, true, None) => {
                let ending = line_ending(&self.text);
                let column = indentation(&self.text[line_start(&self.text, key_end)..]);
                let entry = EntryTemplate::block(column + 2, ending).write(key);
                let lines = format!("{}:{ending}{entry}", " ".repeat(column));
                self.lines_added_at(line_end(&self.text, key_end), &lines)
            }
            (false, false, _) => {
                // The spaces before a null go with it.
                let rest = &self.text[value.end..];
                let start = if rest.is_empty() || rest.starts_with([' ', '\r', '\n']) {
                    self.text[..value.start].trim_end_matches(' ').len()
                } else {
                    value.start
                };
                let block = self.first_block(key, value.end, key_end);
                vec![
                    vec![TextEdit::remove(start..value.end), block],
                    vec![TextEdit::replace(value, list)],
                ]
            }
        }
    }

    /// The first entry, on lines of its own below the section's key.
    fn first_block(&self, key: &ApiKey, after: usize, key_end: usize) -> TextEdit {
        let column = self.column_of_key(key_end);
        let lines = EntryTemplate::block(column + 2, line_ending(&self.text)).write(key);
        self.added_lines(self.after_comments(line_end(&self.text, after), column), &lines)
    }

    /// The section with its first entry, at the end of the document.
    fn new_section(&self, key: &ApiKey) -> Result<Vec<Vec<TextEdit>>, NotEditable> {
        let ending = line_ending(&self.text);
        let tree = Tree::parse(&self.text)
            .map_err(|fault| NotEditable { line: fault.line, reason: fault.fault })?;
        let root = tree.root().map(|root| tree.node(root)).filter(|root| !root.range().is_empty());
        let column = root.map_or(0, |root| root.indentation());
        let entry = EntryTemplate::block(column + 2, ending).write(key);
        let lines = format!("{}{SECTION}:{ending}{entry}", " ".repeat(column));
        let place = tree.end();
        if self.text[..place] == *"\u{feff}" {
            return Ok(vec![vec![TextEdit::insert(place, lines)]]);
        }
        Ok(self.lines_added_at(place, &lines))
    }

    /// The section with its first entry, as the last member of a document in braces.
    fn new_section_in_flow(&self, key: &ApiKey) -> Option<Vec<TextEdit>> {
        let tree = Tree::parse(&self.text).ok()?;
        let root = tree.node(tree.root()?);
        let mut last = tree
            .members_of(root)?
            .iter()
            .rev()
            .map(|[key, value]| tree.node(*key).range().start..tree.node(*value).range().end);
        let inner = root.range().start + 1..root.range().end - 1;
        let (item, previous) = (last.next(), last.next());
        let is_quoted = item.as_ref().is_some_and(|item| self.text[item.start..].starts_with('"'));
        let quotes = if is_quoted { Quotes::Double } else { Quotes::Plain };
        let entry = EntryTemplate::flow(quotes).write(key);
        let new = format!("{}: [{entry}]", write_text(SECTION, quotes));
        Some(match item {
            Some(item) => {
                insert_after(&self.text, &FlowItem { inner, previous, item, next: None }, &new).0
            }
            None => vec![insert_first(&self.text, &inner, None, &new)],
        })
    }

    /// How the entries that stand there are written.
    fn template(&self, column: Option<usize>) -> Option<EntryTemplate> {
        EntryTemplate::of_neighbours(&self.text, &self.layout.entries, column)
    }

    /// Comments that are indented more than the dashes belong to the entry before them.
    fn after_comments(&self, place: usize, column: usize) -> usize {
        let beneath = end_of_lines(&self.text, place, |line| is_beneath(line, column));
        let mut blank = lines_of(&self.text[place..beneath]).collect::<Vec<_>>();
        while blank.pop_if(|line| is_blank(line)).is_some() {}
        place + blank.into_iter().map(str::len).sum::<usize>()
    }

    /// A blank line, where there is one between the last two entries.
    fn gap_between_entries(&self, ending: &'static str) -> &'static str {
        let [.., previous, last] = self.layout.entries.as_slice() else { return "" };
        let between = &self.text[previous.range.end..last.range.start];
        // A text that keeps its blank lines (`|+`) would take one more for its own.
        let keeps = |line: &str| {
            let words = line.split(" #").next().unwrap_or_default().trim_end();
            let header = words.rsplit([' ', ':', '-']).next().unwrap_or_default();
            header.starts_with(['|', '>']) && header.contains('+')
        };
        let entry = &self.text[last.range.clone()];
        let ends_blank = lines_of(entry).last().is_some_and(is_blank) || lines_of(entry).any(keeps);
        if lines_of(between).any(is_blank) && !ends_blank { ending } else { "" }
    }

    fn quotes_before(&self, open: usize) -> Quotes {
        let key = self.text[..open].trim_end_matches([' ', ':', '\r', '\n']);
        if key.ends_with('"') { Quotes::Double } else { Quotes::Plain }
    }
}
