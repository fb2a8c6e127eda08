//! Closing brackets at the column of the key or dash that they belong to: YAML 1.2 wants them indented
//! more (§8.2.1), but people write them so, formatters do too, and other parsers take them.
//!
//! Such a text is parsed without a look at indentation, and counts if it is strict YAML with one more
//! space before each of these brackets. A bracket further to the left than its key stays a fault.

use super::Tree;
use super::tree_builder::TreeBuilder;
use crate::storage::document::lines::line_start;

/// The tree of a text that is only wrong in the column of closing brackets.
pub(super) fn parse(text: &str) -> Option<Tree<'_>> {
    if !text.lines().any(|line| line.trim_start().starts_with([']', '}'])) {
        return None;
    }
    let tree = TreeBuilder::build(text, false).ok()?;
    let ends = tree.nodes().iter().filter(|node| node.is_flow()).map(|node| node.range().end - 1);
    let is_first =
        |place: &usize| text[line_start(text, *place)..*place].trim_start_matches(' ').is_empty();
    let mut closers: Vec<usize> = ends.filter(is_first).collect();
    closers.sort_unstable();
    let mut indented = String::with_capacity(text.len() + closers.len());
    let mut from = 0;
    for closer in closers {
        indented.push_str(&text[from..closer]);
        indented.push(' ');
        from = closer;
    }
    indented.push_str(&text[from..]);
    TreeBuilder::build(&indented, true).ok()?;
    Some(tree)
}
