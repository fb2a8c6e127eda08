//! Entry templates: how a new entry is written, like its neighbour's in indentation, order, quotes and
//! style.

use std::ops::Range;

use super::item_of;
use super::update_members::quotes_of_key;
use super::update_permissions::quotes_of;
use crate::domain::ApiKey;
use crate::storage::document::lines::{indentation, line_ending};
use crate::storage::document::reading::entry::member_values::MemberValue;
use crate::storage::document::reading::entry::members::{EntryMembers, Member, MemberName};
use crate::storage::document::reading::section_layout::{EntrySpan, lines_of_items};
use crate::storage::document::yaml::scalar::{Quotes, write_text};
use crate::storage::document::yaml::{NodeId, Tree};

/// Entries that are looked at for one whose style a new one can take.
const NEIGHBOURS: usize = 8;

/// How entries of a section are written.
#[derive(Debug, Clone)]
pub(super) struct EntryTemplate {
    /// Around the members: the dash of a block entry with its indentation, and the brackets of a flow
    /// mapping.
    delimiters: Delimiters,
    members: Vec<MemberTemplate>,
    /// How far is indented what a member in block style holds.
    column: Option<usize>,
    ending: &'static str,
}

#[derive(Debug, Clone)]
struct MemberTemplate {
    name: MemberName,
    /// The key with its colon, and the space behind it unless a list in block style follows.
    key: String,
    quotes: Quotes,
    list: Delimiters,
}

/// The text before, between and after the parts of a collection.
#[derive(Debug, Clone)]
struct Delimiters {
    before: String,
    between: String,
    after: String,
}

impl Delimiters {
    fn flow([open, close]: [&str; 2]) -> Self {
        Self { before: open.into(), between: ", ".into(), after: close.into() }
    }

    fn block(ending: &str, column: usize) -> Self {
        let between = format!("{ending}{}- ", " ".repeat(column));
        Self { before: between.clone(), between, after: String::new() }
    }

    /// Those of a collection in brackets, where there is nothing but white space between its items.
    fn like(
        text: &str,
        collection: &Range<usize>,
        items: &[Range<usize>],
        brackets: [&str; 2],
    ) -> Self {
        let mut delimiters = Self::flow(brackets);
        if let [first, .., last] | [first @ last] = items
            && let Some(open) = bare(&text[collection.start + 1..first.start], "")
            && let Some(close) = bare(&text[last.end..collection.end - 1], ",")
        {
            delimiters.before += open;
            delimiters.after.insert_str(0, close);
        }
        if let [first, second, ..] = items
            && let Some(between) = bare(&text[first.end..second.start], ",")
        {
            delimiters.between = between.to_owned();
        }
        delimiters
    }

    fn join(&self, parts: &[String]) -> String {
        format!("{}{}{}", self.before, parts.join(&self.between), self.after)
    }
}

impl EntryTemplate {
    /// An entry in block style whose dash stands at a column.
    pub(super) fn block(column: usize, ending: &'static str) -> Self {
        let members = MemberName::ALL.map(|name| MemberTemplate {
            name,
            key: format!("{}:{}", name.as_str(), if name.is_list() { "" } else { " " }),
            quotes: Quotes::Plain,
            list: Delimiters::block(ending, column + 4),
        });
        let delimiters = Delimiters {
            before: format!("{}- ", " ".repeat(column)),
            between: format!("{ending}{}", " ".repeat(column + 2)),
            after: ending.to_owned(),
        };
        Self { delimiters, members: members.into(), column: Some(column + 4), ending }
    }

    /// An entry in flow style.
    pub(super) fn flow(quotes: Quotes) -> Self {
        let members = MemberName::ALL.map(|name| MemberTemplate {
            name,
            key: format!("{}: ", write_text(name.as_str(), quotes)),
            quotes,
            list: Delimiters::flow(["[", "]"]),
        });
        let delimiters = Delimiters::flow(["{", "}"]);
        Self { delimiters, members: members.into(), column: None, ending: "" }
    }

    /// How a section's last entries are written that a new one can be like, in block style (`column` of
    /// its dashes) or in flow style.
    pub(super) fn of_neighbours(
        text: &str,
        entries: &[EntrySpan],
        column: Option<usize>,
    ) -> Option<Self> {
        let ending = line_ending(text);
        entries.iter().rev().take(NEIGHBOURS).find_map(|entry| {
            let tree = Tree::parse(&text[entry.range.clone()]).ok()?;
            Self::like(&tree, item_of(&tree, column.is_some())?, column, ending)
        })
    }

