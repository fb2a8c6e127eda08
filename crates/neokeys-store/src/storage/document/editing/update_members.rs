//! The edit of one entry: its flag and its permissions change, every other byte stays.
//!
//! An edit can be planned with more or less effort: the least touches the fewest bytes, the others
//! are for entries where that would change what stands beside.

use crate::domain::{ApiKey, Scope};
use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::editing::update_permissions::{edit_list, quotes_of};
use crate::storage::document::lines::line_end;
use crate::storage::document::lines::{line_ending, lines_at};
use crate::storage::document::reading::entry::{EntryMembers, Member, is_ours};
use crate::storage::document::yaml::scalar::{Quotes, write_text};
use crate::storage::document::yaml::semantic_hash::{SemanticHash, SemanticHasher};
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// How much of an entry an edit may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// The lines that change; a new member comes after the one that it usually follows.
    Least,
    /// The comments and blank lines behind what goes too; a new member comes last.
    Gaps,
    /// A list is written anew; a new member comes first.
    Anew,
}

/// All efforts, the least first.
pub(crate) const EFFORTS: [Effort; 3] = [Effort::Least, Effort::Gaps, Effort::Anew];

/// The splices that make the entry `item` say what `key` says in place of `old`, and what its other
/// members mean then if they change; or why it cannot be done so.
pub(crate) fn edit_entry(
    tree: &Tree<'_>,
    item: NodeId,
    old: &ApiKey,
    key: &ApiKey,
    effort: Effort,
) -> Result<(Vec<TextEdit>, Option<SemanticHash>), &'static str> {
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::as_str).collect();
    let turned = (key.enabled != old.enabled).then(|| key.enabled.to_string());
    let granted = (key.scopes != old.scopes).then_some(scopes.as_slice());
    if let Content::Alias(target) = tree.node(item).content {
        return Ok(instead_of_alias(tree, item, target, turned, granted));
    }
    let Content::Mapping { flow, members: range } = &tree.node(item).content else {
        return Err("the entry is not a mapping");
    };
    let known = EntryMembers::own(tree, range);
    let mut members = tree.members(range).map(|(key, value)| Member { key, value });
    let (Some(first), last) = (members.next(), members.next_back()) else {
        return Err("the entry is empty");
    };
    let mut entry = Entry {
        tree,
        flow: *flow,
        first,
        last: last.unwrap_or(first),
        column: tree.node(item).column() as usize - 1,
        quotes: quotes_of_key(tree, known.name.unwrap_or(first)),
        effort,
        splices: Vec::new(),
    };
    if let Some(enabled) = turned {
        match known.enabled {
            Some(member) => entry.set(member.value, enabled),
            None => entry.insert_after(known.name.unwrap_or(first), "enabled", &enabled),
        }
    }
    if let Some(scopes) = granted {
        match known.permissions {
            Some(member) => entry.set_list(member, scopes)?,
            None => {
                let after = known.enabled.or(known.name).unwrap_or(first);
                let written = entry.new_list(scopes);
                entry.insert_after(after, "permissions", &written);
            }
        }
    }
    Ok((entry.splices, None))
}

/// An entry that is an alias becomes one that merges it, with members of its own before it.
fn instead_of_alias(
    tree: &Tree<'_>,
    item: NodeId,
    target: NodeId,
    turned: Option<String>,
    granted: Option<&[&str]>,
) -> (Vec<TextEdit>, Option<SemanticHash>) {
    let range = tree.node(item).range();
    let mut written = format!("{{<<: {} ", &tree.text()[range.clone()]);
    if let Some(enabled) = turned {
        written += &format!(", enabled: {enabled}");
    }
    if let Some(scopes) = granted {
        written += &format!(", permissions: {}", flow_list(scopes, Quotes::Plain));
    }
    written.push('}');
    let others = SemanticHash::of_members([(
        SemanticHash::of_text("<<"),
        SemanticHasher::new(tree).of(target),
    )]);
    (vec![TextEdit::replace(range, written)], Some(others))
}

