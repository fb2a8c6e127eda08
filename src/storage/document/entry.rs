//! One entry of `apiKeys`: what it says, or all that is wrong with it.
//!
//! Invariant: a fault never holds the value of a hash, and an entry with a fault is never a key.

use std::collections::HashMap;
use std::ops::Range;

use super::fault::Fault;
use super::scalar::Value;
use super::tree::{Content, Node, NodeId, Tree};
use crate::domain::{ApiKey, Digest, KeyName, Scope, Scopes};

/// Permissions of one key.
const MOST_PERMISSIONS: usize = 256;
/// Mappings that are merged into each other.
const DEEPEST_MERGE: usize = 8;
/// Members that merge keys of one document bring in, all entries together.
const MOST_MERGED: usize = 1_000_000;

/// What stands in one entry.
#[derive(Debug)]
pub(super) struct ApiKeyEntry {
    /// The name that the entry takes, if it has a readable one.
    pub(super) name: Option<String>,
    /// The key, or everything that keeps the entry from being one.
    pub(super) key: Result<ApiKey, Vec<Fault>>,
}

/// The members of an entry that mean something to us.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Members {
    pub(super) name: Option<Member>,
    pub(super) enabled: Option<Member>,
    pub(super) permissions: Option<Member>,
    pub(super) hash: Option<Member>,
}

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) key: NodeId,
    pub(super) value: NodeId,
}

impl Members {
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
    pub(super) fn own(tree: &Tree<'_>, mapping: &Range<u32>) -> Self {
        let mut members = Self::default();
        for (key, value) in tree.members(mapping) {
            if let Some(slot) = text_of(tree, key).and_then(|name| members.of_name(name)) {
                slot.get_or_insert(Member { key, value });
            }
        }
        members
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
pub(super) struct EntryReader<'a, 't> {
    tree: &'a Tree<'t>,
    scopes: HashMap<&'a str, Scope>,
    lists: HashMap<Vec<&'a str>, Scopes>,
    merged: usize,
}

impl<'a, 't> EntryReader<'a, 't> {
    /// A reader of the entries of this tree.
    pub(super) fn new(tree: &'a Tree<'t>) -> Self {
        Self { tree, scopes: HashMap::new(), lists: HashMap::new(), merged: 0 }
    }

    /// Reads one entry.
    pub(super) fn read(&mut self, id: NodeId) -> ApiKeyEntry {
        let tree = self.tree;
        let node = tree.resolved(id);
        let Content::Mapping { members, .. } = &node.content else {
            let fault = fault_at(
                tree.node(id),
                &format!("the entry is {}", node.kind()),
                "write it as a mapping with name, permissions and hash",
            );
            return ApiKeyEntry { name: None, key: Err(vec![fault]) };
        };
        let mut faults = Vec::new();
        let mut known = Members::own(tree, members);
        self.merge(members, &mut known, 0, &mut faults);
        let place = tree.node(id);
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
        ApiKeyEntry { name: taken, key }
    }

    /// Fills in what merge keys (`<<`) bring. YAML 1.2 has none, but people write them, and one
    /// that brings `enabled: false` must not be lost.
    fn merge(
        &mut self,
        members: &Range<u32>,
        known: &mut Members,
        depth: usize,
        faults: &mut Vec<Fault>,
    ) {
        let tree = self.tree;
        for (key, value) in tree.members(members) {
            if text_of(tree, key) != Some("<<") {
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
                let inherited = Members::own(tree, members);
                known.name = known.name.or(inherited.name);
                known.enabled = known.enabled.or(inherited.enabled);
                known.permissions = known.permissions.or(inherited.permissions);
                known.hash = known.hash.or(inherited.hash);
                self.merge(members, known, depth + 1, faults);
            }
        }
    }

    fn name(
        &self,
        entry: &Node<'t>,
        member: Option<Member>,
        faults: &mut Vec<Fault>,
    ) -> Option<KeyName> {
        let Some(Member { value, .. }) = member else {
            faults.push(fault_at(entry, "the entry has no name", "add a line \"name: …\""));
            return None;
        };
        let node = self.tree.node(value);
        let Some(text) = text_of(self.tree, value) else {
            faults.push(wrong_kind(node, self.tree.resolved(value), "name", "a text"));
            return None;
        };
        match KeyName::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                faults.push(fault_at(node, "the name is not allowed", &without_stop(error)));
                None
            }
        }
    }

