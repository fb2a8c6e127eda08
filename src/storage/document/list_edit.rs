//! Edits of a list of texts in place: what stays keeps its line, its quotes and its comment.

use super::layout::lines_of_items;
use super::scalar::{Quotes, Value, is_plain, write_text};
use super::splice::{Splice, kept, line_ending, lines_at};
use super::tree::{Content, NodeId, Tree};

/// The splices that make the list `node` hold the texts `new`; or why it cannot be done.
pub(super) fn edit_list(
    tree: &Tree<'_>,
    node: NodeId,
    new: &[&str],
) -> Result<Vec<Splice>, &'static str> {
    let Content::Sequence { flow, items } = &tree.node(node).content else {
        return Err("the permissions are not a list");
    };
    let items = tree.items(items);
    let old: Vec<&str> = items.iter().map(|item| text_of(tree, *item)).collect();
    if old == new {
        return Ok(Vec::new());
    }
    if *flow {
        edit_flow(tree, node, items, &old, new)
    } else {
        edit_block(tree, node, items, &old, new)
    }
}

/// The habit of quoting that the texts of a list show.
pub(super) fn quotes_of(tree: &Tree<'_>, items: &[NodeId]) -> Quotes {
    items
        .iter()
        .find_map(|item| match &tree.node(*item).content {
            Content::Scalar { text, style, value: Value::Text } if is_plain(text) => {
                Some(Quotes::of(*style))
            }
            Content::Scalar { .. }
            | Content::Sequence { .. }
            | Content::Mapping { .. }
            | Content::Alias(_) => None,
        })
        .unwrap_or_default()
}

fn text_of<'a>(tree: &'a Tree<'_>, item: NodeId) -> &'a str {
    match &tree.node(item).content {
        Content::Scalar { text, .. } => text,
        Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => "",
    }
}

fn edit_block(
    tree: &Tree<'_>,
    node: NodeId,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
) -> Result<Vec<Splice>, &'static str> {
    let text = tree.text();
    let lines = lines_of_items(tree, tree.node(node), items)
        .ok_or("the permissions are not on lines of their own")?;
    if new.is_empty() || lines.is_empty() {
        return Err("a list in block style cannot be empty");
    }
    let quotes = quotes_of(tree, items);
    let ending = line_ending(text);
    let dash = |index: usize| {
        let prefix = &text[lines[index].start..tree.node(items[index]).range().start];
        let fits = prefix.bytes().all(|byte| matches!(byte, b' ' | b'-'));
        if fits { Ok(prefix) } else { Err("a permission is not on the line of its dash") }
    };
    let pairs = kept(old, new);
    let mut splices: Vec<Splice> = (0..old.len())
        .filter(|index| !pairs.iter().any(|(stays, _)| stays == index))
        .map(|index| Splice::replace(lines[index].clone(), ""))
        .collect();
    let mut place = lines[0].start;
    let mut like = 0;
    let mut coming = String::new();
    let mut come = |place: usize, coming: &mut String| {
        if !coming.is_empty() {
            splices.push(Splice::insert(place, lines_at(text, place, coming, ending).0));
            coming.clear();
        }
    };
    for (position, item) in new.iter().enumerate() {
        if let Some((stays, _)) = pairs.iter().find(|(_, stays)| *stays == position) {
            come(place, &mut coming);
            (place, like) = (lines[*stays].end, *stays);
        } else {
            coming.push_str(dash(like)?);
            coming.push_str(&write_text(item, quotes));
            coming.push_str(ending);
        }
    }
    come(place, &mut coming);
    Ok(splices)
}

fn edit_flow(
    tree: &Tree<'_>,
    node: NodeId,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
) -> Result<Vec<Splice>, &'static str> {
    let text = tree.text();
    let whole = tree.node(node).range();
    let quotes = quotes_of(tree, items);
    let pairs = kept(old, new);
    let ranges: Vec<_> = items.iter().map(|item| tree.node(*item).range()).collect();
    let mut bounds = vec![whole.start + 1];
    bounds.extend(ranges.iter().flat_map(|range| [range.start, range.end]));
    bounds.push(whole.end - 1);
    let gaps: Vec<&str> = bounds.chunks_exact(2).map(|gap| &text[gap[0]..gap[1]]).collect();
    if gaps.iter().any(|gap| gap.contains('#')) {
        return Err("there are comments inside the brackets of the permissions");
    }
    let written: Vec<String> = new
        .iter()
        .enumerate()
        .map(|(position, item)| match pairs.iter().find(|(_, stays)| *stays == position) {
            Some((stays, _)) => text[ranges[*stays].clone()].to_owned(),
            None => write_text(item, quotes),
        })
        .collect();
    let separator = match gaps.as_slice() {
        [_, between, .., _] => between,
        _ => ", ",
    };
    let (before, after) = match gaps.as_slice() {
        [before, .., after] => (*before, *after),
        _ => ("", ""),
    };
    let inner = format!("{before}{}{after}", written.join(separator));
    Ok(vec![Splice::replace(whole.start + 1..whole.end - 1, inner)])
}
