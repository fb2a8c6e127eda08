//! Edits of a list of texts in place: what stays keeps its line, its quotes and its comment.

use std::ops::Range;

use super::flow_items::{Place, insert_after, insert_first, remove};
use super::layout::lines_of_items;
use super::scalar::{Quotes, Value, is_plain, write_text};
use super::splice::{Splice, kept, line_ending, lines_at, spliced};
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
    if *flow { edit_flow(tree, node, items, &old, new) } else { edit_block(tree, items, &old, new) }
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
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
) -> Result<Vec<Splice>, &'static str> {
    let text = tree.text();
    let lines =
        lines_of_items(tree, items).ok_or("the permissions are not on lines of their own")?;
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

/// First come the new items, each after the one it follows, then go the old ones: so the list is
/// never empty in between, and its style is there to take after.
fn edit_flow(
    tree: &Tree<'_>,
    node: NodeId,
    items: &[NodeId],
    old: &[&str],
    new: &[&str],
) -> Result<Vec<Splice>, &'static str> {
    let whole = tree.node(node).range();
    let quotes = quotes_of(tree, items);
    let pairs = kept(old, new);
    let mut list = FlowList {
        text: tree.text()[whole.clone()].to_owned(),
        items: items
            .iter()
            .map(|item| tree.node(*item).range())
            .map(|range| range.start - whole.start..range.end - whole.start)
            .collect(),
    };
    let mut stays = vec![false; old.len()];
    for (was, _) in &pairs {
        stays[*was] = true;
    }
    let mut after = None;
    for (position, item) in new.iter().enumerate() {
        match pairs.iter().find(|(_, stays)| *stays == position) {
            // Of the old items, those up to this one are passed.
            Some((was, _)) => after = Some(*was + stays.len() - old.len()),
            None => {
                let at = after.map_or(0, |after| after + 1);
                list.insert(at, &write_text(item, quotes));
                stays.insert(at, true);
                after = Some(at);
            }
        }
    }
    for index in (0..stays.len()).rev().filter(|index| !stays[*index]) {
        list.remove(index)?;
    }
    Ok(vec![Splice::replace(whole, list.text)])
}

/// A list in brackets, edited item by item.
struct FlowList {
    text: String,
    items: Vec<Range<usize>>,
}

impl FlowList {
    fn inner(&self) -> Range<usize> {
        1..self.text.len() - 1
    }

    fn place(&self, index: usize) -> Place {
        let previous = index.checked_sub(1).and_then(|index| self.items.get(index).cloned());
        let (item, next) = (self.items[index].clone(), self.items.get(index + 1).cloned());
        Place { inner: self.inner(), previous, item, next }
    }

    fn insert(&mut self, index: usize, new: &str) {
        let (splices, at) = match index.checked_sub(1) {
            Some(after) => insert_after(&self.text, &self.place(after), new),
            None => {
                let splice = insert_first(&self.text, &self.inner(), self.items.first(), new);
                let indent = splice.text.len() - splice.text.trim_start_matches(' ').len();
                let at = splice.range.start + indent;
                (vec![splice], at)
            }
        };
        self.shift(index, &splices);
        self.text = spliced(&self.text, splices);
        self.items.insert(index, at..at + new.len());
    }

    fn remove(&mut self, index: usize) -> Result<(), &'static str> {
        let splices = remove(&self.text, &self.place(index))?;
        self.items.remove(index);
        self.shift(index, &splices);
        self.text = spliced(&self.text, splices);
        Ok(())
    }

    fn shift(&mut self, from: usize, splices: &[Splice]) {
        let came: usize = splices.iter().map(|splice| splice.text.len()).sum();
        let went: usize = splices.iter().map(|splice| splice.range.len()).sum();
        for item in &mut self.items[from..] {
            *item = item.start + came - went..item.end + came - went;
        }
    }
}
