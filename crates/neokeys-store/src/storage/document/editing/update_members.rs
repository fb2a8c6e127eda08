//! Updates of one entry's members: those that change are set or added, every other byte stays.
//!
//! An edit can be planned with more or less effort: the least touches the fewest bytes, the others
//! are for entries where that would change what stands beside.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::effort::Effort;
use super::flow_item::{FlowItem, removals};
use super::text_edit::TextEdit;
use super::update_nested::NestedEdit;
use super::update_permissions::{edit_list, quotes_of};
use crate::domain::ApiKey;
use crate::storage::document::lines::{line_end, line_ending, line_start, lines_at};
use crate::storage::document::reading::entry::member_values::MemberValue;
use crate::storage::document::reading::entry::members::{EntryMembers, Member, MemberName};
use crate::storage::document::reading::entry::written_details::Written;
use crate::storage::document::yaml::scalar::{Quotes, write_text};
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// The edits that make the entry `item` say what `key` says in place of `old`, and what its other
/// members mean then if they change; none where it cannot be done so.
pub(super) fn edit_entry(
    tree: &Tree<'_>,
    item: NodeId,
    old: &ApiKey,
    key: &ApiKey,
    effort: Effort,
) -> Option<(Vec<TextEdit>, Option<SemanticHash>)> {
    let changed = MemberName::ALL.into_iter().filter_map(|name| {
        let (was, value) = (MemberValue::of(old, name), MemberValue::of(key, name));
        (value != was).then_some((name, was, value))
    });
    let node = tree.node(item);
    if let Content::Alias(target) = node.content {
        return Some(instead_of_alias(tree, item, target, changed));
    }
    let members = tree.members_of(node)?;
    let member = |[key, value]: [NodeId; 2]| Member { key, value };
    let known = EntryMembers::of(tree, members);
    let first = member(*members.first()?);
    let mut entry = Entry {
        tree,
        item,
        flow: node.is_flow(),
        first,
        last: member(*members.last()?),
        column: node.indentation(),
        quotes: quotes_of_key(tree, known.get(MemberName::Name).unwrap_or(first)),
        effort,
        edits: Vec::new(),
    };
    let changed: Vec<_> = changed.collect();
    let goes =
        |name: MemberName| changed.iter().any(|(it, _, value)| *it == name && value.is_none());
    let mut gone = Vec::new();
    for (name, was, value) in &changed {
        match (known.get(*name), value) {
            (Some(member), Some(value)) => entry.set(member, value, was.as_ref())?,
            // With all effort, it says nothing; so does one that a merge key brings.
            (Some(member), None) if effort == Effort::Anew => {
                let place = tree.node(member.value).whole();
                entry.edits.push(TextEdit::replace(place, emptied(was.as_ref())));
            }
            (Some(member), None) => {
                gone.push(members.iter().position(|[key, _]| *key == member.key)?);
            }
            (None, None) => entry.insert_after(entry.last, *name, emptied(was.as_ref())),
            (None, Some(value)) => {
                let before = MemberName::ALL[..*name as usize].iter().rev();
                let stays = before.filter(|before| !goes(**before));
                let after = stays.filter_map(|before| known.get(*before)).next();
                entry.insert_after(after.unwrap_or(first), *name, &entry.new_value(value));
            }
        }
    }
    gone.sort_unstable();
    for run in gone.chunk_by(|one, next| one + 1 == *next) {
        entry.remove(members, run[0]..run[run.len() - 1] + 1)?;
    }
    Some((entry.edits, None))
}

/// An entry that is an alias becomes one that merges it, with members of its own before it.
fn instead_of_alias<'k>(
    tree: &Tree<'_>,
    item: NodeId,
    target: NodeId,
    changed: impl Iterator<Item = (MemberName, Option<MemberValue<'k>>, Option<MemberValue<'k>>)>,
) -> (Vec<TextEdit>, Option<SemanticHash>) {
    let range = tree.node(item).range();
    let mut written = format!("{{<<: {} ", &tree.text()[range.clone()]);
    for (name, was, value) in changed {
        let value = match (value, was) {
            (Some(value), _) => flow_value(&value, Quotes::Plain),
            (None, was) => emptied(was.as_ref()).to_owned(),
        };
        written += &format!(", {}: {value}", name.as_str());
    }
    written.push('}');
    let merged = (SemanticHash::of_text("<<"), SemanticHasher::new(tree).of(target));
    (vec![TextEdit::replace(range, written)], Some(SemanticHash::of_members([merged])))
}

