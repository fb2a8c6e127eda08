//! The layout of `apiKeys`: where its entries stand, so that one of them can be edited without reading
//! the others again.

use std::ops::Range;

use crate::storage::document::lines::{indentation, line_end, line_start};
use crate::storage::document::yaml::semantic_hash::SemanticHash;
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// The places of a document's entries, and what an edit of one must leave as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// How `apiKeys` is written.
    pub(crate) section: Section,
    /// Every entry in order, the faulty ones too.
    pub(crate) entries: Vec<EntrySpan>,
    /// The meaning of all the other sections.
    pub(crate) others: SemanticHash,
    /// Whether the list of entries has an anchor, so that any entry may be referred to.
    pub(crate) anchored: bool,
    /// Why nothing of the document may be written.
    pub(crate) sealed: Option<Seal>,
}

/// The seal of another program, which any change would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Whose it is, and what to do.
    pub(crate) reason: &'static str,
    /// Where it stands.
    pub(crate) place: usize,
}

/// An entry's bytes (whole lines in block style, the value alone in flow style) and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntrySpan {
    /// The bytes of the entry.
    pub(crate) range: Range<usize>,
    /// Whether the entry is a key, not faulty.
    pub(crate) is_key: bool,
    /// The meaning of the entry, apart from its key if it is one.
    pub(crate) meaning: SemanticHash,
}

/// How `apiKeys` is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Section {
    /// Not at all, in a document that has no mapping or one in block style.
    Missing,
    /// Not at all, in a mapping in flow style.
    MissingInFlow,
    /// Entries that start with a dash, each on lines of its own.
    Block {
        /// Where the key ends.
        key_end: usize,
    },
    /// Entries in brackets.
    Flow {
        /// Where the key ends.
        key_end: usize,
        /// The opening bracket.
        open: usize,
        /// The closing bracket.
        close: usize,
        /// The mapping that holds the section is in flow style too.
        within_flow: bool,
    },
    /// A key without a value, or whose value is null.
    Null {
        /// Where the key ends.
        key_end: usize,
        /// The value as it is written; empty where there is none.
        value: Range<usize>,
        /// The mapping that holds the section is in flow style.
        within_flow: bool,
    },
    /// In a way that cannot be edited as text.
    Exotic {
        /// The way that it is written.
        reason: &'static str,
        /// Where it is.
        place: usize,
    },
}

impl Layout {
    /// Puts entries where others were, and moves those that follow, after a text that ended at
    /// `old_end` came to end at `new_end`.
    pub(crate) fn replace(
        &mut self,
        entries: Range<usize>,
        new: Vec<EntrySpan>,
        old_end: usize,
        new_end: usize,
    ) {
        let shifted = |place: usize| place + new_end - old_end;
        for EntrySpan { range, .. } in &mut self.entries[entries.end..] {
            *range = shifted(range.start)..shifted(range.end);
        }
        if let Section::Flow { close, .. } = &mut self.section {
            *close = shifted(*close);
        }
        self.entries.splice(entries, new);
    }
}

/// The section of a document that has none.
pub(crate) fn of_missing(tree: &Tree<'_>) -> Section {
    match tree.root().map(|root| tree.node(root)) {
        None => Section::Missing,
        Some(root) if root.is_flow() => Section::MissingInFlow,
        Some(root) if root.text().is_none() || root.range().is_empty() => Section::Missing,
        Some(root) => {
            let reason = "the document is null; remove the null";
            Section::Exotic { reason, place: root.range().start }
        }
    }
}

/// How the section is written and where its entries are.
pub(crate) fn of_section(
    tree: &Tree<'_>,
    [key, value]: [NodeId; 2],
    items: &[NodeId],
) -> (Section, Vec<Range<usize>>) {
    let Range { start: place, end: key_end } = tree.node(key).range();
    let node = tree.node(value);
    let alone = || items.iter().map(|item| tree.node(*item).whole()).collect();
    let within_flow = tree.root().is_some_and(|root| tree.node(root).is_flow());
    let exotic = |reason| (Section::Exotic { reason, place }, alone());
    match &node.content {
        Content::Alias(_) => exotic("apiKeys is an alias, so the keys are elsewhere"),
        Content::Sequence { flow: true, .. } => {
            let Range { start, end } = node.range();
            (Section::Flow { key_end, open: start, close: end - 1, within_flow }, alone())
        }
        Content::Sequence { flow: false, .. } => match lines_of_items(tree, items) {
            Some(ranges) => (Section::Block { key_end }, ranges),
            None => exotic("the entries are not on lines of their own"),
        },
        Content::Scalar { .. } => {
            let value = Some(node.whole()).filter(|value| !value.is_empty());
            let value = value.unwrap_or(key_end..key_end);
            (Section::Null { key_end, value, within_flow }, Vec::new())
        }
        Content::Mapping { .. } => exotic("apiKeys is a mapping"),
    }
}

/// The lines of each item of a block sequence, from its dash to its last character's line end;
/// none where an item shares its first line with something else.
pub(crate) fn lines_of_items(tree: &Tree<'_>, items: &[NodeId]) -> Option<Vec<Range<usize>>> {
    let text = tree.text();
    let mut lines = Vec::with_capacity(items.len());
    let mut column = None;
    let mut from = 0;
    for item in items {
        let node = tree.node(*item);
        let range = node.range();
        let inner = node.indentation();
        let fits = |dash: usize| column.map_or(dash < inner, |column| dash == column);
        let start = line_of_dash(text, from, range.start, fits)?;
        let dash = indentation(&text[start..]);
        column = Some(dash);
        // The span of an empty item lies before or on its dash's line.
        let end = line_end(text, range.end.max(start + dash + 1));
        lines.push(start..end);
        from = end;
    }
    Some(lines)
}

/// The last line from `from` to `to` that starts with a dash at a column that fits.
fn line_of_dash(text: &str, from: usize, to: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let mut start = line_start(text, to);
    while start >= from {
        let column = indentation(&text[start..]);
        let rest = text[start + column..].strip_prefix('-');
        let is_dash = rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_whitespace())
        });
        if is_dash && fits(column) {
            return Some(start);
        }
        if start == 0 {
            break;
        }
        start = line_start(text, start - 1);
    }
    None
}
