//! Updates of one entry's members: those that change are set or added, every other byte stays.
//!
//! An edit can be planned with more or less effort: the least touches the fewest bytes, the others
//! are for entries where that would change what stands beside.

use super::effort::Effort;
use super::text_edit::TextEdit;
use super::update_permissions::{edit_list, quotes_of};
use crate::domain::ApiKey;
use crate::storage::document::lines::{line_end, line_ending, lines_at};
use crate::storage::document::reading::entry::member_values::MemberValue;
use crate::storage::document::reading::entry::members::{EntryMembers, Member, MemberName};
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
        let value = MemberValue::of(key, name);
        (value != MemberValue::of(old, name)).then_some((name, value))
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
        flow: node.is_flow(),
        first,
        last: member(*members.last()?),
        column: node.indentation(),
        quotes: quotes_of_key(tree, known.get(MemberName::Name).unwrap_or(first)),
        effort,
        edits: Vec::new(),
    };
    for (name, value) in changed {
        match known.get(name) {
            Some(member) => entry.set(member, &value)?,
            None => {
                let before = MemberName::ALL[..name as usize].iter().rev();
                let after = before.filter_map(|before| known.get(*before)).next();
                entry.insert_after(after.unwrap_or(first), name, &value);
            }
        }
    }
    Some((entry.edits, None))
}

/// An entry that is an alias becomes one that merges it, with members of its own before it.
fn instead_of_alias<'k>(
    tree: &Tree<'_>,
    item: NodeId,
    target: NodeId,
    changed: impl Iterator<Item = (MemberName, MemberValue<'k>)>,
) -> (Vec<TextEdit>, Option<SemanticHash>) {
    let range = tree.node(item).range();
    let mut written = format!("{{<<: {} ", &tree.text()[range.clone()]);
    for (name, value) in changed {
        written += &format!(", {}: {}", name.as_str(), flow_value(&value, Quotes::Plain));
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
    }
}

struct Entry<'a, 't> {
    tree: &'a Tree<'t>,
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
    fn set(&mut self, member: Member, value: &MemberValue<'_>) -> Option<()> {
        let node = self.tree.node(member.value);
        if let (MemberValue::List(texts), Some(items)) = (value, self.tree.items_of(node)) {
            if self.effort != Effort::Anew {
                self.edits.extend(edit_list(self.tree, member.value, texts, self.effort)?);
                return Some(());
            }
            let written = flow_value(value, quotes_of(self.tree, items));
            if node.is_flow() {
                self.edits.push(TextEdit::replace(node.whole(), written));
                return Some(());
            }
            // From the key to the end of the list, so that nothing is left of how it was written.
            let (text, key) = (self.tree.text(), self.tree.node(member.key).range());
            let start = key.end + text[key.end..].find(':')? + 1;
            let end = line_end(text, node.range().end);
            let is_whole = text[start..end].ends_with(['\n', '\r']);
            let ending = if is_whole { line_ending(text) } else { "" };
            self.edits.push(TextEdit::replace(start..end, format!(" {written}{ending}")));
            return Some(());
        }
        // A list here is an alias of one that others have too.
        let range = if self.effort == Effort::Least { node.range() } else { node.whole() };
        self.edits.push(TextEdit::replace(range, flow_value(value, self.quotes)));
        Some(())
    }

    /// A value in the style of the entry.
    fn new_value(&self, value: &MemberValue<'_>) -> String {
        let MemberValue::List(texts) = value else { return flow_value(value, self.quotes) };
        if self.flow || texts.is_empty() {
            return flow_value(value, self.quotes);
        }
        let before = format!("{}{}- ", line_ending(self.tree.text()), " ".repeat(self.column + 2));
        texts.iter().map(|text| format!("{before}{}", write_text(text, self.quotes))).collect()
    }

    /// A new member after another one, or where the effort puts it.
    fn insert_after(&mut self, member: Member, name: MemberName, value: &MemberValue<'_>) {
        let text = self.tree.text();
        let ending = line_ending(text);
        let value = self.new_value(value);
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
