//! The text of a new entry: like its neighbour's in indentation, order, quotes and style.

use crate::domain::ApiKey;
use crate::storage::document::editing::update_members::quotes_of_key;
use crate::storage::document::editing::update_permissions::quotes_of;
use crate::storage::document::lines::indentation;
use crate::storage::document::reading::entry::{EntryMembers, Member};
use crate::storage::document::reading::section_layout::lines_of_items;
use crate::storage::document::yaml::scalar::{Quotes, write_text};
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// How entries of a section are written.
#[derive(Debug, Clone)]
pub(crate) struct EntryTemplate {
    /// What comes before the first member: the dash of a block entry with its indentation, and the
    /// bracket of a flow mapping.
    before: String,
    /// What comes between two members.
    between: String,
    /// What comes after the last member.
    after: String,
    members: Vec<MemberTemplate>,
}

#[derive(Debug, Clone)]
struct MemberTemplate {
    kind: Kind,
    key: String,
    quotes: Quotes,
    list: ListTemplate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Enabled,
    Permissions,
    Hash,
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Name, "name"),
    (Kind::Enabled, "enabled"),
    (Kind::Permissions, "permissions"),
    (Kind::Hash, "hash"),
];

/// How a list is written, from after its key to its end.
#[derive(Debug, Clone)]
struct ListTemplate {
    before: String,
    between: String,
    after: String,
}

impl ListTemplate {
    fn flow() -> Self {
        Self { before: "[".into(), between: ", ".into(), after: "]".into() }
    }

    fn block(ending: &str, column: usize) -> Self {
        let between = format!("{ending}{}- ", " ".repeat(column));
        Self { before: between.clone(), between, after: String::new() }
    }
}

impl EntryTemplate {
    /// An entry in block style whose dash stands at a column.
    pub(crate) fn block(column: usize, ending: &str) -> Self {
        let indent = " ".repeat(column + 2);
        let members = KINDS.map(|(kind, key)| MemberTemplate {
            kind,
            key: if kind == Kind::Permissions { format!("{key}:") } else { format!("{key}: ") },
            quotes: Quotes::Plain,
            list: ListTemplate::block(ending, column + 4),
        });
        Self {
            before: format!("{}- ", " ".repeat(column)),
            between: format!("{ending}{indent}"),
            after: ending.to_owned(),
            members: members.into(),
        }
    }

    /// An entry in flow style.
    pub(crate) fn flow(quotes: Quotes) -> Self {
        let members = KINDS.map(|(kind, key)| MemberTemplate {
            kind,
            key: format!("{}: ", write_text(key, quotes)),
            quotes,
            list: ListTemplate::flow(),
        });
        Self {
            before: "{".into(),
            between: ", ".into(),
            after: "}".into(),
            members: members.into(),
        }
    }

    /// An entry like this one, in a section in block style (`column` of its dashes) or in flow
    /// style. None where the neighbour's writing is not one to take after.
    pub(crate) fn like(
        tree: &Tree<'_>,
        item: NodeId,
        column: Option<usize>,
        ending: &str,
    ) -> Option<Self> {
        let text = tree.text();
        let node = tree.node(item);
        let Content::Mapping { flow, members: range } = &node.content else { return None };
        let members: Vec<_> = tree.members(range).collect();
        let (first, last) = (members.first()?, members.last()?);
        let dash = match column {
            Some(_) => {
                bare(&text[..node.range().start.min(tree.node(first.0).range().start)], "-")?
            }
            None => "",
        };
        let known = EntryMembers::own(tree, range);
        let fallback = match (*flow, column) {
            // Its members stand where the neighbour's do.
            (false, Some(_)) => Self::block((node.column() as usize).saturating_sub(3), ending),
            (false, None) => return None,
            (true, _) => Self::flow(quotes_of_key(tree, known.name?)),
        };
        let (before, between, after) = if *flow {
            let inner = node.range().start + 1..node.range().end - 1;
            let gap = members.get(1).map(|second| {
                &text[tree.node(first.1).range().end..tree.node(second.0).range().start]
            });
            let open = bare(&text[inner.start..tree.node(first.0).range().start], "")?;
            let close = bare(&text[tree.node(last.1).range().end..inner.end], ",")?;
            let between = gap.and_then(|gap| bare(gap, ",")).unwrap_or(", ");
            let end = if column.is_some() { ending } else { "" };
            (format!("{dash}{{{open}"), between.to_owned(), format!("{close}}}{end}"))
        } else {
            let indent = " ".repeat(node.column() as usize - 1);
            (dash.to_owned(), format!("{ending}{indent}"), ending.to_owned())
        };
        let mut patterns = Vec::with_capacity(KINDS.len());
        for (kind, own) in [
            (Kind::Name, known.name),
            (Kind::Enabled, known.enabled),
            (Kind::Permissions, known.permissions),
            (Kind::Hash, known.hash),
        ] {
            let default = fallback.members.iter().find(|member| member.kind == kind)?;
            patterns.push((own, MemberTemplate::like(tree, own, default, *flow, ending)));
        }
        // The members that the neighbour has come in its order, the others after the one that they
        // usually follow.
        let mut ordered: Vec<(usize, MemberTemplate)> = Vec::with_capacity(KINDS.len());
        let mut place = 0;
        for (own, pattern) in patterns {
            place = own.map_or(place, |member| tree.node(member.key).range().start);
            ordered.push((place, pattern));
        }
        ordered.sort_by_key(|(place, _)| *place);
        let members = ordered.into_iter().map(|(_, pattern)| pattern).collect();
        Some(Self { before, between, after, members })
    }

