//! A tenant's `security.yml`: its bytes, the keys that it defines, and where each entry stands.
//!
//! Reading is strict and bounded; an edit changes the lines of one entry and leaves every other
//! byte as it was. Nothing in here does I/O.
//!
//! Invariant: the keyring is exactly what the bytes say.

mod draft;
mod entry;
mod entry_edit;
mod fault;
mod flow_items;
mod layout;
mod list_edit;
mod meaning;
mod new_entry;
mod origin;
mod remarks;
mod scalar;
mod spelling;
mod splice;
mod syntax;
mod tree;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::draft::{Draft, NotEditable};
use self::entry::{ApiKeyEntry, EntryReader};
pub(crate) use self::fault::Fault;
use self::layout::{EntrySpan, Layout};
use self::meaning::{Meaning, Meanings};
pub(crate) use self::remarks::Remarks;
use self::tree::{Content, NodeId, Tree};
use crate::domain::{FaultyEntry, Keyring, KeyringBuilder};

/// The section of the file that is ours.
const SECTION: &str = "apiKeys";

/// A document that could be read.
#[derive(Debug)]
pub(crate) struct Document {
    bytes: Bytes,
    layout: Layout,
    keyring: Arc<Keyring>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// The [`Fault`] that keeps the document as a whole from being read. Faults of single entries
    /// are in the keyring.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self, Fault> {
        let Reading { layout, keyring, .. } = read(&bytes)?;
        Ok(Self { bytes, layout, keyring: Arc::new(keyring) })
    }

    /// Everything worth telling about a document.
    ///
    /// # Errors
    /// The [`Fault`] that keeps the document as a whole from being read.
    pub(crate) fn check(bytes: &[u8]) -> Result<Remarks, Fault> {
        remarks::of(bytes)
    }

    /// The bytes as they are in the file.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The keys that the document defines.
    pub(crate) fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }
}

/// Whether a document has nothing in it, as one has that an editor is about to write.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii().is_empty()
}

/// An entry with its place.
struct PlacedEntry {
    line: u64,
    column: u64,
    entry: ApiKeyEntry,
}

/// A document as it was read.
struct Reading<'t> {
    tree: Tree<'t>,
    has_section: bool,
    layout: Layout,
    keyring: Keyring,
    entries: Vec<PlacedEntry>,
}

fn read(bytes: &[u8]) -> Result<Reading<'_>, Fault> {
    if let Some(fault) = origin::by_first_bytes(bytes) {
        return Err(fault);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf_8(bytes, error.valid_up_to()))?;
    let tree = Tree::parse(text).map_err(|fault| syntax::explained(text, fault))?;
    let section = find_section(&tree).map_err(|fault| syntax::explained(text, fault))?;
    origin::oddly_indented_member(&tree)?;
    let mut meanings = Meanings::new(&tree);
    let others = members_of_root(&tree).filter(|member| Some(*member) != section);
    let others =
        Meaning::of_members(others.map(|(key, value)| (meanings.of(key), meanings.of(value))));
    let sealed = origin::seal(&tree);
    let Some((key, value)) = section else {
        refuse_repeated(&tree, &[])?;
        let section = layout::of_missing(&tree);
        let layout = Layout { section, entries: Vec::new(), others, anchored: false, sealed };
        let (keyring, entries) = (Keyring::default(), Vec::new());
        return Ok(Reading { has_section: false, layout, keyring, entries, tree });
    };
    let items = items_of_section(&tree, value).map_err(|fault| {
        origin::told_of_sops(&tree).unwrap_or_else(|| syntax::explained(text, fault))
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
    let (section, ranges) = layout::of_section(&tree, key, value, items);
    let mut builder = KeyringBuilder::with_capacity(entries.len());
    let mut placed = Vec::with_capacity(entries.len());
    for ((placed_entry, item), range) in entries.iter().zip(items).zip(ranges) {
        let is_key = placed_entry.entry.key.is_ok();
        placed.push(EntrySpan::new(range, is_key, meanings.of_entry(*item, is_key)));
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
    Ok(Reading { has_section: true, layout, keyring: builder.build(), entries, tree })
}

/// The entries of our section.
fn items_of_section<'a>(tree: &'a Tree<'_>, value: NodeId) -> Result<&'a [NodeId], Fault> {
    match &tree.resolved(value).content {
        Content::Sequence { items, .. } => Ok(tree.items(items)),
        Content::Scalar { value: scalar::Value::Null, .. } => Ok(&[]),
        Content::Scalar { .. } | Content::Mapping { .. } | Content::Alias(_) => {
            let node = tree.node(value);
            Err(Fault::at(
                node.line(),
                node.column(),
                &format!("{SECTION} is {}, not a list", tree.resolved(value).kind()),
                "write each key as an entry that starts with \"- name:\"",
            ))
        }
    }
}

/// The sections of a document.
fn members_of_root<'a>(tree: &'a Tree<'_>) -> impl Iterator<Item = (NodeId, NodeId)> + 'a {
    let members = tree.root().and_then(|root| match &tree.node(root).content {
        Content::Mapping { members, .. } => Some(tree.members(members)),
        Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => None,
    });
    members.into_iter().flatten()
}

/// A scalar as it is written.
fn text_of_key<'a>(tree: &'a Tree<'_>, id: NodeId) -> Option<&'a str> {
    match &tree.resolved(id).content {
        Content::Scalar { text, .. } => Some(text),
        Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => None,
    }
}

fn in_words(fault: &Fault) -> String {
    format!("{} ({})", fault.fault, fault.hint)
}

/// The key and the value of our section.
fn find_section(tree: &Tree<'_>) -> Result<Option<(NodeId, NodeId)>, Fault> {
    let Some(root) = tree.root() else { return Ok(None) };
    let node = tree.node(root);
    match &node.content {
        Content::Scalar { value: scalar::Value::Null, .. } => Ok(None),
        Content::Mapping { members, .. } => Ok(tree.members(members).find(|(key, _)| {
            matches!(&tree.resolved(*key).content, Content::Scalar { text, .. } if *text == SECTION)
        })),
        Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => Err(Fault::at(
            node.line(),
            node.column(),
            &format!("the document is {}, not a mapping", node.kind()),
            "put the entries under a line \"apiKeys:\"",
        )),
    }
}

/// Repeated keys within entries, as faults of these. One outside of them leaves open what the
/// document says.
fn refuse_repeated(tree: &Tree<'_>, items: &[NodeId]) -> Result<Vec<(usize, Fault)>, Fault> {
    let mut of_entries = Vec::new();
    for key in tree.repeated() {
        let node = tree.node(*key);
        // The name is not told: in a map of hashes it would be one.
        let fault = Fault::at(
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
            let fault = Fault::at(
                entries[*index].line,
                entries[*index].column,
                &format!("the entry at line {} has the same name", entries[*other].line),
                "give each entry a name of its own",
            );
            add_fault(&mut entries[*index].entry, fault);
        }
    }
}

fn add_fault(entry: &mut ApiKeyEntry, fault: Fault) {
    match &mut entry.key {
        Ok(_) => entry.key = Err(vec![fault]),
        Err(faults) => faults.push(fault),
    }
}

fn not_utf_8(bytes: &[u8], valid: usize) -> Fault {
    let before = &bytes[..valid];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() as u64 + 1;
    Fault::at(line, column, "the document is not UTF-8", "save it as UTF-8")
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod styles;
#[cfg(test)]
mod tests;
