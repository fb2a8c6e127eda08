//! How the members beside a key's definition are written, in flow and in block style.

use super::members::MemberName;
use crate::domain::{Digest, KeyDetails, PreviousToken, Timestamp};
use crate::storage::document::yaml::scalar::{Quotes, write_any, write_text};

/// The names in `limits`, which is closed.
pub(crate) const EXPIRES_AT: &str = "expiresAt";
pub(super) const ALLOWED_IPS: &str = "allowedIps";
/// A name in an item of `previousHashes`, beside [`EXPIRES_AT`].
pub(crate) const HASH: &str = "hash";

/// A value of a member that may hold others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    Text(String),
    List(Vec<Written>),
    Mapping(Vec<(String, Written)>),
}

impl Written {
    /// The value of a member, if the details have use for it: an empty one where all that it holds is
    /// mistyped.
    pub(super) fn of(details: &KeyDetails, member: MemberName) -> Option<Self> {
        let text = |text: &dyn ToString| Self::Text(text.to_string());
        let named = |name: &str, value: Self| (name.to_owned(), value);
        let mistyped = &details.mistyped;
        let stays = member == MemberName::PreviousHashes && mistyped.previous > 0
            || member == MemberName::Labels && mistyped.labels > 0;
        let written = match member {
            MemberName::Name | MemberName::Enabled | MemberName::Permissions | MemberName::Hash => {
                return None;
            }
            MemberName::CreatedAt => text(&details.created_at?),
            MemberName::RotatedAt => text(&details.rotated_at?),
            MemberName::Description => text(&details.description.as_ref()?.as_str()),
            MemberName::Owner => text(&details.owner.as_ref()?.as_str()),
            MemberName::ManagedBy => text(&details.managed_by.as_ref()?.as_str()),
            MemberName::Limits => {
                let end = details.limits.expires_at.map(|end| named(EXPIRES_AT, text(&end)));
                let networks = details.limits.allowed_ips.as_ref().map(|networks| {
                    let list = networks.iter().map(|network| text(network)).collect();
                    named(ALLOWED_IPS, Self::List(list))
                });
                Self::Mapping(end.into_iter().chain(networks).collect())
            }
            MemberName::PreviousHashes => {
                let item =
                    |token: &PreviousToken| Self::older_token(&token.digest, token.expires_at);
                Self::List(details.previous.iter().map(item).collect())
            }
            MemberName::Labels => {
                let labels = details.labels.iter();
                Self::Mapping(
                    labels.map(|(name, value)| named(name.as_str(), text(value))).collect(),
                )
            }
        };
        (stays || !written.is_empty()).then_some(written)
    }

    /// An item of `previousHashes`.
    pub(crate) fn older_token(digest: &Digest, expires_at: Timestamp) -> Self {
        let named = |name: &str, text: String| (name.to_owned(), Self::Text(text));
        Self::Mapping(vec![named(HASH, digest.to_hex()), named(EXPIRES_AT, expires_at.to_string())])
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A value of the same kind that holds nothing; of a text, itself.
    pub(crate) fn without_parts(&self) -> Self {
        match self {
            Self::Text(_) => self.clone(),
            Self::List(_) => Self::List(Vec::new()),
            Self::Mapping(_) => Self::Mapping(Vec::new()),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Mapping(members) => members.is_empty(),
        }
    }

    /// A value of the same kind that says nothing.
    pub(crate) fn emptied(&self) -> &'static str {
        match self {
            Self::Text(_) => "null",
            Self::List(_) => "[]",
            Self::Mapping(_) => "{}",
        }
    }

    /// The value on one line.
    pub(crate) fn in_flow(&self, quotes: Quotes) -> String {
        let joined = |parts: Vec<String>| parts.join(", ");
        match self {
            Self::Text(text) => write_any(text, quotes),
            Self::List(items) => {
                format!("[{}]", joined(items.iter().map(|it| it.in_flow(quotes)).collect()))
            }
            Self::Mapping(members) => {
                let member = |(name, value): &(String, Self)| {
                    format!("{}: {}", write_text(name, quotes), value.in_flow(quotes))
                };
                format!("{{{}}}", joined(members.iter().map(member).collect()))
            }
        }
    }

    /// The value behind a colon: on lines of its own, indented by so much, if it holds others.
    pub(crate) fn in_block(&self, column: usize, quotes: Quotes, ending: &str) -> String {
        let start = format!("{ending}{}", " ".repeat(column));
        match self {
            Self::Text(text) => format!(" {}", write_any(text, quotes)),
            Self::List(items) => {
                let item = |item: &Self| {
                    let written = match item {
                        Self::Mapping(_) => item.in_block(column + 2, quotes, ending),
                        Self::Text(_) | Self::List(_) => item.in_flow(quotes),
                    };
                    format!("{start}- {}", written.trim_start())
                };
                items.iter().map(item).collect()
            }
            Self::Mapping(members) => {
                let member = |(name, value): &(String, Self)| {
                    let value = value.in_block(column + 2, quotes, ending);
                    format!("{start}{}:{value}", write_text(name, quotes))
                };
                members.iter().map(member).collect()
            }
        }
    }
}
