//! A document's bytes as keys, faulty entries and the places of both.

pub(crate) mod entry;
pub(crate) mod misspelled_members;
pub(crate) mod section_layout;

use std::collections::HashMap;
use std::sync::Arc;

use self::entry::{ApiKeyEntry, EntryReader};
use self::section_layout::{EntrySpan, Layout};
use crate::domain::{FaultyEntry, Keyring, KeyringBuilder};
use crate::storage::document::diagnostics::{Diagnostic, foreign_formats, syntax_hints};
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};
use crate::storage::document::yaml::{Content, NodeId, Tree, scalar};

/// The section of the file that is ours.
pub(crate) const SECTION: &str = "apiKeys";

/// An entry with its place.
pub(crate) struct PlacedEntry {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) entry: ApiKeyEntry,
}

/// A document as it was read.
pub(crate) struct ParsedDocument<'t> {
    pub(crate) tree: Tree<'t>,
    pub(crate) has_section: bool,
    pub(crate) layout: Layout,
    pub(crate) keyring: Keyring,
    pub(crate) entries: Vec<PlacedEntry>,
}

pub(crate) fn read(bytes: &[u8]) -> Result<ParsedDocument<'_>, Diagnostic> {
    if let Some(fault) = foreign_formats::by_first_bytes(bytes) {
        return Err(fault);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf_8(bytes, error.valid_up_to()))?;
    let tree = Tree::parse(text).map_err(|fault| syntax_hints::explained(text, fault))?;
    let section = find_section(&tree).map_err(|fault| syntax_hints::explained(text, fault))?;
    foreign_formats::oddly_indented_member(&tree)?;
    let mut meanings = SemanticHasher::new(&tree);
    let others = members_of_root(&tree).filter(|member| Some(*member) != section);
    let others =
        SemanticHash::of_members(others.map(|(key, value)| (meanings.of(key), meanings.of(value))));
    let sealed = foreign_formats::seal(&tree);
    let Some((key, value)) = section else {
        refuse_repeated(&tree, &[])?;
        let section = section_layout::of_missing(&tree);
        let layout = Layout { section, entries: Vec::new(), others, anchored: false, sealed };
        let (keyring, entries) = (Keyring::default(), Vec::new());
        return Ok(ParsedDocument { has_section: false, layout, keyring, entries, tree });
    };
    let items = items_of_section(&tree, value).map_err(|fault| {
        foreign_formats::told_of_sops(&tree).unwrap_or_else(|| syntax_hints::explained(text, fault))
    })?;
    let repeated = refuse_repeated(&tree, items)?;
    let mut reader = EntryReader::new(&tree);
    let mut entries: Vec<PlacedEntry> = items
        .iter()
        .map(|item| {
            let node = tree.node(*item);
            PlacedEntry { line: node.line(), column: node.column(), entry: reader.read(*item) }
        })
        .collect();
    for (index, fault) in repeated {
        add_fault(&mut entries[index].entry, fault);
    }
    refuse_shared_names(&mut entries);
    let (section, ranges) = section_layout::of_section(&tree, key, value, items);
    let mut builder = KeyringBuilder::with_capacity(entries.len());
    let mut placed = Vec::with_capacity(entries.len());
    for ((placed_entry, item), range) in entries.iter().zip(items).zip(ranges) {
        let is_key = placed_entry.entry.key.is_ok();
        placed.push(EntrySpan::new(
            range,
            is_key,
            entry::hash_beside_key(&mut meanings, &tree, *item, is_key),
        ));
        match &placed_entry.entry.key {
            Ok(key) => builder.key(Arc::new(key.clone())),
            Err(faults) => builder.faulty(FaultyEntry {
                name: placed_entry.entry.name.clone(),
                line: placed_entry.line,
                fault: faults.iter().map(in_words).collect::<Vec<_>>().join("; "),
            }),
        }
    }
    let anchored =
        tree.node(value).anchored || tree.root().is_some_and(|root| tree.node(root).anchored);
    let layout = Layout { section, entries: placed, others, anchored, sealed };
    Ok(ParsedDocument { has_section: true, layout, keyring: builder.build(), entries, tree })
}

