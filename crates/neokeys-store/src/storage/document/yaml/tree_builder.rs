//! Builds a tree from the parser's events, within bounds.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag,
};

use super::{Content, Node, NodeId, TagUse, Tree, narrow};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::scalar::{Value, is_non_specific, resolve};

/// Collections within collections.
const DEEPEST: usize = 64;
/// Scalars, collections and aliases of one document.
const MOST_NODES: usize = 2_000_000;
/// Aliases of one document.
const MOST_ALIASES: usize = 10_000;
/// Mappings of up to this many members are searched for repeated keys pair by pair.
const FEW_MEMBERS: usize = 12;

/// A collection whose end is not reached.
struct Open {
    id: NodeId,
    /// Where its children start among the waiting ones.
    first: usize,
}

/// Where a node stands.
pub(super) struct Place {
    pub(super) range: Range<usize>,
    /// Counted from 1.
    pub(super) line: usize,
    /// The characters before it on its line.
    pub(super) column: usize,
}

pub(super) struct TreeBuilder<'t> {
    tree: Tree<'t>,
    open: Vec<Open>,
    waiting: Vec<NodeId>,
    anchors: HashMap<usize, NodeId>,
    aliases: usize,
    documents: usize,
    /// Where the event before ends: anchors and tags of a node stand after it.
    passed: usize,
}

impl Place {
    #[expect(clippy::expect_used, reason = "the parser reads a text, whose spans have bytes")]
    fn of(span: &Span) -> Self {
        let range = span.byte_range().expect("a span of a text has bytes");
        Self { range, line: span.start.line(), column: span.start.col() }
    }
}

impl<'t> TreeBuilder<'t> {
    /// A tree of this text without a node.
    pub(super) fn new(text: &'t str) -> Self {
        let tree = Tree {
            text,
            nodes: Vec::with_capacity(text.len() / 16),
            children: Vec::with_capacity(text.len() / 16),
            root: None,
            repeated: Vec::new(),
            end: text.len(),
        };
        Self {
            tree,
            open: Vec::new(),
            waiting: Vec::new(),
            anchors: HashMap::new(),
            aliases: 0,
            documents: 0,
            passed: 0,
        }
    }

    /// Whether there is no node yet.
    pub(super) fn is_empty(&self) -> bool {
        self.tree.root.is_none()
    }

