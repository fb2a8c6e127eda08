//! The right that a change rests on.

use std::fmt;
use std::sync::Arc;

use super::{Keyring, KeyringEdit, Scope, Timestamp};

/// By what right an edit is made.
///
/// A request is let in when its head arrives, and its change is made when its turn comes, which may
/// be much later. So the tenant's writer judges the right once more, on the very keyring that it
/// judges the edit on: whatever was taken away before that is refused.
#[derive(Clone, Debug)]
pub enum Right {
    /// Whoever works on the store itself, as the command line does: there is no credential that
    /// could be taken away.
    Operator,
    /// A caller's, by credentials that may end at any moment.
    Caller(Arc<dyn CallerRight>),
}

/// Credentials that were valid when a request began.
pub trait CallerRight: fmt::Debug + Send + Sync {
    /// Whether they still are now, and suffice for this edit, where these are the tenant's keys. Does
    /// not wait for anything.
    ///
    /// # Errors
    /// [`RightError`] says what is lacking.
    fn authorize(
        &self,
        keyring: &Keyring,
        edit: &KeyringEdit,
        now: Timestamp,
    ) -> Result<(), RightError>;
}

/// Why a caller may not make a change any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RightError {
    /// A credential of the request is not valid any more.
    #[error("a credential of the request is not valid any more")]
    CredentialInvalid,
    /// The credentials do not hold the scope any more that the change demands.
    #[error("the credentials do not hold the scope {scope}")]
    ScopeMissing {
        /// The scope that is demanded.
        scope: &'static str,
    },
    /// The credentials do not hold what the change would give a key.
    #[error("the credentials do not hold every permission that the change grants")]
    GrantExceedsOwn {
        /// The scopes that they lack, in the order of the edit.
        lacking: Vec<Scope>,
    },
}

impl Right {
    /// Whether the edit may be made now, where these are the tenant's keys.
    ///
    /// # Errors
    /// [`RightError`] says what is lacking.
    pub fn authorize(
        &self,
        keyring: &Keyring,
        edit: &KeyringEdit,
        now: Timestamp,
    ) -> Result<(), RightError> {
        match self {
            Self::Operator => Ok(()),
            Self::Caller(right) => right.authorize(keyring, edit, now),
        }
    }
}
