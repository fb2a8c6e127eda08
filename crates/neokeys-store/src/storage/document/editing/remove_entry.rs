//! Entries that go: a key must be revocable however its entry is written, so there is a plan for every
//! style, and whole lines go.

use std::ops::Range;

use super::{DocumentEditor, Expected, NotEditable};
use crate::domain::Change;
use crate::storage::document::editing::flow_collection::removals;
use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::lines::line_ending;
use crate::storage::document::lines::{indentation, line_end, line_start, lines_of};
use crate::storage::document::reading::section_layout::Section;
use crate::storage::document::yaml::{Content, NodeId, Tree};

impl DocumentEditor {
    /// Takes an entry out.
    pub(crate) fn remove(&mut self, entry: usize, change: &Change) -> Result<(), NotEditable> {
        let range = self.layout.entries[entry].range();
        let is_only = self.layout.entries.len() == 1;
        let plans = match self.layout.section {
            Section::Block { .. } if is_only => self.plans_for_the_only_one(&range),
            Section::Block { .. } => self.plans_in_block(entry, &range),
            Section::Flow { open, close, .. } => {
                removals(&self.text, &self.flow_place(entry, open + 1..close))
            }
            Section::Exotic { .. } => self.plans_on_shared_lines(entry),
            Section::Missing | Section::MissingInFlow | Section::Null { .. } => Vec::new(),
        };
        if self.carry_out(plans, &Expected::Gone(entry), change) {
            return Ok(());
        }
        Err(self.refused_entry(entry, &self.why_it_stays(entry)))
    }

    /// The lines alone; with the blank lines behind them, which would become part of a text that keeps
    /// them; with the comments behind them, which are the entry's own where they stand deeper than the
    /// dashes, and would become part of a text; with everything up to the next entry.
    fn plans_in_block(&self, entry: usize, range: &Range<usize>) -> Vec<Vec<TextEdit>> {
        let column = indentation(&self.text[range.clone()]);
        let is_blank = |line: &str| line.trim().is_empty();
        let is_own_comment = |line: &str| {
            line.trim_start_matches(' ').starts_with('#') && indentation(line) > column
        };
        let limit = match self.layout.entries.get(entry + 1) {
            Some(next) => next.range().start,
            None => self.text.len(),
        };
        let behind = |fits: &dyn Fn(&str) -> bool| {
            let lines = lines_of(&self.text[range.end..limit]);
            range.end + lines.take_while(|line| fits(line)).map(str::len).sum::<usize>()
        };
        let before = entry.checked_sub(1).map(|before| self.layout.entries[before].range());
        let keeps_blanks =
            before.is_some_and(|before| lines_of(&self.text[before]).last().is_some_and(is_blank));
        let blanks = behind(&is_blank);
        let comments = behind(&|line| is_blank(line) || is_own_comment(line));
        let all = behind(&|line| is_blank(line) || line.trim_start_matches(' ').starts_with('#'));
        let mut ends = vec![range.end, blanks, comments, all];
        if keeps_blanks {
            ends.remove(0);
        }
        ends.dedup();
        ends.into_iter().map(|end| vec![TextEdit::replace(range.start..end, "")]).collect()
    }

    /// Without entries, the section says so: a key without a value would read like a mistake.
    fn plans_for_the_only_one(&self, range: &Range<usize>) -> Vec<Vec<TextEdit>> {
        let Section::Block { key_end } = self.layout.section else { return Vec::new() };
        let empty = match self.colon_after(key_end) {
            Ok(colon) => {
                // An anchor or a tag stays before the list that it is of.
                let line = &self.text[colon + 1..line_end(&self.text, colon + 1)];
                let properties = line.split(" #").next().unwrap_or_default().trim_end();
                TextEdit::insert(colon + 1 + properties.len(), " []")
            }
            Err(_) => return vec![vec![TextEdit::replace(range.clone(), self.empty_list(range))]],
        };
        let column = indentation(&self.text[range.clone()]);
        let comments = lines_of(&self.text[range.end..]).take_while(|line| {
            let content = line.trim_start_matches(' ');
            content.trim().is_empty() || content.starts_with('#') && indentation(line) > column
        });
        let with_comments = range.start..range.end + comments.map(str::len).sum::<usize>();
        vec![
            vec![empty.clone(), TextEdit::replace(range.clone(), "")],
            vec![empty, TextEdit::replace(with_comments, "")],
            vec![TextEdit::replace(range.clone(), self.empty_list(range))],
        ]
    }

    /// An empty list on a line of its own, where the entry was.
    fn empty_list(&self, range: &Range<usize>) -> String {
        let column = indentation(&self.text[range.clone()]).max(1);
        format!("{}[]{}", " ".repeat(column), line_ending(&self.text))
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
            vec![vec![TextEdit::replace(lines, "")], vec![TextEdit::replace(dash..end, shared)]];
        if items.len() == 1 {
            plans.reverse();
        }
        plans
    }

    /// Why no plan for an entry to go reads back as it was meant.
    fn why_it_stays(&self, entry: usize) -> String {
        if let Section::Exotic { reason, place } = self.layout.section
            && reason.contains("alias")
        {
            return format!("{reason} (line {})", self.line_of(place));
        }
        let Some((tree, items)) = self.parse_whole() else {
            return "the document cannot be read any more".to_owned();
        };
        match items.get(entry).and_then(|item| reference_to(&tree, *item)) {
            Some(line) => format!("line {line} refers to what stands in this entry"),
            None => "the entry is written in a way that cannot be changed without touching more"
                .to_owned(),
        }
    }
}

/// The line of an alias elsewhere to a node within this one, or to a list that holds it.
pub(crate) fn reference_to(tree: &Tree<'_>, item: NodeId) -> Option<u64> {
    let within = tree.node(item).whole();
    let is_within = |place: usize| within.contains(&place);
    tree.nodes().iter().find_map(|node| match node.content {
        Content::Alias(target) if !is_within(node.range().start) => {
            let target = tree.node(target);
            let holds = target.range().start <= within.start && within.end <= target.range().end;
            (is_within(target.range().start) || holds).then(|| node.line())
        }
        Content::Alias(_)
        | Content::Scalar { .. }
        | Content::Sequence { .. }
        | Content::Mapping { .. } => None,
    })
}
