//! Updates in place of a value that holds others: limits, older tokens, labels.
//!
//! What stays keeps its lines, its spelling and its comments. So does what breaks a rule: it would be lost if
//! the value were written anew.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::effort::Effort;
use super::flow_collection::FlowCollection;
use super::text_edit::{TextEdit, edited_text};
use super::update_permissions::edit_list;
use crate::domain::{Digest, IpNetwork};
use crate::storage::document::lines::{is_blank, line_end, line_ending, line_start, lines_at};
use crate::storage::document::reading::entry::written_details::{EXPIRES_AT, HASH, Written};
use crate::storage::document::reading::section_layout::lines_of_items;
use crate::storage::document::yaml::scalar::{Quotes, write_any};
use crate::storage::document::yaml::{NodeId, Tree};

/// The members of a mapping as they are to be written.
type Members = [(String, Written)];

/// A value under change: how new parts of it are quoted, and how much may be touched.
#[derive(Debug, Clone, Copy)]
pub(super) struct NestedEdit<'a, 't> {
    pub(super) tree: &'a Tree<'t>,
    pub(super) quotes: Quotes,
    pub(super) effort: Effort,
}

/// The fate of an item or a member.
enum Fate {
    Stays,
    Changes(Vec<TextEdit>),
    Goes,
}

impl NestedEdit<'_, '_> {
    /// The edits that make a value say `now` in place of `was`; none where it cannot be done so.
    pub(super) fn edits(
        &self,
        value: NodeId,
        was: &Written,
        now: &Written,
    ) -> Option<Vec<TextEdit>> {
        match (was, now) {
            (Written::Mapping(was), Written::Mapping(now)) => self.of_mapping(value, was, now),
            (_, Written::List(now)) if matches!(now.first(), Some(Written::Text(_))) => {
                let network = |text: &str| match IpNetwork::parse(text) {
                    Ok(network) => network.to_string(),
                    Err(_) => text.to_owned(),
                };
                let texts: Vec<&str> = now.iter().filter_map(Written::as_text).collect();
                edit_list(self.tree, value, network, &texts, self.effort)
            }
            (Written::List(was), Written::List(now)) => self.of_tokens(value, was, now),
            (_, Written::Text(text)) => self.of_text(value, text),
            _ => None,
        }
    }

    fn of_text(&self, value: NodeId, text: &str) -> Option<Vec<TextEdit>> {
        let node = self.tree.node(value);
        let quotes = match node.style()? {
            ScalarStyle::Literal | ScalarStyle::Folded => return None,
            style
            @ (ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => {
                Quotes::of(style)
            }
        };
        let range = if self.effort == Effort::Least { node.range() } else { node.whole() };
        Some(vec![TextEdit::replace(range, write_any(text, quotes))])
    }

    fn of_mapping(&self, value: NodeId, was: &Members, now: &Members) -> Option<Vec<TextEdit>> {
        let (tree, node) = (self.tree, self.tree.node(value));
        let members = tree.members_of(node)?;
        let find = |of: &Members, name: &str| {
            of.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone())
        };
        let mut coming: Vec<_> =
            now.iter().filter(|(name, _)| find(was, name).is_none()).cloned().collect();
        let mut fates = Vec::with_capacity(members.len());
        for [key, value] in members {
            let name = tree.text_of(*key).unwrap_or_default();
            fates.push(match (find(was, name), find(now, name)) {
                (Some(was), Some(now)) if was != now => match self.of_member(*value, &was, &now) {
                    Some(edits) => Fate::Changes(edits),
                    None => {
                        coming.push((name.to_owned(), now));
                        Fate::Goes
                    }
                },
                (Some(_), None) => Fate::Goes,
                _ => Fate::Stays,
            });
        }
        let spans: Vec<_> = members.iter().map(|member| self.span(member)).collect();
        let lines = if node.is_flow() { None } else { Some(self.lines_of_members(members)?) };
        let coming = coming.into_iter().map(|member| Written::Mapping(vec![member]));
        self.carried_out(value, &spans, lines, fates, coming.collect())
    }

    fn of_member(&self, value: NodeId, was: &Written, now: &Written) -> Option<Vec<TextEdit>> {
        let node = self.tree.node(value);
        if node.is_alias() {
            return Some(vec![TextEdit::replace(node.range(), now.in_flow(self.quotes))]);
        }
        self.edits(value, was, now)
    }

