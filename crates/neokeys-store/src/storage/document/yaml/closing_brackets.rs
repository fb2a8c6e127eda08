//! Closing brackets at the column of the key or dash that they belong to: YAML 1.2 wants them indented
//! more (§8.2.1), but people write them so, formatters do too, and other parsers take them.
//!
//! Such a text is parsed with one more space before each of them, and the places are mapped back.
//! A bracket further to the left than its key stays a fault.

use std::borrow::Cow;

use granit_parser::{Event, Options, Parser, StrInput};

use super::tree_builder::{TreeBuilder, bounded_options, bytes_of, narrow};
use super::{Content, Tree};

/// The tree of a text that is only wrong in the column of closing brackets.
pub(crate) fn parse(text: &str) -> Option<Tree<'_>> {
    if !text.lines().any(|line| line.trim_start().starts_with([']', '}'])) {
        return None;
    }
    let closers = closers(text)?;
    let mut indented = String::with_capacity(text.len() + closers.len());
    let mut from = 0;
    for closer in &closers {
        indented.push_str(&text[from..*closer]);
        indented.push(' ');
        from = *closer;
    }
    indented.push_str(&text[from..]);
    let tree = TreeBuilder::new(&indented).build().ok()?;
    Some(mapped_back(tree, text, &closers))
}

/// The closing brackets that stand first on their lines, as a parser finds them that does not mind.
fn closers(text: &str) -> Option<Vec<usize>> {
    let mut options: Options = bounded_options();
    options.strict_indentation = false;
    let parser = Parser::<StrInput<'_>>::new_from_str_with_options(text, options);
    let mut found = Vec::new();
    for next in parser {
        let (event, span) = next.ok()?;
        let range = bytes_of(&span);
        let closes = matches!(event, Event::SequenceEnd | Event::MappingEnd)
            && text[range.clone()].starts_with([']', '}']);
        let line = text[..range.start].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
        if closes && text[line..range.start].bytes().all(|byte| byte == b' ') {
            found.push(range.start);
        }
    }
    Some(found)
}

fn mapped_back<'t>(tree: Tree<'_>, text: &'t str, closers: &[usize]) -> Tree<'t> {
    // The space before the closer of this rank stands this much further on than the closer did.
    let added = |place: usize| {
        let (mut low, mut high) = (0, closers.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if closers[middle] + middle < place { low = middle + 1 } else { high = middle }
        }
        low
    };
    let back = |place: u32| narrow(place as usize - added(place as usize));
    let nodes = tree.nodes.into_iter().map(|node| {
        let before = added(node.start as usize);
        let start = node.start as usize - before;
        let on_line = before > 0 && !text[closers[before - 1]..start].contains(['\n', '\r']);
        let content = match node.content {
            Content::Scalar { text, value, style } => {
                Content::Scalar { text: Cow::Owned(text.into_owned()), value, style }
            }
            Content::Sequence { flow, items } => Content::Sequence { flow, items },
            Content::Mapping { flow, members } => Content::Mapping { flow, members },
            Content::Alias(target) => Content::Alias(target),
        };
        super::Node {
            content,
            outer: back(node.outer),
            start: narrow(start),
            end: back(node.end),
            line: node.line,
            column: node.column - u32::from(on_line),
            anchored: node.anchored,
            tag: node.tag,
        }
    });
    Tree {
        text,
        nodes: nodes.collect(),
        children: tree.children,
        root: tree.root,
        repeated: tree.repeated,
        end: tree.end - added(tree.end),
    }
}
