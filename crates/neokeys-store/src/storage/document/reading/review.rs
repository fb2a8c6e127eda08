//! The keys of a file for a reader of changes: `security.yml` or wanted keys, with a member a line.
//!
//! Invariant: no hash is among the texts.

use std::collections::BTreeMap;

use super::desired_document::documents_of;
use super::{SECTION, items_of_section, syntax_hints};
use crate::domain::Digest;
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// A key of a file as it is compared with its other state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewedKey {
    /// Its members but for hashes, by name, each on one line.
    pub members: BTreeMap<String, String>,
    /// All that is secret of it, to tell one state from another.
    secrets: Vec<Digest>,
}

/// The keys of a file, by the tenant that it names, if it names one, and their name.
pub type ReviewedKeys = BTreeMap<(String, String), ReviewedKey>;

impl ReviewedKey {
    /// Whether it has other tokens than another state.
    #[must_use]
    pub fn has_other_tokens(&self, other: &Self) -> bool {
        self.secrets != other.secrets
    }
}

/// Reads the keys of a file. Entries without a name are none.
///
/// # Errors
/// The [`Diagnostic`] that keeps the file from being read.
pub fn read_for_review(bytes: &[u8]) -> Result<ReviewedKeys, Diagnostic> {
    let mut keys = ReviewedKeys::new();
    for text in documents_of(bytes)? {
        let explained = |fault| syntax_hints::explained(&text, fault);
        let tree = &Tree::parse(&text).map_err(explained)?;
        let root = tree.root().and_then(|root| tree.members_of(tree.node(root)));
        let member = |name: &str| {
            let mut members = root.unwrap_or_default().iter();
            members.find(|[key, _]| tree.text_of(*key) == Some(name)).map(|it| it[1])
        };
        let tenant = member("tenant").and_then(|it| tree.text_of(it)).unwrap_or_default();
        let items = member(SECTION).map(|value| items_of_section(tree, value)).transpose()?;
        for item in items.unwrap_or_default() {
            let members = tree.members_of(tree.resolved(*item)).unwrap_or_default();
            let mut key = ReviewedKey::default();
            for [name, value] in members {
                let name = tree.text_of(*name).unwrap_or_default();
                if matches!(name, "hash" | "previousHashes") {
                    key.secrets.push(Digest::of(on_a_line(tree, *value, 0).as_bytes()));
                } else {
                    key.members.insert(name.to_owned(), on_a_line(tree, *value, 0));
                }
            }
            if let Some(name) = key.members.remove("name") {
                keys.insert((tenant.to_owned(), name), key);
            }
        }
    }
    Ok(keys)
}

/// A value on one line. What is nested deeper than any member of ours is left out.
fn on_a_line(tree: &Tree<'_>, value: NodeId, depth: usize) -> String {
    let node = tree.resolved(value);
    let joined = |parts: Vec<String>| parts.join(", ");
    match &node.content {
        _ if depth > 4 => "…".to_owned(),
        Content::Scalar { text, .. } => text.to_string(),
        Content::Sequence { .. } => {
            let items = tree.items_of(node).unwrap_or_default().iter();
            joined(items.map(|item| on_a_line(tree, *item, depth + 1)).collect())
        }
        Content::Mapping { .. } => {
            let members = tree.members_of(node).unwrap_or_default().iter();
            let text = |id: NodeId| on_a_line(tree, id, depth + 1);
            joined(members.map(|[key, value]| format!("{}={}", text(*key), text(*value))).collect())
        }
        Content::Alias(_) => String::new(),
    }
}