    fn enabled(&self, member: Option<Member>, faults: &mut Vec<Fault>) -> Option<bool> {
        let Some(Member { value, .. }) = member else { return Some(true) };
        match &self.tree.resolved(value).content {
            Content::Scalar { value: Value::Bool(enabled), .. } => Some(*enabled),
            Content::Scalar { .. }
            | Content::Sequence { .. }
            | Content::Mapping { .. }
            | Content::Alias(_) => {
                let node = self.tree.node(value);
                let found = self.tree.resolved(value);
                faults.push(Fault::at(
                    node.line(),
                    node.column(),
                    &format!("enabled is {}, not a boolean", found.kind()),
                    "write true or false, without quotes",
                ));
                None
            }
        }
    }

    fn permissions(&mut self, member: Option<Member>, faults: &mut Vec<Fault>) -> Option<Scopes> {
        let tree = self.tree;
        let Some(Member { value, .. }) = member else { return Some(Scopes::default()) };
        let Content::Sequence { items, .. } = &tree.resolved(value).content else {
            let node = tree.node(value);
            faults.push(wrong_kind(node, tree.resolved(value), "permissions", "a list"));
            return None;
        };
        let items = tree.items(items);
        if items.len() > MOST_PERMISSIONS {
            faults.push(fault_at(
                tree.node(value),
                &format!("there are {} permissions", items.len()),
                &format!("keep at most {MOST_PERMISSIONS}"),
            ));
            return None;
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match text_of(tree, *item) {
                Some(text) => texts.push(text),
                None => {
                    let node = tree.node(*item);
                    faults.push(wrong_kind(node, tree.resolved(*item), "the permission", "a text"));
                }
            }
        }
        if texts.len() < items.len() {
            return None;
        }
        if let Some(scopes) = self.lists.get(&texts) {
            return Some(scopes.clone());
        }
        let mut scopes = Vec::with_capacity(texts.len());
        for (text, item) in texts.iter().zip(items) {
            match self
                .scopes
                .get(text)
                .map_or_else(|| Scope::parse(text), |scope| Ok(scope.clone()))
            {
                Ok(scope) => {
                    self.scopes.entry(text).or_insert_with(|| scope.clone());
                    scopes.push(scope);
                }
                Err(error) => faults.push(fault_at(
                    tree.node(*item),
                    "the permission is not allowed",
                    &format!("it {error}"),
                )),
            }
        }
        if scopes.len() < texts.len() {
            return None;
        }
        let scopes = Scopes::new(scopes);
        self.lists.insert(texts, scopes.clone());
        Some(scopes)
    }

    fn hash(
        &self,
        entry: &Node<'t>,
        member: Option<Member>,
        faults: &mut Vec<Fault>,
    ) -> Option<Digest> {
        let Some(Member { value, .. }) = member else {
            faults.push(fault_at(
                entry,
                "the entry has no hash",
                "add a line \"hash: …\" with the SHA-256 of the token",
            ));
            return None;
        };
        let node = self.tree.node(value);
        let Content::Scalar { text, value, .. } = &self.tree.resolved(value).content else {
            faults.push(wrong_kind(node, self.tree.resolved(value), "hash", "a text"));
            return None;
        };
        if *value == Value::Null {
            faults.push(fault_at(node, "hash is empty", "write the SHA-256 of the token"));
            return None;
        }
        // A hash may be all digits: its text counts, not what YAML would make of it.
        match Digest::parse(text) {
            Ok(digest) => Some(digest),
            Err(error) => {
                faults.push(fault_at(node, "the hash is no SHA-256", &error.to_string()));
                None
            }
        }
    }
}

fn fault_at(node: &Node<'_>, fault: &str, hint: &str) -> Fault {
    Fault::at(node.line(), node.column(), fault, hint)
}

fn wrong_kind(place: &Node<'_>, found: &Node<'_>, what: &str, wanted: &str) -> Fault {
    let hint = match &found.content {
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