    /// An entry like this one. None where the neighbour's writing is not one to take after.
    fn like(
        tree: &Tree<'_>,
        item: NodeId,
        column: Option<usize>,
        ending: &'static str,
    ) -> Option<Self> {
        let text = tree.text();
        let node = tree.node(item);
        let members = tree.members_of(node)?;
        let known = EntryMembers::of(tree, members);
        let ranges: Vec<Range<usize>> = members
            .iter()
            .map(|[key, value]| tree.node(*key).range().start..tree.node(*value).range().end)
            .collect();
        let (first, last) = (ranges.first()?.start, ranges.last()?.end);
        let (dash, end) = match column {
            Some(_) => (bare(&text[..node.range().start.min(first)], "-")?, ending),
            None => ("", ""),
        };
        let mut template = match (node.is_flow(), column) {
            // Its members stand where the neighbour's do.
            (false, Some(_)) => Self::block(node.indentation().saturating_sub(2), ending),
            (false, None) => return None,
            (true, _) => Self::flow(quotes_of_key(tree, known.get(MemberName::Name)?)),
        };
        if node.is_flow() {
            bare(&text[node.range().start + 1..first], "")?;
            bare(&text[last..node.range().end - 1], ",")?;
            template.delimiters = Delimiters::like(text, &node.range(), &ranges, ["{", "}"]);
            template.delimiters.before.insert_str(0, dash);
            template.delimiters.after += end;
        } else {
            template.delimiters.before = dash.to_owned();
            template.delimiters.between = format!("{ending}{}", " ".repeat(node.indentation()));
        }
        // The members that the neighbour has come in its order, the others after the one that they
        // usually follow.
        let mut place = 0;
        let mut ordered = Vec::with_capacity(MemberName::ALL.len());
        for mut member in template.members {
            if let Some(own) = known.get(member.name) {
                place = tree.node(own.key).range().start;
                member.take_after(tree, own, node.is_flow(), ending);
            }
            ordered.push((place, member));
        }
        ordered.sort_by_key(|(place, _)| *place);
        let members = ordered.into_iter().map(|(_, member)| member).collect();
        Some(Self { members, ..template })
    }

    /// The entry's text: whole lines in a section in block style.
    pub(super) fn write(&self, key: &ApiKey) -> String {
        let ending = self.ending;
        let written =
            self.members.iter().filter_map(|member| member.write(key, self.column, ending));
        let members: Vec<String> = written.collect();
        self.delimiters.join(&members)
    }
}

impl MemberTemplate {
    fn take_after(&mut self, tree: &Tree<'_>, own: Member, within_flow: bool, ending: &str) {
        let text = tree.text();
        let (key, node) = (tree.node(own.key).range(), tree.node(own.value));
        let colon = || bare(&text[key.end..node.range().start], ":");
        let written = &text[key.clone()];
        if let Some(items) = tree.items_of(node) {
            self.quotes = quotes_of(tree, items);
            if node.is_flow() || within_flow {
                self.key = format!("{written}{}", colon().unwrap_or(": "));
                let ranges: Vec<_> = items.iter().map(|item| tree.node(*item).range()).collect();
                self.list = Delimiters::like(text, &node.range(), &ranges, ["[", "]"]);
            } else {
                self.key = format!("{written}:");
                let lines = lines_of_items(tree, items).unwrap_or_default();
                let column = lines.first().map_or(0, |first| indentation(&text[first.start..]));
                self.list = Delimiters::block(ending, column);
            }
        } else if let Some(style) = node.style() {
            self.quotes = Quotes::of(style);
            if let Some(colon) = colon() {
                self.key = format!("{written}{colon}");
            }
        }
    }

    /// The member, if the key has use for it. In block style, what it holds is indented by `column`.
    fn write(&self, key: &ApiKey, column: Option<usize>, ending: &str) -> Option<String> {
        let written = |text: &str| write_text(text, self.quotes);
        let value = match MemberValue::of(key, self.name)? {
            MemberValue::Tree(tree) => match column {
                Some(column) => {
                    let name = self.key.trim_end_matches([' ', ':']);
                    return Some(format!("{name}:{}", tree.in_block(column, self.quotes, ending)));
                }
                None => tree.in_flow(self.quotes),
            },
            MemberValue::Text(text) => written(&text),
            MemberValue::Flag(flag) => flag.to_string(),
            MemberValue::List(texts) if texts.is_empty() => {
                format!("{}[]", if self.key.ends_with(':') { " " } else { "" })
            }
            MemberValue::List(texts) => {
                self.list.join(&texts.into_iter().map(written).collect::<Vec<_>>())
            }
        };
        Some(format!("{}{value}", self.key))
    }
}

/// The text, if there is nothing in it but white space and these marks.
fn bare<'t>(text: &'t str, marks: &str) -> Option<&'t str> {
    let is_bare = |part: char| matches!(part, ' ' | '\r' | '\n') || marks.contains(part);
    text.chars().all(is_bare).then_some(text)
}
