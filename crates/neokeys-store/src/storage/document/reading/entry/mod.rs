//! One entry of `apiKeys`: what it says, or all that is wrong with it.
//!
//! Invariant: a fault never holds the value of a hash, and an entry with a fault is never a key.

mod member_values;

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::{ApiKey, Scope, Scopes};
use crate::storage::document::diagnostics::Diagnostic;
use crate::storage::document::diagnostics::foreign_formats::encrypted_value;
use crate::storage::document::reading::misspelled_members::{Consequence, find_rule, shown};
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};
use crate::storage::document::yaml::{Content, Node, NodeId, TagUse, Tree};

/// Permissions of one key.
const MOST_PERMISSIONS: usize = 256;
/// Mappings that are merged into each other.
const DEEPEST_MERGE: usize = 8;
/// EntryMembers that merge keys of one document bring in, all entries together.
const MOST_MERGED: usize = 1_000_000;

const REMOVE_TAG: &str = "remove the tag";

/// What stands in one entry.
#[derive(Debug)]
pub(crate) struct ApiKeyEntry {
    /// The name that the entry takes, if it has a readable one.
    pub(crate) name: Option<String>,
    /// The key, or everything that keeps the entry from being one.
    pub(crate) key: Result<ApiKey, Vec<Diagnostic>>,
    /// What is allowed but surely not meant.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// The members of an entry that mean something to us.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct EntryMembers {
    pub(crate) name: Option<Member>,
    pub(crate) enabled: Option<Member>,
    pub(crate) permissions: Option<Member>,
    pub(crate) hash: Option<Member>,
}

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) key: NodeId,
    pub(crate) value: NodeId,
}

impl EntryMembers {
    fn of_name(&mut self, name: &str) -> Option<&mut Option<Member>> {
        match name {
            "name" => Some(&mut self.name),
            "enabled" => Some(&mut self.enabled),
            "permissions" => Some(&mut self.permissions),
            "hash" => Some(&mut self.hash),
            _ => None,
        }
    }

    /// The members that stand in the mapping itself.
    pub(crate) fn own(tree: &Tree<'_>, mapping: &Range<u32>) -> Self {
        let mut members = Self::default();
        for (key, value) in tree.members(mapping) {
            if let Some(slot) = text_of(tree, key).and_then(|name| members.of_name(name)) {
                slot.get_or_insert(Member { key, value });
            }
        }
        members
    }
}

/// Whether a member of an entry is one that the key tells.
pub(crate) fn is_ours(tree: &Tree<'_>, key: NodeId) -> bool {
    text_of(tree, key).is_some_and(is_name_of_member)
}

/// Whether a member of this name means something in an entry.
pub(crate) fn is_name_of_member(name: &str) -> bool {
    EntryMembers::default().of_name(name).is_some()
}

/// Of an entry: where it is a key, of all its members that the key does not tell.
pub(crate) fn hash_beside_key(
    hasher: &mut SemanticHasher<'_, '_>,
    tree: &Tree<'_>,
    id: NodeId,
    is_key: bool,
) -> SemanticHash {
    match &tree.resolved(id).content {
        Content::Mapping { members, .. } if is_key => hasher.of_other_members(members, is_ours),
        Content::Mapping { .. }
        | Content::Scalar { .. }
        | Content::Sequence { .. }
        | Content::Alias(_) => hasher.of(id),
    }
}

/// What stands there, whatever its tag says.
fn written_text<'a>(tree: &'a Tree<'_>, id: NodeId) -> Option<&'a str> {
    match &tree.resolved(id).content {
        Content::Scalar { text, .. } => Some(text),
        Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => None,
    }
}

fn text_of<'a>(tree: &'a Tree<'_>, id: NodeId) -> Option<&'a str> {
    match &tree.resolved(id).content {
        Content::Scalar { text, value: Value::Text, .. } => Some(text),
        Content::Scalar { .. }
        | Content::Sequence { .. }
        | Content::Mapping { .. }
        | Content::Alias(_) => None,
    }
}

/// Reads entries of one document. Equal permissions share their memory.
pub(crate) struct EntryReader<'a, 't> {
    tree: &'a Tree<'t>,
    scopes: HashMap<&'a str, Scope>,
    lists: HashMap<Vec<&'a str>, Scopes>,
    merged: usize,
}

impl<'a, 't> EntryReader<'a, 't> {
    /// A reader of the entries of this tree.
    pub(crate) fn new(tree: &'a Tree<'t>) -> Self {
        Self { tree, scopes: HashMap::new(), lists: HashMap::new(), merged: 0 }
    }

    /// Reads one entry.
    pub(crate) fn read(&mut self, id: NodeId) -> ApiKeyEntry {
        let tree = self.tree;
        let node = tree.resolved(id);
        let Content::Mapping { members, .. } = &node.content else {
            let fault = fault_at(
                tree.node(id),
                &format!("the entry is {}", node.kind()),
                "write it as a mapping with name, permissions and hash",
            );
            return ApiKeyEntry { name: None, key: Err(vec![fault]), warnings: Vec::new() };
        };
        let place = tree.node(id);
        let mut faults = Vec::new();
        if let TagUse::Other(_) = node.tag {
            faults.push(fault_at(
                place,
                "the entry has a tag that neokeys does not know",
                REMOVE_TAG,
            ));
        }
        let mut known = EntryMembers::own(tree, members);
        let mut others = Vec::new();
        self.note_others(members, &mut others);
        self.merge(members, &mut known, &mut others, 0, &mut faults);
        let warnings = judge_others(tree, &others, &known, &mut faults);
        let name = self.name(place, known.name, &mut faults);
        let enabled = self.enabled(known.enabled, &mut faults);
        let scopes = self.permissions(known.permissions, &mut faults);
        let digest = self.hash(place, known.hash, &mut faults);
        let taken = known.name.and_then(|member| match &tree.resolved(member.value).content {
            Content::Scalar { text, value, .. } if *value != Value::Null => Some(text.to_string()),
            Content::Scalar { .. }
            | Content::Sequence { .. }
            | Content::Mapping { .. }
            | Content::Alias(_) => None,
        });
        let key = match (name, enabled, scopes, digest) {
            (Some(name), Some(enabled), Some(scopes), Some(digest)) if faults.is_empty() => {
                Ok(ApiKey { name, enabled, scopes, digest })
            }
            _ => Err(faults),
        };
        ApiKeyEntry { name: taken, key, warnings }
    }

