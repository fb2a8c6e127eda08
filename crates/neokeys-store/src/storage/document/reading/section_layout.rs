//! Where the entries of a document stand, so that one of them can be edited without reading the
//! others again.

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
    /// What all the other sections mean.
    pub(crate) others: SemanticHash,
    /// Whether the list of entries has an anchor, so that any entry may be referred to.
    pub(crate) anchored: bool,
    /// Why nothing of the document may be written.
    pub(crate) sealed: Option<Seal>,
}

/// Another program has its seal on a document, which any change would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Whose it is, and what to do.
    pub(crate) reason: &'static str,
    /// Where it stands.
    pub(crate) place: usize,
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
        if old_end != new_end {
            for span in &mut self.entries[entries.end..] {
                let Range { start, end } = span.range();
                *span = EntrySpan::new(shifted(start)..shifted(end), span.is_key, span.meaning);
            }
            if let Section::Flow { close, .. } = &mut self.section {
                *close = shifted(*close);
            }
        }
        self.entries.splice(entries, new);
    }
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
        value: (usize, usize),
        /// The mapping that holds the section is in flow style.
        within_flow: bool,
    },
    /// In a way that cannot be edited as text.
    Exotic {
        /// What that is.
        reason: &'static str,
        /// Where it is.
        place: usize,
    },
}

/// An entry's bytes (whole lines in block style, the value alone in flow style) and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntrySpan {
    start: u32,
    end: u32,
    is_key: bool,
    meaning: SemanticHash,
}

impl EntrySpan {
    /// The span of an entry.
    pub(crate) fn new(range: Range<usize>, is_key: bool, meaning: SemanticHash) -> Self {
        // A document has less than 4 GiB.
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: narrow(range.start), end: narrow(range.end), is_key, meaning }
    }

    /// The bytes of the entry.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the entry is a key, not faulty.
    pub(crate) fn is_key(&self) -> bool {
        self.is_key
    }

    /// What the entry means, apart from its key if it is one.
    pub(crate) fn meaning(&self) -> SemanticHash {
        self.meaning
    }
}

/// The section of a document that has none.
pub(crate) fn of_missing(tree: &Tree<'_>) -> Section {
    let Some(root) = tree.root() else { return Section::Missing };
    match &tree.node(root).content {
        Content::Mapping { flow: true, .. } => Section::MissingInFlow,
        Content::Mapping { flow: false, .. } => Section::Missing,
        Content::Scalar { .. } if tree.node(root).range().is_empty() => Section::Missing,
        Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => Section::Exotic {
            reason: "the document is null; remove the null",
            place: tree.node(root).range().start,
        },
    }
}

/// How the section is written and where its entries are.
pub(crate) fn of_section(
    tree: &Tree<'_>,
    key: NodeId,
    value: NodeId,
    items: &[NodeId],
) -> (Section, Vec<Range<usize>>) {
    let key_end = tree.node(key).range().end;
    let node = tree.node(value);
    let alone = || items.iter().map(|item| tree.node(*item).whole()).collect();
    let within_flow = tree
        .root()
        .is_some_and(|root| matches!(tree.node(root).content, Content::Mapping { flow: true, .. }));
    let place = tree.node(key).range().start;
    let exotic = |reason| (Section::Exotic { reason, place }, alone());
    match &node.content {
        Content::Alias(_) => exotic("apiKeys is an alias, so the keys stand elsewhere"),
        Content::Sequence { flow: true, .. } => {
            let Range { start, end } = node.range();
            (Section::Flow { key_end, open: start, close: end - 1, within_flow }, alone())
        }
        Content::Sequence { flow: false, .. } => match lines_of_items(tree, items) {
            Some(ranges) => (Section::Block { key_end }, ranges),
            None => exotic("the entries are not on lines of their own"),
        },
        Content::Scalar { .. } => {
            let Range { start, end } = node.whole();
            let value = if start == end { (key_end, key_end) } else { (start, end) };
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
        let inner = node.column() as usize - 1;
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
    loop {
        let column = indentation(&text[start..]);
        let mut rest = text[start + column..].bytes();
        if rest.next() == Some(b'-')
            && rest.next().is_none_or(|byte| byte.is_ascii_whitespace())
            && fits(column)
        {
            return Some(start);
        }
        if start <= from {
            return None;
        }
        start = line_start(text, start - 1);
    }
}