/// The entries of our section.
pub(crate) fn items_of_section<'a>(
    tree: &'a Tree<'_>,
    value: NodeId,
) -> Result<&'a [NodeId], Diagnostic> {
    match &tree.resolved(value).content {
        Content::Sequence { items, .. } => Ok(tree.items(items)),
        Content::Scalar { value: scalar::Value::Null, .. } => Ok(&[]),
        Content::Scalar { .. } | Content::Mapping { .. } | Content::Alias(_) => {
            let node = tree.node(value);
            Err(Diagnostic::at(
                node.line(),
                node.column(),
                &format!("{SECTION} is {}, not a list", tree.resolved(value).kind()),
                "write each key as an entry that starts with \"- name:\"",
            ))
        }
    }
}

/// The sections of a document.
pub(crate) fn members_of_root<'a>(
    tree: &'a Tree<'_>,
) -> impl Iterator<Item = (NodeId, NodeId)> + 'a {
    let members = tree.root().and_then(|root| match &tree.node(root).content {
        Content::Mapping { members, .. } => Some(tree.members(members)),
        Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => None,
    });
    members.into_iter().flatten()
}

/// A scalar as it is written.
pub(crate) fn text_of_key<'a>(tree: &'a Tree<'_>, id: NodeId) -> Option<&'a str> {
    match &tree.resolved(id).content {
        Content::Scalar { text, .. } => Some(text),
        Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => None,
    }
}

fn in_words(fault: &Diagnostic) -> String {
    format!("{} ({})", fault.fault, fault.hint)
}

/// The key and the value of our section.
pub(crate) fn find_section(tree: &Tree<'_>) -> Result<Option<(NodeId, NodeId)>, Diagnostic> {
    let Some(root) = tree.root() else { return Ok(None) };
    let node = tree.node(root);
    match &node.content {
        Content::Scalar { value: scalar::Value::Null, .. } => Ok(None),
        Content::Mapping { members, .. } => Ok(tree.members(members).find(|(key, _)| {
            matches!(&tree.resolved(*key).content, Content::Scalar { text, .. } if *text == SECTION)
        })),
        Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => Err(Diagnostic::at(
            node.line(),
            node.column(),
            &format!("the document is {}, not a mapping", node.kind()),
            "put the entries under a line \"apiKeys:\"",
        )),
    }
}

/// Repeated keys within entries, as faults of these. One outside of them leaves open what the
/// document says.
fn refuse_repeated(
    tree: &Tree<'_>,
    items: &[NodeId],
) -> Result<Vec<(usize, Diagnostic)>, Diagnostic> {
    let mut of_entries = Vec::new();
    for key in tree.repeated() {
        let node = tree.node(*key);
        // The name is not told: in a map of hashes it would be one.
        let fault = Diagnostic::at(
            node.line(),
            node.column(),
            "the same name stands twice in one mapping",
            "keep one of the two",
        );
        let after =
            items.partition_point(|item| tree.node(*item).range().start <= node.range().start);
        match after.checked_sub(1) {
            Some(index) if node.range().end <= tree.node(items[index]).range().end => {
                of_entries.push((index, fault));
            }
            _ => return Err(fault),
        }
    }
    Ok(of_entries)
}

/// Of several entries with one name, none is the key of that name.
fn refuse_shared_names(entries: &mut [PlacedEntry]) {
    let mut lines: HashMap<String, Vec<usize>> = HashMap::with_capacity(entries.len());
    for (index, placed) in entries.iter().enumerate() {
        if let Some(name) = &placed.entry.name {
            match lines.get_mut(name) {
                Some(indexes) => indexes.push(index),
                None => drop(lines.insert(name.clone(), vec![index])),
            }
        }
    }
    for indexes in lines.values().filter(|indexes| indexes.len() > 1) {
        for index in indexes {
            let other = indexes.iter().find(|other| *other != index).unwrap_or(index);
            let fault = Diagnostic::at(
                entries[*index].line,
                entries[*index].column,
                &format!("the entry at line {} has the same name", entries[*other].line),
                "give each entry a name of its own",
            );
            add_fault(&mut entries[*index].entry, fault);
        }
    }
}

fn add_fault(entry: &mut ApiKeyEntry, fault: Diagnostic) {
    match &mut entry.key {
        Ok(_) => entry.key = Err(vec![fault]),
        Err(faults) => faults.push(fault),
    }
}

fn not_utf_8(bytes: &[u8], valid: usize) -> Diagnostic {
    let before = &bytes[..valid];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() as u64 + 1;
    Diagnostic::at(line, column, "the document is not UTF-8", "save it as UTF-8")
}
