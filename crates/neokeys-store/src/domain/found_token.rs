//! A token that was presented, and the key that it is one of.

use std::net::IpAddr;
use std::sync::Arc;

use super::{ApiKey, Digest, LastUse, Minute, Timestamp};

/// A token that one of a tenant's keys has.
#[derive(Debug, Clone, Copy)]
pub struct FoundToken<'k> {
    /// The key.
    pub key: &'k Arc<ApiKey>,
    /// Which of its tokens it is.
    pub generation: Generation,
}

/// Which of a key's tokens one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The one of its last rotation, or its first.
    Current,
    /// An older one, which is valid up to an end of its own.
    Previous {
        /// The position among the key's older tokens.
        position: usize,
    },
}

/// Why a token is not accepted. Only who presents an ended one is told so; the others look alike from
/// outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum TokenRefusal {
    #[error("no key has this token")]
    Unknown,
    #[error("the key is disabled")]
    Disabled,
    #[error("the key may not be used from this address")]
    AddressNotAllowed,
    #[error("the token expired at {at}")]
    Expired {
        /// The first second in which it is not valid.
        at: Timestamp,
    },
}

impl FoundToken<'_> {
    /// The digest of the token.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        match self.generation {
            Generation::Current => &self.key.digest,
            Generation::Previous { position } => &self.key.details().previous[position].digest,
        }
    }

    /// Notes that the token was used; says whether it is the first use in its minute, which is told to
    /// whoever keeps uses.
    #[must_use]
    pub fn note_use(&self, now: Minute) -> bool {
        self.last_use().note(now)
    }

    /// The last use of the token in this process.
    pub(super) fn last_use(&self) -> &LastUse {
        match self.generation {
            Generation::Current => &self.key.last_use,
            Generation::Previous { position } => &self.key.details().previous[position].last_use,
        }
    }

    /// The first second in which the token is not valid any more: an older one ends with its key at the
    /// latest.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        let details = self.key.details();
        let own = match self.generation {
            Generation::Current => None,
            Generation::Previous { position } => Some(details.previous[position].expires_at),
        };
        own.into_iter().chain(details.limits.expires_at).min()
    }

    /// Whether the token is valid now, from a client of this address, if it is known.
    ///
    /// # Errors
    /// [`TokenRefusal`]. That a token has ended is told last: whoever has it from an address that it is
    /// not good for learns nothing of it.
    pub fn verify(&self, now: Timestamp, client: Option<IpAddr>) -> Result<(), TokenRefusal> {
        if !self.key.enabled {
            return Err(TokenRefusal::Disabled);
        }
        let allowed = &self.key.details().limits.allowed_ips;
        if allowed.as_ref().is_some_and(|networks| !networks.include(client)) {
            return Err(TokenRefusal::AddressNotAllowed);
        }
        match self.expires_at() {
            Some(at) if at <= now => Err(TokenRefusal::Expired { at }),
            Some(_) | None => Ok(()),
        }
    }
}
