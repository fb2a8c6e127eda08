//! Reading: a document's bytes as keys, faulty entries and the places of both.

pub(crate) mod desired_document;
pub(crate) mod entry;
pub(crate) mod foreign_formats;
pub(crate) mod misspelled_members;
pub(crate) mod review;
pub(crate) mod section_layout;
mod syntax_hints;

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use self::entry::{ApiKeyEntry, EntryReader};
use self::section_layout::{EntrySpan, Layout};
use crate::domain::{FaultyEntry, Keyring};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::semantic_hash::SemanticHasher;
use crate::storage::document::yaml::{NodeId, Tree};

/// The section of the file that is ours.
pub(crate) const SECTION: &str = "apiKeys";

/// A document as it was read.
pub(crate) struct ParsedDocument<'t> {
    pub(crate) tree: Tree<'t>,
    pub(crate) has_section: bool,
    pub(crate) layout: Layout,
    pub(crate) keyring: Keyring,
    pub(crate) entries: Vec<ApiKeyEntry>,
}

/// Reads a document.
pub(crate) fn read(bytes: &[u8]) -> Result<ParsedDocument<'_>, Diagnostic> {
    if let Some(fault) = foreign_formats::by_first_bytes(bytes) {
        return Err(fault);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf_8(bytes, error.valid_up_to()))?;
    let explained = |fault| syntax_hints::explained(text, fault);
    let tree = Tree::parse(text).map_err(explained)?;
    let section = find_section(&tree).map_err(explained)?;
    foreign_formats::oddly_indented_member(&tree)?;
    let items = match section {
        Some([_, value]) => items_of_section(&tree, value).map_err(|fault| {
            foreign_formats::told_of_sops(&tree).unwrap_or_else(|| explained(fault))
        })?,
        None => &[],
    };
    let repeated = refuse_repeated(&tree, items)?;
    let mut reader = EntryReader::new(&tree);
    let mut entries: Vec<ApiKeyEntry> = items.iter().map(|item| reader.read(*item)).collect();
    for (index, fault) in repeated {
        entries[index].add_fault(fault);
    }
    refuse_shared_names(&tree, &mut entries);
    let mut hasher = SemanticHasher::new(&tree);
    let others =
        hasher.of_members(members_of_root(&tree).iter().filter(|it| Some(**it) != section));
    let (place, ranges) = match section {
        Some(section) => section_layout::of_section(&tree, section, items),
        None => (section_layout::of_missing(&tree), Vec::new()),
    };
    let (mut keys, mut faulty) = (Vec::with_capacity(entries.len()), Vec::new());
    let mut spans = Vec::with_capacity(entries.len());
    for (entry, range) in entries.iter().zip(ranges) {
        let is_key = entry.key.is_ok();
        let meaning = entry::hash_beside_key(&mut hasher, &tree, entry.node, is_key);
        spans.push(EntrySpan { range, is_key, meaning });
        match &entry.key {
            Ok(key) => keys.push(Arc::new(key.clone())),
            Err(faults) => faulty.push(FaultyEntry {
                name: entry.name.clone(),
                line: tree.node(entry.node).line(),
                fault: faults.iter().map(in_words).collect::<Vec<_>>().join("; "),
            }),
        }
    }
    let is_anchored = |id: NodeId| tree.node(id).anchored;
    let layout = Layout {
        section: place,
        entries: spans,
        others,
        anchored: section
            .is_some_and(|[_, list]| is_anchored(list) || tree.root().is_some_and(is_anchored)),
        sealed: foreign_formats::seal(&tree),
    };
    let keyring = Keyring::new(keys, faulty);
    Ok(ParsedDocument { has_section: section.is_some(), layout, keyring, entries, tree })
}

/// The entries of our section.
pub(crate) fn items_of_section<'a>(
    tree: &'a Tree<'_>,
    value: NodeId,
) -> Result<&'a [NodeId], Diagnostic> {
    let node = tree.resolved(value);
    if node.value() == Some(Value::Null) {
        return Ok(&[]);
    }
    tree.items_of(node).ok_or_else(|| {
        let fault = format!("{SECTION} is {}, not a list", node.kind());
        let hint = "write each key as an entry that starts with \"- name:\"";
        tree.node(value).diagnostic(fault, hint)
    })
}

/// The sections of a document.
pub(crate) fn members_of_root<'a>(tree: &'a Tree<'_>) -> &'a [[NodeId; 2]] {
    tree.root().and_then(|root| tree.members_of(tree.node(root))).unwrap_or_default()
}

fn in_words(fault: &Diagnostic) -> String {
    format!("{} ({})", fault.fault, fault.hint)
}

/// The key and the value of our section.
pub(crate) fn find_section(tree: &Tree<'_>) -> Result<Option<[NodeId; 2]>, Diagnostic> {
    let Some(root) = tree.root().map(|root| tree.node(root)) else { return Ok(None) };
    if root.value() == Some(Value::Null) {
        return Ok(None);
    }
    let members = tree.members_of(root).ok_or_else(|| {
        let fault = format!("the document is {}, not a mapping", root.kind());
        root.diagnostic(fault, "put the entries under a line \"apiKeys:\"")
    })?;
    Ok(members.iter().copied().find(|[key, _]| tree.text_of(*key) == Some(SECTION)))
}

/// Repeated keys within entries, as faults of these. One outside of them leaves open what the
/// document says.
fn refuse_repeated(
    tree: &Tree<'_>,
    items: &[NodeId],
) -> Result<Vec<(usize, Diagnostic)>, Diagnostic> {
    let faults = tree.repeated().iter().map(|key| {
        let node = tree.node(*key);
        // The name is not told: in a map of hashes it would be one.
        let fault =
            node.diagnostic("the same name occurs twice in one mapping", "keep one of the two");
        let after =
            items.partition_point(|item| tree.node(*item).range().start <= node.range().start);
        match after.checked_sub(1) {
            Some(index) if node.range().end <= tree.node(items[index]).range().end => {
                Ok((index, fault))
            }
            _ => Err(fault),
        }
    });
    faults.collect()
}

/// Of several entries with one name, none is the key of that name.
fn refuse_shared_names(tree: &Tree<'_>, entries: &mut [ApiKeyEntry]) {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        if let Some(name) = &entry.name {
            by_name.entry(name).or_default().push(index);
        }
    }
    let shared: Vec<Vec<usize>> =
        by_name.into_values().filter(|indexes| indexes.len() > 1).collect();
    for indexes in shared {
        for index in &indexes {
            let other = indexes[usize::from(*index == indexes[0])];
            let line = tree.node(entries[other].node).line();
            let fault = format!("the entry at line {line} has the same name");
            let hint = "give each entry a name of its own";
            let fault = tree.node(entries[*index].node).diagnostic(fault, hint);
            entries[*index].add_fault(fault);
        }
    }
}

fn not_utf_8(bytes: &[u8], valid: usize) -> Diagnostic {
    let before = &bytes[..valid];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() as u64 + 1;
    Diagnostic::at(line, column, "the document is not UTF-8", "save it as UTF-8")
}
