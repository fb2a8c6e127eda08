//! The rules on one tenant's keys, as plain values and pure functions.
//!
//! Nothing in here does I/O, reads a clock or knows a protocol or file format: a [`Keyring`] is an
//! immutable snapshot, [`Keyring::judge`] says what an edit would do to it, and [`KeyRepository`]
//! is the one door through which the rest of the service reads and changes keys.
//!
//! Invariant: a plaintext token exists only inside a [`Token`], between its generation and the one
//! answer that shows it; everything else knows its [`Digest`].

mod api_key;
mod digest;
mod edit;
mod entity_tag;
mod key_index;
mod key_name;
mod keyring;
mod last_use;
mod maybe_ready;
mod minute;
mod repository;
mod right;
mod scope;
mod snapshot_cache;
mod tenant_id;
mod token;
mod usage;
pub mod work_trace;

pub use api_key::ApiKey;
pub use digest::{Digest, DigestError};
pub use edit::{Change, EditError, KeyringEdit, Precondition, Validators};
pub use entity_tag::EntityTag;
pub use key_name::{KeyName, KeyNameError};
pub use keyring::{FaultyEntry, Keyring};
pub use last_use::LastUse;
pub use maybe_ready::MaybeReady;
pub use minute::Minute;
pub use repository::{
    CallerGone, Commit, CommitError, CommitFuture, Committed, KeyRepository, KeyringFuture,
    ReadError, Remedy, StoreHealth, Unavailable, UsageFuture,
};
pub use right::{CallerRight, Right, RightError};
pub use scope::{Scope, ScopeError, Scopes, ScopesError};
pub use tenant_id::{TenantId, TenantIdError};
pub use token::{Token, TokenPrefix, TokenPrefixError};
pub use usage::{TokenId, Usage};
