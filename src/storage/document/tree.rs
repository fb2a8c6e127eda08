//! YAML 1.2 text as a tree of nodes with their places: the one parser that both readers and editors
//! of a document use, so that they cannot disagree.
//!
//! Strict: one document a stream, indentation as the specification has it, no key twice in one
//! mapping. Bounded: depth, nodes and aliases are counted, and an alias is a reference that is never
//! expanded, so that time and memory grow with the text alone.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::fault::Fault;
use super::scalar::{Value, resolve};

/// Collections within collections.
const DEEPEST: usize = 64;
/// Scalars, collections and aliases of one document.
const MOST_NODES: usize = 2_000_000;
/// Aliases of one document.
const MOST_ALIASES: usize = 10_000;
/// Mappings of up to this many members are searched for repeated keys pair by pair.
const FEW_MEMBERS: usize = 12;

/// A parsed document, or a part of one.
#[derive(Debug)]
pub(super) struct Tree<'t> {
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
pub(super) struct NodeId(u32);

/// A value with its place.
#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) content: Content<'t>,
    start: u32,
    end: u32,
    line: u32,
    column: u32,
    /// The node has an anchor.
    pub(super) anchored: bool,
    /// The node has a tag.
    pub(super) tagged: bool,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Content<'t> {
    /// A value, with the style it is written in.
    Scalar { text: Cow<'t, str>, value: Value, style: ScalarStyle },
    /// A list.
    Sequence { flow: bool, items: Range<u32> },
    /// Keys and values by turns.
    Mapping { flow: bool, members: Range<u32> },
    /// Another name of a node that comes earlier.
    Alias(NodeId),
}

impl Node<'_> {
    /// The bytes from the first to the last character of the node.
    pub(super) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line.into()
    }

    /// In characters, counted from 1.
    pub(super) fn column(&self) -> u64 {
        self.column.into()
    }

    /// What people call this kind of node.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { value: Value::Null, .. } => "empty",
            Content::Scalar { value: Value::Bool(_), .. } => "a boolean",
            Content::Scalar { value: Value::Number, .. } => "a number",
            Content::Scalar { value: Value::Text, .. } => "a text",
            Content::Sequence { .. } => "a list",
            Content::Mapping { .. } => "a mapping",
            Content::Alias(_) => "an alias",
        }
    }
}

impl<'t> Tree<'t> {
    /// Parses a text of at most 4 GiB.
    pub(super) fn parse(text: &'t str) -> Result<Self, Fault> {
        Builder::new(text).build()
    }

    /// The text that was parsed.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The outermost node; none in a text of comments alone.
    pub(super) fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// Where the document ends.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The node itself.
    pub(super) fn node(&self, id: NodeId) -> &Node<'t> {
        &self.nodes[id.0 as usize]
    }

    /// The node itself, or the one that it is an alias of.
    pub(super) fn resolved(&self, id: NodeId) -> &Node<'t> {
        match self.node(id).content {
            Content::Alias(target) => self.node(target),
            Content::Scalar { .. } | Content::Sequence { .. } | Content::Mapping { .. } => {
                self.node(id)
            }
        }
    }

    /// The items of a list.
    pub(super) fn items(&self, items: &Range<u32>) -> &[NodeId] {
        &self.children[items.start as usize..items.end as usize]
    }

    /// The keys and values of a mapping.
    pub(super) fn members(
        &self,
        members: &Range<u32>,
    ) -> impl DoubleEndedIterator<Item = (NodeId, NodeId)> + '_ {
        self.items(members).chunks_exact(2).map(|member| (member[0], member[1]))
    }

    /// Keys that stand in their mapping for the second time, in the order of the text.
    pub(super) fn repeated(&self) -> &[NodeId] {
        &self.repeated
    }

    /// The first node that an edit by text cannot understand alone: an anchor, alias or tag.
    pub(super) fn entangled(&self) -> Option<(&Node<'t>, &'static str)> {
        self.nodes.iter().find_map(|node| match node.content {
            Content::Alias(_) => Some((node, "an alias")),
            _ if node.anchored => Some((node, "an anchor")),
            _ if node.tagged => Some((node, "a tag")),
            Content::Scalar { .. } | Content::Sequence { .. } | Content::Mapping { .. } => None,
        })
    }
}

/// A collection whose end is not reached.
struct Open {
    id: NodeId,
    /// Where its children start among the waiting ones.
    first: usize,
}