    /// Notes the members whose names mean nothing to us, to be judged by their spelling.
    fn note_others(&self, members: &Range<u32>, others: &mut Vec<NodeId>) {
        let keys = self.tree.members(members).map(|(key, _)| key);
        others.extend(keys.filter(|key| !is_ours(self.tree, *key)));
    }

    /// Fills in what merge keys (`<<`) bring. YAML 1.2 has none, but people write them, and one
    /// that brings `enabled: false` must not be lost.
    fn merge(
        &mut self,
        members: &Range<u32>,
        known: &mut EntryMembers,
        others: &mut Vec<NodeId>,
        depth: usize,
        faults: &mut Vec<Diagnostic>,
    ) {
        let tree = self.tree;
        for (key, value) in tree.members(members) {
            if written_text(tree, key) != Some("<<") {
                continue;
            }
            let sources: Vec<NodeId> = match &tree.resolved(value).content {
                Content::Sequence { items, .. } => tree.items(items).to_vec(),
                Content::Scalar { .. } | Content::Mapping { .. } | Content::Alias(_) => vec![value],
            };
            for source in sources {
                let Content::Mapping { members, .. } = &tree.resolved(source).content else {
                    faults.push(fault_at(
                        tree.node(source),
                        "a merge key (<<) needs a mapping",
                        "name an anchored mapping, or write the members out",
                    ));
                    continue;
                };
                self.merged += members.len();
                if depth == DEEPEST_MERGE || self.merged > MOST_MERGED {
                    faults.push(fault_at(
                        tree.node(source),
                        "the merge keys (<<) bring in too much",
                        "write the members out",
                    ));
                    return;
                }
                let inherited = EntryMembers::own(tree, members);
                known.name = known.name.or(inherited.name);
                known.enabled = known.enabled.or(inherited.enabled);
                known.permissions = known.permissions.or(inherited.permissions);
                known.hash = known.hash.or(inherited.hash);
                self.note_others(members, others);
                self.merge(members, known, others, depth + 1, faults);
            }
        }
    }
}

/// Judges members by their names. Gives the warnings.
fn judge_others(
    tree: &Tree<'_>,
    others: &[NodeId],
    known: &EntryMembers,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let mut known = *known;
    for key in others {
        let Some(name) = written_text(tree, *key) else { continue };
        let node = tree.node(*key);
        if known.of_name(name).is_some() {
            let fault = format!("the name {} has a tag that neokeys does not know", shown(name));
            faults.push(fault_at(node, &fault, REMOVE_TAG));
            continue;
        }
        let Some(rule) = find_rule(name) else { continue };
        let fault = if name == rule.member {
            format!("{} is not understood here: {}", rule.member, rule.reason)
        } else {
            format!("{} is not {}: {}", shown(name), rule.member, rule.reason)
        };
        let is_missing = known.of_name(rule.member).is_none_or(|member| member.is_none());
        match rule.outcome {
            Consequence::NoKey => faults.push(fault_at(node, &fault, rule.hint)),
            Consequence::Warning => warnings.push(fault_at(node, &fault, rule.hint)),
            Consequence::WarningIfMissing if is_missing => {
                warnings.push(fault_at(node, &fault, rule.hint));
            }
            Consequence::WarningIfMissing => {}
        }
    }
    warnings
}

fn fault_at(node: &Node<'_>, fault: &str, hint: &str) -> Diagnostic {
    Diagnostic::at(node.line(), node.column(), fault, hint)
}

/// The fault of a value that another program encrypted.
fn encrypted(place: &Node<'_>, found: &Node<'_>, what: &str) -> Option<Diagnostic> {
    let Content::Scalar { text, .. } = &found.content else { return None };
    let (how, hint) = encrypted_value(text)?;
    Some(fault_at(place, &format!("{what} is {how}"), hint))
}

fn wrong_kind(place: &Node<'_>, found: &Node<'_>, what: &str, wanted: &str) -> Diagnostic {
    if let Some(fault) = encrypted(place, found, what) {
        return fault;
    }
    let hint = match &found.content {
        Content::Scalar { value: Value::Other, .. } => REMOVE_TAG.to_owned(),
        Content::Scalar { value: Value::Bool(_) | Value::Number, .. } if wanted == "a text" => {
            "put it in quotes".to_owned()
        }
        Content::Scalar { .. }
        | Content::Sequence { .. }
        | Content::Mapping { .. }
        | Content::Alias(_) => format!("write {wanted}, or remove the line"),
    };
    fault_at(place, &format!("{what} is {}, not {wanted}", found.kind()), &hint)
}

fn without_stop(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}
