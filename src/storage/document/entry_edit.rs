//! The edit of one entry: its flag and its permissions change, every other byte stays.

use super::entry::{Member, Members};
use super::layout::line_end;
use super::list_edit::edit_list;
use super::scalar::{Quotes, Value, write_text};
use super::splice::{Splice, line_ending, lines_at};
use super::tree::{Content, NodeId, Tree};
use crate::domain::{ApiKey, Scope};

/// The splices that make the entry `item` say what `key` says; or why it cannot be done.
pub(super) fn edit_entry(
    tree: &Tree<'_>,
    item: NodeId,
    key: &ApiKey,
) -> Result<Vec<Splice>, &'static str> {
    let Content::Mapping { flow, members: range } = &tree.node(item).content else {
        return Err("the entry is not a mapping");
    };
    let known = Members::own(tree, range);
    let Some(name) = known.name else { return Err("the entry has no name of its own") };
    let mut entry = Entry {
        tree,
        flow: *flow,
        column: tree.node(item).column() as usize - 1,
        quotes: quotes_of_key(tree, name),
        splices: Vec::new(),
    };
    match known.enabled.map(|member| member.value) {
        Some(value) => {
            let is_said = matches!(&tree.node(value).content,
                Content::Scalar { value: Value::Bool(enabled), .. } if *enabled == key.enabled);
            if !is_said {
                let range = tree.node(value).range();
                entry.splices.push(Splice::replace(range, key.enabled.to_string()));
            }
        }
        None if key.enabled => {}
        None => entry.insert_after(name, "enabled", &key.enabled.to_string()),
    }
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::as_str).collect();
    match known.permissions {
        Some(Member { value, .. }) => {
            let splices = edit_list(tree, value, &scopes)?;
            entry.splices.extend(splices);
        }
        None if scopes.is_empty() => {}
        None => {
            let after = known.enabled.unwrap_or(name);
            let written = entry.new_list(&scopes);
            entry.insert_after(after, "permissions", &written);
        }
    }
    Ok(entry.splices)
}

/// How a member's key is quoted.
pub(super) fn quotes_of_key(tree: &Tree<'_>, member: Member) -> Quotes {
    match &tree.node(member.key).content {
        Content::Scalar { style, .. } => Quotes::of(*style),
        Content::Sequence { .. } | Content::Mapping { .. } | Content::Alias(_) => Quotes::Plain,
    }
}

struct Entry<'a, 't> {
    tree: &'a Tree<'t>,
    flow: bool,
    column: usize,
    quotes: Quotes,
    splices: Vec<Splice>,
}

impl Entry<'_, '_> {
    /// A list in the style of the entry.
    fn new_list(&self, texts: &[&str]) -> String {
        if self.flow {
            let written: Vec<_> = texts.iter().map(|text| write_text(text, self.quotes)).collect();
            return format!("[{}]", written.join(", "));
        }
        let ending = line_ending(self.tree.text());
        let indent = " ".repeat(self.column + 2);
        texts.iter().fold(String::new(), |list, text| {
            list + ending + &indent + "- " + &write_text(text, self.quotes)
        })
    }

    fn insert_after(&mut self, member: Member, key: &str, value: &str) {
        let text = self.tree.text();
        let end = self.tree.node(member.value).range().end;
        let key = write_text(key, self.quotes);
        if self.flow {
            self.splices.push(Splice::insert(end, format!(", {key}: {value}")));
            return;
        }
        let ending = line_ending(text);
        let space = if value.starts_with(ending) { "" } else { " " };
        let line = format!("{}{key}:{space}{value}{ending}", " ".repeat(self.column));
        let place = line_end(text, end.max(self.tree.node(member.key).range().end));
        self.splices.push(Splice::insert(place, lines_at(text, place, &line, ending).0));
    }
}