/// How a member's key is quoted.
pub(crate) fn quotes_of_key(tree: &Tree<'_>, member: Member) -> Quotes {
    match &tree.node(member.key).content {
        Content::Scalar { style, .. } if is_ours(tree, member.key) => Quotes::of(*style),
        Content::Scalar { .. }
        | Content::Sequence { .. }
        | Content::Mapping { .. }
        | Content::Alias(_) => Quotes::Plain,
    }
}

fn flow_list(texts: &[&str], quotes: Quotes) -> String {
    let written: Vec<_> = texts.iter().map(|text| write_text(text, quotes)).collect();
    format!("[{}]", written.join(", "))
}

struct Entry<'a, 't> {
    tree: &'a Tree<'t>,
    flow: bool,
    first: Member,
    last: Member,
    column: usize,
    quotes: Quotes,
    effort: Effort,
    splices: Vec<TextEdit>,
}

impl Entry<'_, '_> {
    /// Puts a scalar in the place of a value. A tag stays, unless all is written anew.
    fn set(&mut self, value: NodeId, written: String) {
        let node = self.tree.node(value);
        let range = if self.effort == Effort::Least { node.range() } else { node.whole() };
        self.splices.push(TextEdit::replace(range, written));
    }

    /// Makes the value of a member hold these texts.
    fn set_list(&mut self, member: Member, texts: &[&str]) -> Result<(), &'static str> {
        let node = self.tree.node(member.value);
        let Content::Sequence { flow, items } = &node.content else {
            // An alias of a list that others have too.
            self.set(member.value, flow_list(texts, self.quotes));
            return Ok(());
        };
        if self.effort != Effort::Anew {
            let splices = edit_list(self.tree, member.value, texts, self.effort)?;
            self.splices.extend(splices);
            return Ok(());
        }
        let written = flow_list(texts, quotes_of(self.tree, self.tree.items(items)));
        if *flow {
            self.splices.push(TextEdit::replace(node.whole(), written));
            return Ok(());
        }
        // From the key to the end of the list, so that nothing is left of how it was written.
        let (text, key) = (self.tree.text(), self.tree.node(member.key).range());
        let colon = text[key.end..].find(':').ok_or("permissions has no colon")?;
        let start = key.end + colon + 1;
        let end = line_end(text, node.range().end);
        let ending = if text[start..end].ends_with(['\n', '\r']) { line_ending(text) } else { "" };
        self.splices.push(TextEdit::replace(start..end, format!(" {written}{ending}")));
        Ok(())
    }

    /// A list in the style of the entry.
    fn new_list(&self, texts: &[&str]) -> String {
        if self.flow {
            return flow_list(texts, self.quotes);
        }
        let ending = line_ending(self.tree.text());
        let indent = " ".repeat(self.column + 2);
        texts.iter().fold(String::new(), |list, text| {
            list + ending + &indent + "- " + &write_text(text, self.quotes)
        })
    }

    /// A new member after another one, or where the effort puts it.
    fn insert_after(&mut self, member: Member, key: &str, value: &str) {
        let text = self.tree.text();
        let key = write_text(key, self.quotes);
        let ending = line_ending(text);
        let space = if value.starts_with(ending) { "" } else { " " };
        let member = match self.effort {
            Effort::Least => member,
            Effort::Gaps => self.last,
            Effort::Anew => {
                let start = self.tree.node(self.first.key).whole().start;
                let behind = if self.flow {
                    ", ".to_owned()
                } else {
                    format!("{ending}{}", " ".repeat(self.column))
                };
                self.splices.push(TextEdit::insert(start, format!("{key}:{space}{value}{behind}")));
                return;
            }
        };
        let end = self.tree.node(member.value).range().end;
        if self.flow {
            self.splices.push(TextEdit::insert(end, format!(", {key}: {value}")));
            return;
        }
        let line = format!("{}{key}:{space}{value}{ending}", " ".repeat(self.column));
        let place = line_end(text, end.max(self.tree.node(member.key).range().end));
        self.splices.push(TextEdit::insert(place, lines_at(text, place, &line, ending).0));
    }
}
