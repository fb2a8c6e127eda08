//! The table of an entry's members: which there are, in the order in which a new entry has them, and
//! which of them a mapping has.

use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{Node, NodeId, Tree};

/// A member of an entry that a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberName {
    Name,
    Enabled,
    Permissions,
    Hash,
    Limits,
    PreviousHashes,
    CreatedAt,
    RotatedAt,
    Description,
    Owner,
    Labels,
    ManagedBy,
}

impl MemberName {
    /// All of them, in the order of a new entry, which has those behind `hash` only if they are used.
    pub(crate) const ALL: [Self; 12] = [
        Self::Name,
        Self::Enabled,
        Self::Permissions,
        Self::Hash,
        Self::Limits,
        Self::PreviousHashes,
        Self::CreatedAt,
        Self::RotatedAt,
        Self::Description,
        Self::Owner,
        Self::Labels,
        Self::ManagedBy,
    ];

    /// The name as it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Enabled => "enabled",
            Self::Permissions => "permissions",
            Self::Hash => "hash",
            Self::Limits => "limits",
            Self::PreviousHashes => "previousHashes",
            Self::CreatedAt => "createdAt",
            Self::RotatedAt => "rotatedAt",
            Self::Description => "description",
            Self::Owner => "owner",
            Self::Labels => "labels",
            Self::ManagedBy => "managedBy",
        }
    }

    /// Whether its value is a list.
    pub(crate) fn is_list(self) -> bool {
        self == Self::Permissions
    }

    /// The member of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|member| member.as_str() == name)
    }

    /// The member that a key of a mapping names.
    pub(crate) fn of_key(tree: &Tree<'_>, key: NodeId) -> Option<Self> {
        Self::find(text_value(tree.resolved(key))?)
    }
}

/// The text of a scalar that is a text.
pub(super) fn text_value<'a>(node: &'a Node<'_>) -> Option<&'a str> {
    node.text().filter(|_| node.value() == Some(Value::Text))
}

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) key: NodeId,
    pub(crate) value: NodeId,
}

/// The members of an entry that a key is made of, as far as there are any.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct EntryMembers([Option<Member>; MemberName::ALL.len()]);

impl EntryMembers {
    /// Those of a mapping.
    pub(crate) fn of(tree: &Tree<'_>, members: &[[NodeId; 2]]) -> Self {
        let mut known = Self::default();
        for &[key, value] in members {
            if let Some(name) = MemberName::of_key(tree, key) {
                known.0[name as usize].get_or_insert(Member { key, value });
            }
        }
        known
    }

    /// The member of this name.
    pub(crate) fn get(&self, name: MemberName) -> Option<Member> {
        self.0[name as usize]
    }

    /// Takes from others what is missing.
    pub(super) fn inherit(&mut self, others: &Self) {
        for (own, other) in self.0.iter_mut().zip(others.0) {
            *own = own.or(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MemberName;
    use neokeys_testkit::book;

    fn meaning(name: MemberName) -> [&'static str; 2] {
        match name {
            MemberName::Name => {
                ["people", "1 to 128 characters of `A-Z a-z 0-9 - _ .`; each name once in the file"]
            }
            MemberName::Enabled => ["people", "`true` or `false`: a disabled key is refused"],
            MemberName::Permissions => {
                ["people", "a list of 1 to 256 scopes (RFC 6749 §3.3); `*` grants everything"]
            }
            MemberName::Hash => [
                "people",
                "SHA-256 of the newest token: 64 hexadecimal digits, Base64, or Base64url without padding",
            ],
            MemberName::Limits => [
                "people",
                "`expiresAt`, a date and time with its offset; `allowedIps`, a list of addresses and networks.                  Nothing else may be in it",
            ],
            MemberName::PreviousHashes => {
                ["neokeys", "older tokens that are still valid, each `{hash, expiresAt}`"]
            }
            MemberName::CreatedAt => ["neokeys", "when the key was created"],
            MemberName::RotatedAt => ["neokeys", "when it got its newest token"],
            MemberName::Description => ["people", "a text; it has no effect on checks"],
            MemberName::Owner => ["people", "a text, such as an address to write to; the same"],
            MemberName::Labels => ["people", "a mapping of names to texts; the same"],
            MemberName::ManagedBy => ["`neokeys apply`", "the owner of a key that is kept in git"],
        }
    }

    #[test]
    fn the_book_has_every_member_of_an_entry() {
        let rows = MemberName::ALL.map(|name| {
            let [written_by, means] = meaning(name);
            book::row(&[&format!("`{}`", name.as_str()), written_by, means])
        });
        let made = format!("| member | written by | is |\n|---|---|---|\n{}", rows.concat());
        book::hold("docs/reference/file.md", "members", &made);
    }
}