struct Builder<'t> {
    tree: Tree<'t>,
    open: Vec<Open>,
    waiting: Vec<NodeId>,
    anchors: HashMap<usize, NodeId>,
    aliases: usize,
    documents: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            tree: Tree {
                text,
                nodes: Vec::with_capacity(text.len() / 16),
                children: Vec::with_capacity(text.len() / 16),
                root: None,
                repeated: Vec::new(),
                end: text.len(),
            },
            open: Vec::new(),
            waiting: Vec::new(),
            anchors: HashMap::new(),
            aliases: 0,
            documents: 0,
        }
    }

    fn build(mut self) -> Result<Tree<'t>, Fault> {
        if u32::try_from(self.tree.text.len()).is_err() {
            return Err(Fault::at(1, 1, "the document has 4 GiB or more", "make it smaller"));
        }
        let mut options = Options::default();
        options.strict_indentation = true;
        options.flow_nesting_limit = DEEPEST;
        options.block_nesting_limit = DEEPEST;
        options.set_emit_comments(false);
        let mut parser = Parser::<StrInput<'t>>::new_from_str_with_options(self.tree.text, options);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| not_yaml(&error))?;
            self.take(event, &span)?;
        }
        Ok(self.tree)
    }

    fn take(&mut self, event: Event<'t>, span: &Span) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(fault_at(
                        span,
                        "a second YAML document starts here",
                        "keep one document in the file: remove the line \"---\" or what follows it",
                    ));
                }
            }
            Event::DocumentEnd => {
                let range = bytes_of(span);
                if !range.is_empty() {
                    self.tree.end = range.start;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let empty = span.is_empty();
                let value = match tag.as_deref() {
                    None if empty => Value::Null,
                    None => resolve(&text, style),
                    Some(tag) if tag.is_yaml_core_schema_tag("str") => Value::Text,
                    Some(_) => resolve(&text, style),
                };
                let content = Content::Scalar { text, value, style };
                self.add(content, span, anchor, tag.is_some())?;
            }
            Event::Alias(anchor) => {
                self.aliases += 1;
                let target = self.anchors.get(&anchor).copied();
                match target {
                    Some(target) if self.aliases <= MOST_ALIASES => {
                        self.add(Content::Alias(target), span, 0, false)?;
                    }
                    _ => return Err(too_much(span, "aliases")),
                }
            }
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == granit_parser::StructureStyle::Flow;
                self.start(
                    Content::Sequence { flow, items: 0..0 },
                    span,
                    anchor,
                    tag.is_some(),
                )?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == granit_parser::StructureStyle::Flow;
                self.start(
                    Content::Mapping { flow, members: 0..0 },
                    span,
                    anchor,
                    tag.is_some(),
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            // Marks of the stream, and metadata that is not asked for.
            _ => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        content: Content<'t>,
        span: &Span,
        anchor: usize,
        tagged: bool,
    ) -> Result<(), Fault> {
        let id = self.add(content, span, anchor, tagged)?;
        self.open.push(Open { id, first: self.waiting.len() });
        Ok(())
    }

    fn add(
        &mut self,
        content: Content<'t>,
        span: &Span,
        anchor: usize,
        tagged: bool,
    ) -> Result<NodeId, Fault> {
        let index = self.tree.nodes.len();
        if index >= MOST_NODES {
            return Err(too_much(span, "values"));
        }
        let id = NodeId(narrow(index));
        let range = bytes_of(span);
        let end = match &content {
            Content::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. } => {
                end_of_block_scalar(self.tree.text, &range)
            }
            Content::Scalar { .. }
            | Content::Sequence { .. }
            | Content::Mapping { .. }
            | Content::Alias(_) => range.end,
        };
        self.tree.nodes.push(Node {
            content,
            start: narrow(range.start),
            end: narrow(end),
            line: narrow(span.start.line()),
            column: narrow(span.start.col() + 1),
            anchored: anchor != 0,
            tagged,
        });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last() {
            Some(_) => self.waiting.push(id),
            None => self.tree.root = Some(id),
        }
        Ok(id)
    }

    fn end(&mut self, span: &Span) {
        let Some(Open { id, first }) = self.open.pop() else { return };
        let start = narrow(self.tree.children.len());
        self.tree.children.extend(self.waiting.drain(first..));
        let range = start..narrow(self.tree.children.len());
        let last = self.tree.items(&range).last().map(|last| self.tree.node(*last).end);
        let node = &mut self.tree.nodes[id.0 as usize];
        match &mut node.content {
            Content::Sequence { flow, items } => {
                *items = range;
                node.end = if *flow { narrow(bytes_of(span).end) } else { last.unwrap_or(node.end) };
            }
            Content::Mapping { flow, members } => {
                *members = range.clone();
                node.end = if *flow { narrow(bytes_of(span).end) } else { last.unwrap_or(node.end) };
                self.find_repeated(&range);
            }
            Content::Scalar { .. } | Content::Alias(_) => {}
        }
    }

    fn find_repeated(&mut self, members: &Range<u32>) {
        let tree = &self.tree;
        let key = |(key, _)| match &tree.resolved(key).content {
            Content::Scalar { text, value, .. } => Some((*value, &**text)),
            Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => None,
        };
        let count = members.len() / 2;
        let repeated: Vec<NodeId> = if count <= FEW_MEMBERS {
            let members: Vec<_> = tree.members(members).collect();
            let is_repeated = |index: &usize| {
                let this = key(members[*index]);
                this.is_some() && members[..*index].iter().any(|other| key(*other) == this)
            };
            (1..count).filter(is_repeated).map(|index| members[index].0).collect()
        } else {
            let mut seen = HashSet::with_capacity(count);
            tree.members(members)
                .filter(|member| key(*member).is_some_and(|key| !seen.insert(key)))
                .map(|member| member.0)
                .collect()
        };
        self.tree.repeated.extend(repeated);
    }
}

/// A block scalar's span runs into the indentation of the line that ends it.
fn end_of_block_scalar(text: &str, range: &Range<usize>) -> usize {
    let written = &text[range.clone()];
    let last_line = written.rfind('\n').map_or(0, |newline| newline + 1);
    if last_line > 0 && written[last_line..].bytes().all(|byte| byte == b' ') {
        range.start + last_line
    } else {
        range.end
    }
}

fn bytes_of(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}

// The text has less than 4 GiB, so every count of its parts fits.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn fault_at(span: &Span, fault: &str, hint: &'static str) -> Fault {
    Fault::at(span.start.line() as u64, span.start.col() as u64 + 1, fault, hint)
}

fn too_much(span: &Span, what: &str) -> Fault {
    fault_at(span, &format!("the document has too many {what}"), "split it or simplify it")
}

fn not_yaml(error: &ScanError) -> Fault {
    let place = error.marker();
    Fault::at(
        place.line() as u64,
        place.col() as u64 + 1,
        &format!("this is not YAML 1.2: {}", error.info()),
        "mend the syntax here or just above",
    )
}