    fn of_tokens(&self, value: NodeId, was: &[Written], now: &[Written]) -> Option<Vec<TextEdit>> {
        let (tree, node) = (self.tree, self.tree.node(value));
        let items = tree.items_of(node)?;
        let fate = |item: &NodeId| match self.token(*item) {
            Some(token) if was.contains(&token) && !now.contains(&token) => Fate::Goes,
            _ => Fate::Stays,
        };
        let fates = items.iter().map(fate).collect();
        let spans: Vec<_> = items.iter().map(|item| tree.node(*item).whole()).collect();
        let lines = if node.is_flow() { None } else { Some(lines_of_items(tree, items)?) };
        let coming = now.iter().filter(|token| !was.contains(token));
        let coming = coming.map(|token| Written::List(vec![token.clone()])).collect();
        self.carried_out(value, &spans, lines, fates, coming)
    }

    /// An item as it would be written, if it is an older token.
    fn token(&self, item: NodeId) -> Option<Written> {
        let members = self.tree.members_of(self.tree.resolved(item))?;
        let text = |name: &str| {
            let [_, value] =
                members.iter().find(|[key, _]| self.tree.text_of(*key) == Some(name))?;
            self.tree.text_of(*value)
        };
        let digest = Digest::parse(text(HASH)?).ok()?;
        let end = crate::domain::Timestamp::parse(text(EXPIRES_AT)?).ok()?;
        (members.len() == 2).then(|| Written::older_token(&digest, end))
    }

    /// The lines of each member of a mapping in block style; none where one shares a line with something else.
    fn lines_of_members(&self, members: &[[NodeId; 2]]) -> Option<Vec<Range<usize>>> {
        let text = self.tree.text();
        let lines = members.iter().map(|member| {
            let span = self.span(member);
            let start = line_start(text, span.start);
            is_blank(&text[start..span.start]).then(|| start..line_end(text, span.end))
        });
        lines.collect()
    }

    fn span(&self, [key, value]: &[NodeId; 2]) -> Range<usize> {
        let (key, value) = (self.tree.node(*key).whole(), self.tree.node(*value).whole());
        key.start..value.end.max(key.end)
    }

    /// The edits of a collection whose parts have these fates and to which others come: by lines in block
    /// style, with its commas in flow style.
    fn carried_out(
        &self,
        value: NodeId,
        spans: &[Range<usize>],
        lines: Option<Vec<Range<usize>>>,
        fates: Vec<Fate>,
        coming: Vec<Written>,
    ) -> Option<Vec<TextEdit>> {
        let (text, node) = (self.tree.text(), self.tree.node(value));
        let Some(lines) = lines else {
            let mut list = FlowCollection::of(text, node.range(), spans.iter().cloned());
            for (index, fate) in fates.iter().enumerate() {
                if let Fate::Changes(edits) = fate {
                    list.replace(index, &edited_within(text, &spans[index], edits));
                }
            }
            for part in coming {
                let written = part.in_flow(self.quotes);
                list.insert(list.len(), &written[1..written.len() - 1]);
            }
            for (index, fate) in fates.iter().enumerate().rev() {
                if matches!(fate, Fate::Goes) {
                    list.remove(index, self.effort);
                }
            }
            return Some(vec![TextEdit::replace(node.range(), list.into_text())]);
        };
        let stays = fates.iter().any(|fate| !matches!(fate, Fate::Goes));
        let (first, place) = (lines.first()?.start, lines.last()?.end);
        if !stays && coming.is_empty() {
            // A collection in block style cannot be empty.
            return None;
        }
        let column = text[first..].len() - text[first..].trim_start_matches(' ').len();
        let mut edits = Vec::new();
        for (fate, lines) in fates.into_iter().zip(lines) {
            match fate {
                Fate::Stays => {}
                Fate::Changes(changes) => edits.extend(changes),
                Fate::Goes => edits.push(TextEdit::remove(lines)),
            }
        }
        let ending = line_ending(text);
        let written: String =
            coming.iter().map(|part| part.in_block(column, self.quotes, ending)).collect();
        if let Some(written) = written.strip_prefix(ending) {
            let written = format!("{written}{ending}");
            edits.push(TextEdit::insert(place, lines_at(text, place, &written, ending).0));
        }
        Some(edits)
    }
}

/// A piece of a text after edits within it.
fn edited_within(text: &str, piece: &Range<usize>, edits: &[TextEdit]) -> String {
    let within = edits.iter().map(|TextEdit { range, text }| {
        TextEdit::replace(range.start - piece.start..range.end - piece.start, text.clone())
    });
    edited_text(&text[piece.clone()], within.collect())
}
