//! YAML 1.2 as a tree of nodes with their places: the one parser that both readers and editors
//! of a document use, so that they cannot disagree.
//!
//! Strict: one document a stream, indentation as the specification has it, no key twice in one
//! mapping. Bounded: depth, nodes and aliases are counted, and an alias is a reference that is never
//! expanded, so that time and memory grow with the text alone.

mod closing_brackets;
mod plain_block;
pub(crate) mod scalar;
pub(crate) mod semantic_hash;
mod tree_builder;

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};
use std::ops::Range;

use granit_parser::ScalarStyle;

use self::tree_builder::TreeBuilder;
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::scalar::Value;

/// A parsed document, or a part of one.
#[derive(Debug, PartialEq)]
pub(crate) struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node<'t>>,
    children: Vec<NodeId>,
    root: Option<NodeId>,
    /// Keys that stand in their mapping for the second time.
    repeated: Vec<NodeId>,
    /// Where the document ends: the `...` that ends it, or the end of the text.
    end: usize,
}

/// A node of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(u32);

/// An offset or a count of a text, which has less than 4 GiB.
#[expect(clippy::expect_used, reason = "a text of 4 GiB or more is not parsed")]
fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("a text has less than 4 GiB")
}

/// A value with its place.
#[derive(Debug, PartialEq)]
pub(crate) struct Node<'t> {
    pub(crate) content: Content<'t>,
    /// Where its anchor or tag starts, or else the node itself.
    outer: u32,
    start: u32,
    end: u32,
    line: u32,
    column: u32,
    /// The node has an anchor.
    pub(crate) anchored: bool,
    /// Its tag, as far as it matters.
    pub(crate) tag: TagUse,
}

/// The tag of a node, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TagUse {
    /// There is none.
    None,
    /// It is one of the core schema, and fits.
    Core,
    /// It is another one, or does not fit; with what tells it from others.
    Other(u32),
}

/// The content of a node.
#[derive(Debug, PartialEq)]
pub(crate) enum Content<'t> {
    /// A value, with the style it is written in.
    Scalar { text: Cow<'t, str>, value: Value, style: ScalarStyle },
    /// A list.
    Sequence { flow: bool, items: Range<u32> },
    /// Keys and values by turns.
    Mapping { flow: bool, members: Range<u32> },
    /// Another name of a node that comes earlier.
    Alias(NodeId),
}

impl TagUse {
    /// Adds what the node's content does not tell.
    pub(crate) fn hash_unknown(self, hasher: &mut impl Hasher) {
        if let Self::Other(mark) = self {
            mark.hash(hasher);
        }
    }
}

impl Node<'_> {
    /// The bytes from the first to the last character of the node.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of the node with the anchor and the tag before it.
    pub(crate) fn whole(&self) -> Range<usize> {
        self.outer as usize..self.end as usize
    }

    /// The line that it starts on, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line.into()
    }

    /// The line and the column that it starts at, counted from 1.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.line(), self.column.into())
    }

    /// The characters before it on its line.
    pub(crate) fn indentation(&self) -> usize {
        self.column as usize - 1
    }

    /// A diagnostic of this node.
    pub(crate) fn diagnostic(
        &self,
        fault: impl Into<String>,
        hint: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::at(self.line(), self.column.into(), fault, hint)
    }

    /// The text of a scalar, whatever its tag says.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Content::Scalar { text, .. } = &self.content { Some(text) } else { None }
    }

    /// The style of a scalar.
    pub(crate) fn style(&self) -> Option<ScalarStyle> {
        if let Content::Scalar { style, .. } = self.content { Some(style) } else { None }
    }

    /// The value of a scalar.
    pub(crate) fn value(&self) -> Option<Value> {
        if let Content::Scalar { value, .. } = self.content { Some(value) } else { None }
    }

    /// Whether it is a collection in brackets or braces.
    pub(crate) fn is_flow(&self) -> bool {
        matches!(
            self.content,
            Content::Sequence { flow: true, .. } | Content::Mapping { flow: true, .. }
        )
    }

    /// Whether it is another name of a node that comes earlier.
    pub(crate) fn is_alias(&self) -> bool {
        matches!(self.content, Content::Alias(_))
    }

    /// The common name of this kind of node.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { value: Value::Null, .. } => "empty",
            Content::Scalar { value: Value::Bool(_), .. } => "a boolean",
            Content::Scalar { value: Value::Number, .. } => "a number",
            Content::Scalar { value: Value::Text, .. } => "a text",
            Content::Scalar { value: Value::Other, .. } => "something that only its tag explains",
            Content::Sequence { .. } => "a list",
            Content::Mapping { .. } => "a mapping",
            Content::Alias(_) => "an alias",
        }
    }
}

impl<'t> Tree<'t> {
    /// Parses a text of at most 4 GiB.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Diagnostic> {
        let Some(tree) = plain_block::parse(text) else { return Self::parse_any(text) };
        debug_assert_eq!(Self::parse_any(text).ok().as_ref(), Some(&tree));
        Ok(tree)
    }

    /// Parses a text in whatever style it is.
    fn parse_any(text: &'t str) -> Result<Self, Diagnostic> {
        TreeBuilder::build(text, true).or_else(|fault| closing_brackets::parse(text).ok_or(fault))
    }

    /// The text that was parsed.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// The outermost node; none in a text of comments alone.
    pub(crate) fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// Where the document ends.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// The node itself.
    pub(crate) fn node(&self, id: NodeId) -> &Node<'t> {
        &self.nodes[id.0 as usize]
    }

    /// The node itself, or the one that it is an alias of.
    pub(crate) fn resolved(&self, id: NodeId) -> &Node<'t> {
        let node = self.node(id);
        if let Content::Alias(target) = node.content { self.node(target) } else { node }
    }

    /// The text of a scalar or of the one that it is an alias of, whatever its tag says.
    pub(crate) fn text_of(&self, id: NodeId) -> Option<&str> {
        self.resolved(id).text()
    }

    /// The items of a list.
    pub(crate) fn items_of(&self, node: &Node<'_>) -> Option<&[NodeId]> {
        let Content::Sequence { items, .. } = &node.content else { return None };
        Some(self.children(items))
    }

    /// The keys of a mapping, each with its value.
    pub(crate) fn members_of(&self, node: &Node<'_>) -> Option<&[[NodeId; 2]]> {
        let Content::Mapping { members, .. } = &node.content else { return None };
        Some(self.children(members).as_chunks().0)
    }

    fn children(&self, range: &Range<u32>) -> &[NodeId] {
        &self.children[range.start as usize..range.end as usize]
    }

    /// Keys that stand in their mapping for the second time, in the order of the text.
    pub(crate) fn repeated(&self) -> &[NodeId] {
        &self.repeated
    }

    /// All the nodes, in the order of the text.
    pub(crate) fn nodes(&self) -> &[Node<'t>] {
        &self.nodes
    }
}