    /// The entry's text: whole lines in a section in block style.
    pub(crate) fn write(&self, key: &ApiKey) -> String {
        let members: Vec<String> = self.members.iter().map(|member| member.write(key)).collect();
        format!("{}{}{}", self.before, members.join(&self.between), self.after)
    }
}

impl MemberTemplate {
    fn like(
        tree: &Tree<'_>,
        own: Option<Member>,
        default: &Self,
        flow: bool,
        ending: &str,
    ) -> Self {
        let Some(Member { key, value }) = own else { return default.clone() };
        let text = tree.text();
        let (key_range, node) = (tree.node(key).range(), tree.node(value));
        let mut pattern = default.clone();
        match &node.content {
            Content::Scalar { style, .. } => {
                pattern.quotes = Quotes::of(*style);
                if let Some(colon) = bare(&text[key_range.end..node.range().start], ":") {
                    pattern.key = format!("{}{colon}", &text[key_range]);
                }
            }
            Content::Sequence { flow: false, items } if !flow => {
                pattern.quotes = quotes_of(tree, tree.items(items));
                pattern.key = format!("{}:", &text[key_range]);
                pattern.list =
                    ListTemplate::block(ending, column_of_dashes(tree, tree.items(items)));
            }
            Content::Sequence { items, .. } => {
                let items = tree.items(items);
                pattern.quotes = quotes_of(tree, items);
                if let Some(colon) = bare(&text[key_range.end..node.range().start], ":") {
                    pattern.key = format!("{}{colon}", &text[key_range]);
                } else {
                    pattern.key = format!("{}: ", &text[key_range]);
                }
                pattern.list = flow_list_like(tree, node.range(), items);
            }
            Content::Mapping { .. } | Content::Alias(_) => {}
        }
        pattern
    }

    fn write(&self, key: &ApiKey) -> String {
        let written = |text: &str| write_text(text, self.quotes);
        let value = match self.kind {
            Kind::Name => written(key.name.as_str()),
            Kind::Enabled => key.enabled.to_string(),
            Kind::Hash => written(&key.digest.to_hex()),
            Kind::Permissions => {
                let items: Vec<_> =
                    key.scopes.iter().map(|scope| written(scope.as_str())).collect();
                let ListTemplate { before, between, after } = &self.list;
                let space = if self.key.ends_with(':') { " " } else { "" };
                if items.is_empty() {
                    format!("{space}[]")
                } else {
                    format!("{before}{}{after}", items.join(between))
                }
            }
        };
        format!("{}{value}", self.key)
    }
}

fn flow_list_like(tree: &Tree<'_>, list: std::ops::Range<usize>, items: &[NodeId]) -> ListTemplate {
    let text = tree.text();
    let mut pattern = ListTemplate::flow();
    let range = |item: &NodeId| tree.node(*item).range();
    if let [first, .., last] | [first @ last] = items {
        let open = bare(&text[list.start + 1..range(first).start], "");
        let close = bare(&text[range(last).end..list.end - 1], ",");
        if let (Some(open), Some(close)) = (open, close) {
            pattern.before = format!("[{open}");
            pattern.after = format!("{close}]");
        }
    }
    if let [first, second, ..] = items
        && let Some(between) = bare(&text[range(first).end..range(second).start], ",")
    {
        pattern.between = between.to_owned();
    }
    pattern
}

fn column_of_dashes(tree: &Tree<'_>, items: &[NodeId]) -> usize {
    let lines = lines_of_items(tree, items).unwrap_or_default();
    lines.first().map_or(0, |first| indentation(&tree.text()[first.start..]))
}

/// The text, if there is nothing in it but white space and these marks.
fn bare<'t>(text: &'t str, marks: &str) -> Option<&'t str> {
    text.chars()
        .all(|character| matches!(character, ' ' | '\r' | '\n') || marks.contains(character))
        .then_some(text)
}
