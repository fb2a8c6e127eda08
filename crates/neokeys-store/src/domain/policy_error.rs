//! The wishes that a policy does not allow.

use std::time::Duration;

use super::Timestamp;
use super::span::show_span;

/// A wish that the policy does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The key is to have no end.
    #[error("a key must expire, by {latest} at the latest (setting keys.max_lifetime)")]
    NoEnd {
        /// The latest end that is allowed now.
        latest: Timestamp,
    },
    /// The end is too late.
    #[error("the expiry must be {latest} at the latest (setting keys.max_lifetime)")]
    EndTooLate {
        /// The latest end that is allowed now.
        latest: Timestamp,
    },
    /// The overlap is too long.
    #[error(
        "the overlap must be {}, which is {} seconds, at most (setting keys.max_overlap)",
        show_span(*most),
        most.as_secs()
    )]
    OverlapTooLong {
        /// The longest overlap that is allowed.
        most: Duration,
    },
}
