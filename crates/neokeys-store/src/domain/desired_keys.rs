//! The keys that a tenant should have, as whoever manages them wrote it down.

use std::time::Duration;

use super::{
    AllowedIps, Description, Digest, KeyName, Labels, ManagedBy, Owner, Patch, Scopes, Timestamp,
};

/// The keys that one owner wants a tenant to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredKeys {
    /// The owner, which its keys have as `managedBy`.
    pub managed_by: ManagedBy,
    /// Its keys, no two of one name.
    pub keys: Vec<DesiredKey>,
}

/// A key as it should be. What is not named may be anything, and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredKey {
    /// The name that it is addressed by.
    pub name: KeyName,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Its scopes.
    pub scopes: Option<Scopes>,
    /// The digest of its current token.
    pub digest: Option<Digest>,
    /// How long the token before that one is valid yet, where this one takes its place.
    pub overlap: Option<Duration>,
    /// Its end.
    pub expires_at: Patch<Timestamp>,
    /// The networks that it may be used from.
    pub allowed_ips: Patch<AllowedIps>,
    /// Its purpose.
    pub description: Patch<Description>,
    /// Who answers for it.
    pub owner: Patch<Owner>,
    /// All of its labels.
    pub labels: Option<Labels>,
}

impl DesiredKey {
    /// A key of which nothing is wanted but that it is there.
    #[must_use]
    pub fn named(name: KeyName) -> Self {
        Self {
            name,
            enabled: None,
            scopes: None,
            digest: None,
            overlap: None,
            expires_at: Patch::Keep,
            allowed_ips: Patch::Keep,
            description: Patch::Keep,
            owner: Patch::Keep,
            labels: None,
        }
    }
}
