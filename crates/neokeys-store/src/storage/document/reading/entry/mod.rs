//! One entry of `apiKeys`: the key that it is, or all that is wrong with it.
//!
//! Invariant: a fault never holds the value of a hash, and an entry with a fault is never a key.

pub(crate) mod desired_key;
pub(crate) mod details;
pub(crate) mod member_values;
pub(crate) mod members;
mod merge_keys;
pub(crate) mod written_details;

use foldhash::{HashMap, HashMapExt as _};

use self::members::{EntryMembers, MemberName};
use crate::domain::{ApiKey, Scope, Scopes};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::reading::misspelled_members::{Consequence, find_rule, shown};
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};
use crate::storage::document::yaml::{NodeId, TagUse, Tree};

const REMOVE_TAG: &str = "remove the tag";

/// An entry as it was read.
#[derive(Debug)]
pub(crate) struct ApiKeyEntry {
    /// Where it stands.
    pub(crate) node: NodeId,
    /// The name that the entry takes, if it has a readable one.
    pub(crate) name: Option<String>,
    /// The key, or everything that keeps the entry from being one.
    pub(crate) key: Result<ApiKey, Vec<Diagnostic>>,
    /// Faults that are allowed but surely not meant.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl ApiKeyEntry {
    /// Keeps the entry from being a key.
    pub(super) fn add_fault(&mut self, fault: Diagnostic) {
        match &mut self.key {
            Ok(_) => self.key = Err(vec![fault]),
            Err(faults) => faults.push(fault),
        }
    }
}

/// The hash of an entry: where it is a key, of all its members that the key does not tell.
pub(crate) fn hash_beside_key(
    hasher: &mut SemanticHasher<'_, '_>,
    tree: &Tree<'_>,
    id: NodeId,
    is_key: bool,
) -> SemanticHash {
    match tree.members_of(tree.resolved(id)) {
        Some(members) if is_key => hasher
            .of_members(members.iter().filter(|[key, _]| MemberName::of_key(tree, *key).is_none())),
        _ => hasher.of(id),
    }
}

/// A reader of the entries of one document. Equal permissions share their memory.
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
        let (place, node) = (tree.node(id), tree.resolved(id));
        let Some(members) = tree.members_of(node) else {
            let hint = "write it as a mapping with name, permissions and hash";
            let fault = place.diagnostic(format!("the entry is {}", node.kind()), hint);
            return ApiKeyEntry {
                node: id,
                name: None,
                key: Err(vec![fault]),
                warnings: Vec::new(),
            };
        };
        let mut faults = Vec::new();
        if let TagUse::Other(_) = node.tag {
            let fault = "the entry has a tag that neokeys does not know";
            faults.push(place.diagnostic(fault, REMOVE_TAG));
        }
        let mut known = EntryMembers::of(tree, members);
        // What an alias or a merge key brings is not lost when the entry gets a value of its own.
        let own = if place.is_alias() { EntryMembers::default() } else { known };
        let mut keys: Vec<NodeId> = members.iter().map(|[key, _]| *key).collect();
        self.merge(members, &mut known, &mut keys, 0, &mut faults);
        let mut warnings = self.check_names(&keys, &known, &mut faults);
        let name = self.name(place, known.get(MemberName::Name));
        let name = name.map_err(|fault| faults.push(fault)).ok();
        let enabled = self.enabled(known.get(MemberName::Enabled));
        let enabled = enabled.map_err(|fault| faults.push(fault)).ok();
        let scopes = self.permissions(known.get(MemberName::Permissions));
        let scopes = scopes.map_err(|all| faults.extend(all)).ok();
        let digest = self.hash(place, known.get(MemberName::Hash));
        let digest = digest.map_err(|fault| faults.push(fault)).ok();
        let details = self.details(&known, &own, &mut warnings);
        let details = details.map_err(|all| faults.extend(all)).ok();
        let taken = known.get(MemberName::Name).and_then(|member| {
            let named = tree.resolved(member.value);
            named.text().filter(|_| named.value() != Some(Value::Null)).map(str::to_owned)
        });
        let key = match (name, enabled, scopes, digest, details) {
            (Some(name), Some(enabled), Some(scopes), Some(digest), Some(details))
                if faults.is_empty() =>
            {
                Ok(ApiKey::new(name, enabled, scopes, digest).with_details(details))
            }
            _ => Err(faults),
        };
        ApiKeyEntry { node: id, name: taken, key, warnings }
    }

    /// Checks the names of members that mean nothing to us by their spelling. Gives the warnings.
    fn check_names(
        &self,
        keys: &[NodeId],
        known: &EntryMembers,
        faults: &mut Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let tree = self.tree;
        let mut warnings = Vec::new();
        let others = keys.iter().filter(|key| MemberName::of_key(tree, **key).is_none());
        for (key, name) in others.filter_map(|key| Some((key, tree.text_of(*key)?))) {
            let node = tree.node(*key);
            if MemberName::find(name).is_some() {
                let fault =
                    format!("the name {} has a tag that neokeys does not know", shown(name));
                faults.push(node.diagnostic(fault, REMOVE_TAG));
                continue;
            }
            let Some(rule) = find_rule(name) else { continue };
            let told = node.diagnostic(rule.fault(name), rule.hint);
            let is_there = MemberName::find(rule.member).and_then(|it| known.get(it)).is_some();
            match rule.consequence {
                Consequence::NoKey => faults.push(told),
                Consequence::WarningIfMissing if is_there => {}
                Consequence::Warning | Consequence::WarningIfMissing => warnings.push(told),
            }
        }
        warnings
    }
}
