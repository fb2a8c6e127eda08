//! One change to a keyring, and what it comes to.

use std::sync::Arc;

use super::{ApiKey, DetailsPatch, Digest, EntityTag, KeyName, Rotation, Scopes};

/// An edit that a caller wants made.
#[derive(Debug, Clone)]
pub enum KeyringEdit {
    /// A new key, at the end.
    Create(ApiKey),
    /// Other rights for a key; all else stays.
    Update {
        /// Which key.
        name: KeyName,
        /// Whether it may be used from now on.
        enabled: bool,
        /// The scopes that it has from now on.
        scopes: Scopes,
    },
    /// No such key any more.
    Delete {
        /// Which key.
        name: KeyName,
    },
    /// Other details for a key.
    Amend {
        /// Which key.
        name: KeyName,
        /// The changes.
        patch: DetailsPatch,
    },
    /// A new token for a key.
    Rotate {
        /// Which key.
        name: KeyName,
        /// The rotation.
        rotation: Rotation,
    },
    /// No older token of a key is valid any more.
    EndOverlap {
        /// Which key.
        name: KeyName,
    },
    /// One token of a key is not valid any more: an older one alone, or with the current one the key.
    EndToken {
        /// Which key.
        name: KeyName,
        /// The token.
        digest: Digest,
    },
}

impl KeyringEdit {
    /// The name of the key that the edit is about.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        match self {
            Self::Create(key) => &key.name,
            Self::Update { name, .. }
            | Self::Delete { name }
            | Self::Amend { name, .. }
            | Self::Rotate { name, .. }
            | Self::EndOverlap { name }
            | Self::EndToken { name, .. } => name,
        }
    }
}

/// The change that an edit makes to the keyring that it was judged on.
#[derive(Debug, Clone)]
pub enum Change {
    /// The key comes after all others.
    Inserted(Arc<ApiKey>),
    /// The key takes the place of the one with its name.
    Replaced(Arc<ApiKey>),
    /// The key is gone.
    Removed(Arc<ApiKey>),
}

impl Change {
    /// The key as it is after the change, or as it was before it went.
    #[must_use]
    pub fn key(&self) -> &Arc<ApiKey> {
        match self {
            Self::Inserted(key) | Self::Replaced(key) | Self::Removed(key) => key,
        }
    }
}

/// A condition on the resource that must hold for an edit to be done: the key that it is about, or the list
/// where the edit creates one. Judged together with the edit, so nothing can come between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    /// The resource must be one of these.
    pub matches: Option<Validators>,
    /// The resource must be none of these.
    pub matches_none: Option<Validators>,
}

/// The states of a resource that a caller names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validators {
    /// Any state, as long as the resource exists.
    Any,
    /// One of these states.
    OneOf(Vec<EntityTag>),
}

impl Validators {
    /// Whether the resource's present state is among these.
    #[must_use]
    pub fn include(&self, present: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(states) => states.contains(present),
        }
    }
}

impl Precondition {
    /// Whether the condition names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.matches.is_none() && self.matches_none.is_none()
    }

    /// Whether the condition holds of the resource's present state.
    #[must_use]
    pub fn holds(&self, present: &EntityTag) -> bool {
        self.matches.as_ref().is_none_or(|states| states.include(present))
            && !self.matches_none.as_ref().is_some_and(|states| states.include(present))
    }
}
