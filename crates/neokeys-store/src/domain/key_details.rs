//! All of a key beside its definition: limits, older tokens, and texts for people.

use super::{AllowedIps, Description, Digest, Labels, LastUse, ManagedBy, Owner, Timestamp};

/// The details of a key. Most keys have none, so a key keeps them behind one pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyDetails {
    /// The limits of its use.
    pub limits: Limits,
    /// Its older tokens, the oldest first. One that has ended is still here until the next change of the
    /// key.
    pub previous: Vec<PreviousToken>,
    /// The time at which the service made it.
    pub created_at: Option<Timestamp>,
    /// The time of its last rotation.
    pub rotated_at: Option<Timestamp>,
    /// Its purpose.
    pub description: Option<Description>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// Its labels.
    pub labels: Labels,
    /// The program that manages it.
    pub managed_by: Option<ManagedBy>,
    /// How much of it breaks its rules.
    pub mistyped: Mistyped,
}

/// How much stands among the details of a key that breaks their rules. It means nothing, and every change
/// leaves it where it is, for whoever mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mistyped {
    /// Older tokens that are none.
    pub previous: usize,
    /// Labels that are none.
    pub labels: usize,
}

/// The limits of a key's use, which hold for each of its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// The first second in which it is not valid any more.
    pub expires_at: Option<Timestamp>,
    /// The networks that it may be used from; `None` for all.
    pub allowed_ips: Option<AllowedIps>,
}

/// An older token of a key that was rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousToken {
    /// Its digest.
    pub digest: Digest,
    /// The first second in which it is not valid any more.
    pub expires_at: Timestamp,
    /// Its last use in this process.
    pub(super) last_use: LastUse,
}

impl PreviousToken {
    /// A token that is not known to have been used.
    #[must_use]
    pub fn new(digest: Digest, expires_at: Timestamp) -> Self {
        Self { digest, expires_at, last_use: LastUse::default() }
    }
}

impl KeyDetails {
    /// The most older tokens that a rotation leaves valid.
    pub const MOST_PREVIOUS: usize = 4;

    /// The details of a key that has none.
    pub(super) const NONE: &Self = &Self {
        limits: Limits { expires_at: None, allowed_ips: None },
        previous: Vec::new(),
        created_at: None,
        rotated_at: None,
        description: None,
        owner: None,
        labels: Labels::NONE,
        managed_by: None,
        mistyped: Mistyped { previous: 0, labels: 0 },
    };

    /// The older tokens that are still valid.
    pub fn previous_at(&self, now: Timestamp) -> impl Iterator<Item = &PreviousToken> {
        self.previous.iter().filter(move |token| now < token.expires_at)
    }
}
