//! The names that each kind of store has for the members of a key.

use super::Format;

/// The names of members in a row.
pub(super) struct Fields {
    pub(super) id: Option<&'static str>,
    pub(super) name: &'static str,
    pub(super) hash: &'static str,
    pub(super) enabled: &'static str,
    pub(super) permissions: &'static str,
    pub(super) ends: &'static str,
    pub(super) description: Option<&'static str>,
    /// The first that there is counts.
    pub(super) owner: &'static [&'static str],
    /// Those by which a row is one that was deleted.
    pub(super) deleted: &'static [&'static str],
    /// Limits of use.
    pub(super) limits: &'static [&'static str],
}

impl Fields {
    pub(super) const fn of(format: Format) -> Self {
        match format {
            Format::Unkey => Self {
                id: Some("id"),
                name: "name",
                hash: "hash",
                enabled: "enabled",
                permissions: "permissions",
                ends: "expires",
                description: None,
                owner: &["externalId", "ownerId", "owner_id"],
                deleted: &["deletedAt", "deletedAtM", "deleted_at", "deleted_at_m"],
                limits: &["remaining", "remaining_requests", "ratelimit"],
            },
            Format::BetterAuth => Self {
                id: Some("id"),
                name: "name",
                hash: "key",
                enabled: "enabled",
                permissions: "permissions",
                ends: "expiresAt",
                description: None,
                owner: &["referenceId", "userId"],
                deleted: &[],
                limits: &["remaining"],
            },
            Format::Csv => Self {
                id: None,
                name: "name",
                hash: "hash",
                enabled: "enabled",
                permissions: "permissions",
                ends: "expiresAt",
                description: Some("description"),
                owner: &["owner"],
                deleted: &[],
                limits: &[],
            },
        }
    }
}

/// The columns that a table can have.
pub(super) const COLUMNS: [&str; 7] =
    ["name", "hash", "permissions", "enabled", "expiresAt", "description", "owner"];
