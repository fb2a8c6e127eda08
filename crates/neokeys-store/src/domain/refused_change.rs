//! Changes that were refused before anybody asked for them by a commit.

use super::initiator::Initiator;
use super::key_name::KeyName;
use super::tenant_id::TenantId;

/// A change that a caller whose credential is good may not make, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedChange {
    /// Whose keys.
    pub tenant: TenantId,
    /// The key, where the request named one.
    pub key: Option<KeyName>,
    /// The kind of change that it would have been.
    pub kind: ChangeKind,
    /// Why it was refused, for people.
    pub reason: String,
    /// Who asked for it.
    pub initiator: Initiator,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum ChangeKind {
    Create,
    Update,
    Rotate,
    EndOverlap,
    Delete,
}