    /// The tree of what was added.
    pub(super) fn into_tree(self) -> Tree<'t> {
        self.tree
    }

    /// Parses a text, with indentation as the specification has it or, where that is not asked for, any.
    pub(super) fn build(text: &'t str, strict_indentation: bool) -> Result<Tree<'t>, Diagnostic> {
        if u32::try_from(text.len()).is_err() {
            return Err(Diagnostic::at(1, 1, "the document has 4 GiB or more", "make it smaller"));
        }
        let mut builder = Self::new(text);
        let mut options = Options::default();
        options.strict_indentation = strict_indentation;
        // A text that ends with the document is what other readers take it for.
        options.block_scalar_eof_without_line_feed = true;
        options.flow_nesting_limit = DEEPEST;
        options.block_nesting_limit = DEEPEST;
        options.set_emit_comments(false);
        let mut parser = Parser::<StrInput<'t>>::new_from_str_with_options(text, options);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| not_yaml(&error))?;
            // An implicit start spans the first token.
            let passes = !matches!(event, Event::DocumentStart(false, _));
            let place = Place::of(&span);
            builder.take(event, &place)?;
            if passes {
                builder.passed = builder.passed.max(place.range.end);
            }
        }
        Ok(builder.into_tree())
    }

    fn take(&mut self, event: Event<'t>, place: &Place) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(fault_at(
                        place,
                        "a second YAML document starts here",
                        "keep one document in the file: remove the line \"---\" or what follows it",
                    ));
                }
            }
            Event::DocumentEnd => {
                if !place.range.is_empty() {
                    self.tree.end = place.range.start;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = match tag.as_deref() {
                    None if place.range.is_empty() && style == ScalarStyle::Plain => Value::Null,
                    tag => resolve(&text, style, tag),
                };
                let tag = tag_use(tag.as_deref(), value != Value::Other);
                self.add(Content::Scalar { text, value, style }, place, anchor, tag)?;
            }
            Event::Alias(anchor) => {
                self.aliases += 1;
                let target = self.anchors.get(&anchor).copied();
                match target {
                    Some(target) if self.aliases <= MOST_ALIASES => {
                        self.add(Content::Alias(target), place, 0, TagUse::None)?;
                    }
                    _ => return Err(too_much(place, "aliases")),
                }
            }
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == granit_parser::StructureStyle::Flow;
                let tag = tag_use(tag.as_deref(), is_core(tag.as_deref(), "seq"));
                self.start(Content::Sequence { flow, items: 0..0 }, place, anchor, tag)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == granit_parser::StructureStyle::Flow;
                let tag = tag_use(tag.as_deref(), is_core(tag.as_deref(), "map"));
                self.start(Content::Mapping { flow, members: 0..0 }, place, anchor, tag)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place.range.end),
            Event::StreamStart | Event::StreamEnd => {}
            // Metadata that is not asked for, and what a later parser may tell.
            Event::Anchor(..) | Event::UnresolvedAlias(_) | _ => {}
        }
        Ok(())
    }

    /// Adds a collection, which is open from now on.
    pub(super) fn start(
        &mut self,
        content: Content<'t>,
        place: &Place,
        anchor: usize,
        tag: TagUse,
    ) -> Result<(), Diagnostic> {
        let id = self.add(content, place, anchor, tag)?;
        self.open.push(Open { id, first: self.waiting.len() });
        Ok(())
    }

    /// Adds a node.
    pub(super) fn add(
        &mut self,
        content: Content<'t>,
        place: &Place,
        anchor: usize,
        tag: TagUse,
    ) -> Result<NodeId, Diagnostic> {
        let index = self.tree.nodes.len();
        if index >= MOST_NODES {
            return Err(too_much(place, "values"));
        }
        let id = NodeId(narrow(index));
        let range = place.range.clone();
        let end = if let Content::Scalar { text, style, .. } = &content
            && matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
        {
            end_of_block_scalar(self.tree.text, &range, text)
        } else {
            range.end
        };
        let has_properties = anchor != 0 || tag != TagUse::None;
        let outer = if has_properties { self.properties_before(range.start) } else { range.start };
        self.tree.nodes.push(Node {
            content,
            outer: narrow(outer),
            start: narrow(range.start),
            end: narrow(end),
            line: narrow(place.line),
            column: narrow(place.column + 1),
            anchored: anchor != 0,
            tag,
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

    /// Where the anchor or tag of a node starts, which is the first thing after the event before
    /// that is no space, comment or indicator.
    fn properties_before(&self, node: usize) -> usize {
        let gap = self.tree.text.get(self.passed..node).unwrap_or_default();
        let mut comment = false;
        for (index, byte) in gap.bytes().enumerate() {
            match byte {
                b'\n' | b'\r' => comment = false,
                b'#' => comment = true,
                b'!' | b'&' if !comment => return self.passed + index,
                _ => {}
            }
        }
        node
    }

    /// Ends the collection that was started last; one in brackets ends here.
    #[expect(clippy::expect_used, reason = "the parser ends nothing that it has not started")]
    pub(super) fn end(&mut self, here: usize) {
        let Open { id, first } = self.open.pop().expect("a collection is open");
        let start = narrow(self.tree.children.len());
        self.tree.children.extend(self.waiting.drain(first..));
        let range = start..narrow(self.tree.children.len());
        let last = self.tree.children(&range).last().map(|last| self.tree.node(*last).end);
        let node = &mut self.tree.nodes[id.0 as usize];
        node.end = if node.is_flow() { narrow(here) } else { last.unwrap_or(node.end) };
        match &mut node.content {
            Content::Sequence { items, .. } => *items = range,
            Content::Mapping { members, .. } => {
                *members = range;
                self.find_repeated(id);
            }
            Content::Scalar { .. } | Content::Alias(_) => {}
        }
    }

    fn find_repeated(&mut self, mapping: NodeId) {
        let tree = &self.tree;
        let key = |member: &[NodeId; 2]| {
            let node = tree.resolved(member[0]);
            node.value().zip(node.text())
        };
        let members = tree.members_of(tree.node(mapping)).unwrap_or_default();
        let repeated: Vec<NodeId> = if members.len() <= FEW_MEMBERS {
            let is_repeated = |index: &usize| {
                let this = key(&members[*index]);
                this.is_some() && members[..*index].iter().any(|other| key(other) == this)
            };
            (1..members.len()).filter(is_repeated).map(|index| members[index][0]).collect()
        } else {
            let mut seen = HashSet::with_capacity(members.len());
            let repeated = members.iter().filter(|it| key(it).is_some_and(|key| !seen.insert(key)));
            repeated.map(|member| member[0]).collect()
        };
        self.tree.repeated.extend(repeated);
    }
}

/// Where the last line of a block scalar that says something ends. The parser's span runs on over
/// blank lines and into the indentation of the line that ends the scalar.
fn end_of_block_scalar(text: &str, range: &Range<usize>, value: &str) -> usize {
    let written = &text[range.clone()];
    let Some(last) = written.rfind(|character: char| !character.is_whitespace()) else {
        let line = written.rfind('\n').map_or(written.len(), |newline| newline + 1);
        return range.start + line;
    };
    // Blank lines that are part of the value stand in it too.
    let end_of_value = value.trim_end().len();
    let lines = value[end_of_value..].matches('\n').count().max(1);
    let ends = written[last..].match_indices('\n').map(|(newline, _)| last + newline + 1);
    range.start + ends.take(lines).last().unwrap_or(written.len())
}

fn is_core(tag: Option<&Tag>, suffix: &str) -> bool {
    tag.is_some_and(|tag| is_non_specific(tag) || tag.core_suffix() == Some(suffix))
}

fn tag_use(tag: Option<&Tag>, fits: bool) -> TagUse {
    match tag {
        None => TagUse::None,
        Some(_) if fits => TagUse::Core,
        Some(tag) => {
            let written = tag.handle().bytes().chain(tag.suffix().bytes());
            // FNV-1a: enough to see that a tag stayed what it was.
            let mark = written.fold(0x811c_9dc5_u32, |mark, byte| {
                (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
            TagUse::Other(mark)
        }
    }
}

fn fault_at(place: &Place, fault: impl Into<String>, hint: &str) -> Diagnostic {
    Diagnostic::at(place.line as u64, place.column as u64 + 1, fault, hint)
}

fn too_much(place: &Place, what: &str) -> Diagnostic {
    fault_at(place, format!("the document has too many {what}"), "split it or simplify it")
}

fn not_yaml(error: &ScanError) -> Diagnostic {
    let place = error.marker();
    let hint = if matches!(
        error.kind(),
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent
    ) {
        "indent every line of what is in brackets or quotes more than the key before it"
    } else {
        "fix the syntax here or just above"
    };
    let fault = format!("this is not YAML 1.2: {}", error.info());
    Diagnostic::at(place.line() as u64, place.col() as u64 + 1, fault, hint)
}
