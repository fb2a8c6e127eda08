//! Removal of entries: a key must be revocable however its entry is written, so there is a plan for every
//! style, and whole lines go.

use std::ops::Range;

use super::text_edit::TextEdit;
use super::verify_edit::Expected;
use super::{DocumentEditor, NotEditable, flow_item};
use crate::domain::Change;
use crate::storage::document::lines::{
    end_of_lines, indentation, is_beneath, is_blank, is_comment, line_end, line_ending, line_start,
    lines_of,
};
use crate::storage::document::reading::section_layout::Section;

impl DocumentEditor {
    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: usize, change: &Change) -> Result<(), NotEditable> {
        let range = self.layout.entries[entry].range.clone();
        let plans = match self.layout.section {
            Section::Block { key_end } if self.layout.entries.len() == 1 => {
                self.plans_for_the_only_one(key_end, range)
            }
            Section::Block { .. } => self.plans_in_block(entry, &range),
            Section::Flow { open, close, .. } => {
                flow_item::removals(&self.text, &self.flow_item(entry, open + 1..close))
            }
            Section::Exotic { .. } => self.plans_on_shared_lines(entry),
            Section::Missing | Section::MissingInFlow | Section::Null { .. } => Vec::new(),
        };
        if self.carry_out(plans, &Expected::Removed(entry), change) {
            return Ok(());
        }
        let why = match (&self.layout.section, self.reference_to(entry)) {
            (Section::Exotic { reason, place }, _) if reason.contains("alias") => {
                format!("{reason} (line {})", self.line_of(*place))
            }
            (_, Some(line)) => format!("line {line} refers to a part of this entry"),
            (_, None) => {
                "the entry is written in a way that cannot be changed without touching more"
                    .to_owned()
            }
        };
        Err(self.refused_entry(entry, &why))
    }

    /// The lines alone; with the blank lines behind them, which would become part of a text that keeps
    /// them; with the comments behind them, which are the entry's own where they stand deeper than the
    /// dashes, and would become part of a text; with everything up to the next entry.
    fn plans_in_block(&self, entry: usize, range: &Range<usize>) -> Vec<Vec<TextEdit>> {
        let column = indentation(&self.text[range.clone()]);
        let next = self.layout.entries.get(entry + 1).map(|next| next.range.start);
        let before = &self.text[..next.unwrap_or(self.text.len())];
        let mut ends = vec![
            range.end,
            end_of_lines(before, range.end, is_blank),
            end_of_lines(before, range.end, |line| is_beneath(line, column)),
            end_of_lines(before, range.end, |line| is_blank(line) || is_comment(line)),
        ];
        let previous = entry.checked_sub(1).map(|index| self.layout.entries[index].range.clone());
        if previous.is_some_and(|range| lines_of(&self.text[range]).last().is_some_and(is_blank)) {
            ends.remove(0);
        }
        ends.dedup();
        ends.into_iter().map(|end| vec![TextEdit::remove(range.start..end)]).collect()
    }

    /// Without entries, the section says so: a key without a value would read like a mistake.
    fn plans_for_the_only_one(&self, key_end: usize, range: Range<usize>) -> Vec<Vec<TextEdit>> {
        let column = indentation(&self.text[range.clone()]);
        let empty_list = format!("{}[]{}", " ".repeat(column.max(1)), line_ending(&self.text));
        let in_its_place = vec![TextEdit::replace(range.clone(), empty_list)];
        let Some(colon) = self.colon_after(key_end) else { return vec![in_its_place] };
        // An anchor or a tag stays before the list that it is of.
        let line = &self.text[colon + 1..line_end(&self.text, colon + 1)];
        let properties = line.split(" #").next().unwrap_or_default().trim_end();
        let empty = TextEdit::insert(colon + 1 + properties.len(), " []");
        let beneath = end_of_lines(&self.text, range.end, |line| is_beneath(line, column));
        vec![
            vec![empty.clone(), TextEdit::remove(range.clone())],
            vec![empty, TextEdit::remove(range.start..beneath)],
            in_its_place,
        ]
    }

    /// The first entry may share its line with the section's key, as in `? apiKeys` and `: - name: a`.
    fn plans_on_shared_lines(&self, entry: usize) -> Vec<Vec<TextEdit>> {
        let Some((tree, items)) = self.parse_whole() else { return Vec::new() };
        let Some(node) = items.get(entry).map(|item| tree.node(*item)) else { return Vec::new() };
        let Some(dash) = self.text[..node.whole().start].rfind('-') else { return Vec::new() };
        let end = line_end(&self.text, node.range().end);
        let lines = line_start(&self.text, dash)..end;
        let instead = if items.len() == 1 { "[]" } else { "" };
        let shared = format!("{instead}{}", line_ending(&self.text));
        let mut plans =
            vec![vec![TextEdit::remove(lines)], vec![TextEdit::replace(dash..end, shared)]];
        if items.len() == 1 {
            plans.reverse();
        }
        plans
    }
}
