//! Hashes of what nodes mean, whatever their style, quotes, comments and places: an edit may change those
//! of nothing but what it is about.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// A number that is equal where the meaning is.
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

/// Hashes the nodes of a tree. An alias means what its target does.
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
        if let Content::Alias(target) = node.content {
            return self.of(target);
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
        let children = match &node.content {
            Content::Scalar { text, value, .. } => {
                (0_u8, value, &**text).hash(&mut hasher);
                &[]
            }
            Content::Sequence { items: range, .. } | Content::Mapping { members: range, .. } => {
                let is_mapping = matches!(node.content, Content::Mapping { .. });
                (1 + u8::from(is_mapping), range.len()).hash(&mut hasher);
                tree.children(range)
            }
            Content::Alias(_) => &[],
        };
        children.iter().for_each(|child| self.of(*child).hash(&mut hasher));
        let meaning = SemanticHash(hasher.finish());
        if node.anchored {
            self.anchored.insert(id, meaning);
        }
        meaning
    }

    /// Of these members.
    pub(crate) fn of_members<'m>(
        &mut self,
        members: impl Iterator<Item = &'m [NodeId; 2]>,
    ) -> SemanticHash {
        SemanticHash::of_members(members.map(|[key, value]| (self.of(*key), self.of(*value))))
    }
}