/// How a member's key is quoted.
pub(super) fn quotes_of_key(tree: &Tree<'_>, member: Member) -> Quotes {
    let is_ours = MemberName::of_key(tree, member.key).is_some();
    tree.node(member.key).style().filter(|_| is_ours).map_or(Quotes::Plain, Quotes::of)
}

/// A value as it is written within a flow collection.
fn flow_value(value: &MemberValue<'_>, quotes: Quotes) -> String {
    match value {
        MemberValue::Flag(flag) => flag.to_string(),
        MemberValue::Text(text) => write_text(text, quotes),
        MemberValue::List(texts) => {
            let written: Vec<_> = texts.iter().map(|text| write_text(text, quotes)).collect();
            format!("[{}]", written.join(", "))
        }
        MemberValue::Tree(tree) => tree.in_flow(quotes),
    }
}

/// The text of a value that says nothing, in place of this one.
fn emptied(value: Option<&MemberValue<'_>>) -> &'static str {
    match value {
        Some(MemberValue::Tree(tree)) => tree.emptied(),
        _ => "null",
    }
}

struct Entry<'a, 't> {
    tree: &'a Tree<'t>,
    item: NodeId,
    flow: bool,
    first: Member,
    last: Member,
    column: usize,
    quotes: Quotes,
    effort: Effort,
    edits: Vec<TextEdit>,
}

impl Entry<'_, '_> {
    /// Makes a member have a value. A tag stays, unless all is written anew.
    fn set(
        &mut self,
        member: Member,
        value: &MemberValue<'_>,
        was: Option<&MemberValue<'_>>,
    ) -> Option<()> {
        let node = self.tree.node(member.value);
        if let (MemberValue::List(texts), Some(items)) = (value, self.tree.items_of(node)) {
            if self.effort != Effort::Anew {
                self.edits.extend(edit_list(
                    self.tree,
                    member.value,
                    str::to_owned,
                    texts,
                    self.effort,
                )?);
                return Some(());
            }
            let written = flow_value(value, quotes_of(self.tree, items));
            if node.is_flow() {
                self.edits.push(TextEdit::replace(node.whole(), written));
                return Some(());
            }
            return self.replace_behind_colon(member, &format!(" {written}"));
        }
        if let MemberValue::Tree(now) = value
            && now.as_text().is_none()
            && self.effort != Effort::Anew
        {
            let was = match was {
                Some(MemberValue::Tree(was)) => was.clone(),
                _ => now.without_parts(),
            };
            let (tree, quotes, effort) = (self.tree, self.quotes, self.effort);
            let nested = NestedEdit { tree, quotes, effort };
            if let Some(edits) = nested.edits(member.value, &was, now) {
                self.edits.extend(edits);
                return Some(());
            }
        }
        if let MemberValue::Tree(tree) = value {
            return self.set_tree(member, tree);
        }
        if self.effort != Effort::Least
            && matches!(node.style(), Some(ScalarStyle::Literal | ScalarStyle::Folded))
        {
            let written = format!(" {}", flow_value(value, self.quotes));
            return self.replace_behind_colon(member, &written);
        }
        // A list here is an alias of one that others have too.
        let range = if self.effort == Effort::Least { node.range() } else { node.whole() };
        self.edits.push(TextEdit::replace(range, flow_value(value, self.quotes)));
        Some(())
    }

    /// Writes a value that may hold others anew: in its place where that is on one line, else from its colon
    /// to the end of its last line.
    fn set_tree(&mut self, member: Member, tree: &Written) -> Option<()> {
        let (text, node) = (self.tree.text(), self.tree.node(member.value));
        let is_on_lines = !self.flow
            && (text[node.range()].contains('\n') || !node.is_flow() && node.text().is_none());
        if !is_on_lines {
            let range = if self.effort == Effort::Least { node.range() } else { node.whole() };
            self.edits.push(TextEdit::replace(range, tree.in_flow(self.quotes)));
            return Some(());
        }
        let written = match self.effort {
            Effort::Least | Effort::Gaps => {
                tree.in_block(self.column + 2, self.quotes, line_ending(text))
            }
            Effort::Anew => format!(" {}", tree.in_flow(self.quotes)),
        };
        self.replace_behind_colon(member, &written)
    }

    /// Writes a value anew from the colon to the end of its last line, so that nothing is left of how it was
    /// written.
    fn replace_behind_colon(&mut self, member: Member, written: &str) -> Option<()> {
        let (text, key) = (self.tree.text(), self.tree.node(member.key).range());
        let start = key.end + text[key.end..].find(':')? + 1;
        let end = line_end(text, self.tree.node(member.value).range().end);
        let is_whole = text[start..end].ends_with(['\n', '\r']);
        let ending = if is_whole { line_ending(text) } else { "" };
        self.edits.push(TextEdit::replace(start..end, format!("{written}{ending}")));
        Some(())
    }

    /// Takes members away that stand beside each other.
    fn remove(&mut self, members: &[[NodeId; 2]], run: Range<usize>) -> Option<()> {
        let text = self.tree.text();
        let whole = |[key, value]: &[NodeId; 2]| {
            let (key, value) = (self.tree.node(*key).whole(), self.tree.node(*value).whole());
            key.start..value.end.max(key.end)
        };
        let item = whole(&members[run.start]).start..whole(&members[run.end - 1]).end;
        let next = members.get(run.end).map(whole);
        if self.flow {
            let entry = self.tree.node(self.item).range();
            let place = FlowItem {
                inner: entry.start + 1..entry.end - 1,
                previous: run.start.checked_sub(1).map(|before| whole(&members[before])),
                item,
                next,
            };
            let mut ways = removals(text, &place);
            let way = if self.effort == Effort::Least { ways.swap_remove(0) } else { ways.pop()? };
            self.edits.extend(way);
        } else {
            let lines = line_start(text, item.start)..line_end(text, item.end);
            let before = text[lines.start..item.start].trim_end_matches(' ').len();
            self.edits.push(TextEdit::remove(if before == 0 {
                lines
            } else if text[lines.end..next.as_ref()?.start].contains('#') {
                // The dash of the entry is on its line, and comments stand before the next member.
                let end = text[..lines.end].trim_end_matches(['\r', '\n']).len();
                lines.start + before..end
            } else {
                item.start..next?.start
            }));
        }
        Some(())
    }

    /// A value in the style of the entry.
    fn new_value(&self, value: &MemberValue<'_>) -> String {
        if let MemberValue::Tree(tree) = value
            && !self.flow
        {
            let written =
                tree.in_block(self.column + 2, self.quotes, line_ending(self.tree.text()));
            return written.trim_start_matches(' ').to_owned();
        }
        let MemberValue::List(texts) = value else { return flow_value(value, self.quotes) };
        if self.flow || texts.is_empty() {
            return flow_value(value, self.quotes);
        }
        let before = format!("{}{}- ", line_ending(self.tree.text()), " ".repeat(self.column + 2));
        texts.iter().map(|text| format!("{before}{}", write_text(text, self.quotes))).collect()
    }

    /// A new member after another one, or where the effort puts it.
    fn insert_after(&mut self, member: Member, name: MemberName, value: &str) {
        let text = self.tree.text();
        let ending = line_ending(text);
        let space = if value.starts_with(ending) { "" } else { " " };
        let written = format!("{}:{space}{value}", write_text(name.as_str(), self.quotes));
        let indent = " ".repeat(self.column);
        let member = match self.effort {
            Effort::Least => member,
            Effort::Gaps => self.last,
            Effort::Anew => {
                let start = self.tree.node(self.first.key).whole().start;
                let behind = if self.flow { ", ".to_owned() } else { format!("{ending}{indent}") };
                self.edits.push(TextEdit::insert(start, format!("{written}{behind}")));
                return;
            }
        };
        let end = self.tree.node(member.value).range().end;
        self.edits.push(if self.flow {
            TextEdit::insert(end, format!(", {written}"))
        } else {
            let place = line_end(text, end.max(self.tree.node(member.key).range().end));
            let line = format!("{indent}{written}{ending}");
            TextEdit::insert(place, lines_at(text, place, &line, ending).0)
        });
    }
}
