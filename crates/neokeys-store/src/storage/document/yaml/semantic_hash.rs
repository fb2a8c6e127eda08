//! Fingerprints of what nodes mean, whatever their style, quotes, comments and places: an edit may
//! change those of nothing but what it is about.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// What something means, as a number: equal where the meaning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SemanticHash(u64);

impl SemanticHash {
    /// Of a mapping with these members.
    pub(crate) fn of_members(members: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let mut hasher = DefaultHasher::new();
        members.into_iter().for_each(|member| member.hash(&mut hasher));
        Self(hasher.finish())
    }

    /// Of a plain text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (0_u8, Value::Text, text).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Finds what nodes of a tree mean. An alias means what its target does.
pub(crate) struct SemanticHasher<'a, 't> {
    tree: &'a Tree<'t>,
    /// So that time grows with the text, however often a node is named.
    anchored: HashMap<NodeId, SemanticHash>,
}

impl<'a, 't> SemanticHasher<'a, 't> {
    /// For the nodes of a tree.
    pub(crate) fn new(tree: &'a Tree<'t>) -> Self {
        Self { tree, anchored: HashMap::new() }
    }

    /// Of a node.
    pub(crate) fn of(&mut self, id: NodeId) -> SemanticHash {
        let tree = self.tree;
        let node = tree.node(id);
        if let Content::Alias(target) = &node.content {
            return self.of(*target);
        }
        if node.anchored {
            if let Some(known) = self.anchored.get(&id) {
                return *known;
            }
            // Within itself, a node is not expanded.
            self.anchored.insert(id, SemanticHash(0));
        }
        let mut hasher = DefaultHasher::new();
        node.tag.hash_unknown(&mut hasher);
        match &node.content {
            Content::Scalar { text, value, .. } => (0_u8, value, &**text).hash(&mut hasher),
            Content::Sequence { items, .. } => {
                (1_u8, items.len()).hash(&mut hasher);
                tree.items(items).iter().for_each(|item| self.of(*item).hash(&mut hasher));
            }
            Content::Mapping { members, .. } => {
                (2_u8, members.len()).hash(&mut hasher);
                tree.items(members).iter().for_each(|item| self.of(*item).hash(&mut hasher));
            }
            Content::Alias(_) => {}
        }
        let meaning = SemanticHash(hasher.finish());
        if node.anchored {
            self.anchored.insert(id, meaning);
        }
        meaning
    }

    /// Of a mapping without some of its members.
    pub(crate) fn of_other_members(
        &mut self,
        members: &Range<u32>,
        left_out: impl Fn(&Tree<'t>, NodeId) -> bool,
    ) -> SemanticHash {
        let tree = self.tree;
        let others = tree.members(members).filter(|(key, _)| !left_out(tree, *key));
        SemanticHash::of_members(others.map(|(key, value)| (self.of(key), self.of(value))))
    }
}
