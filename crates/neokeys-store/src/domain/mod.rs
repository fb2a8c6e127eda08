//! The rules on one tenant's keys, as plain values and pure functions.
//!
//! Nothing in here does I/O, reads a clock or knows a protocol or file format: a [`Keyring`] is an
//! immutable snapshot, [`Keyring::judge`] says what an edit would do to it, and [`KeyRepository`]
//! is the one door through which the rest of the service reads and changes keys.
//!
//! Invariant: a plaintext token exists only inside a [`Token`], between its generation and the one
//! answer that shows it; everything else knows its [`Digest`].

mod allowed_ips;
mod annotation;
mod api_key;
mod desired_keys;
mod details_patch;
mod digest;
mod edit;
mod edit_error;
mod entity_tag;
mod found_token;
mod initiator;
mod judgement;
mod key_details;
mod key_ends;
mod key_index;
mod key_name;
mod key_policy;
mod keyring;
mod last_use;
mod maybe_ready;
mod minute;
mod plan;
mod policy_error;
mod previous_index;
mod refused_change;
mod repository;
mod right;
mod rotation;
#[cfg(test)]
mod sample;
mod scope;
mod snapshot_cache;
mod span;
mod tenant_id;
mod timestamp;
mod token;
mod usage;
pub mod work_trace;

pub use allowed_ips::{AllowedIps, AllowedIpsError, IpNetwork, IpNetworkError};
pub use annotation::{
    Annotation, AnnotationError, Description, Label, LabelError, Labels, ManagedBy, Owner,
    TooManyLabels,
};
pub use api_key::{ApiKey, KeyStatus};
pub use desired_keys::{DesiredKey, DesiredKeys};
pub use details_patch::{DetailsPatch, Patch};
pub use digest::{Digest, DigestError};
pub use edit::{Change, KeyringEdit, Precondition, Validators};
pub use edit_error::EditError;
pub use entity_tag::EntityTag;
pub use found_token::{FoundToken, Generation, TokenRefusal};
pub use initiator::{Actor, ActorKind, Initiator};
pub use key_details::{KeyDetails, Limits, Mistyped, PreviousToken};
pub use key_ends::KeyEnds;
pub use key_name::{KeyName, KeyNameError};
pub use key_policy::{DefaultBeyondMaximum, KeyPolicy};
pub use keyring::{FaultyEntry, Keyring};
pub use last_use::LastUse;
pub use maybe_ready::MaybeReady;
pub use minute::Minute;
pub use plan::{
    KeyringPlan, MemberChange, PlanAction, PlanError, PlanReach, PlanRefusal, PlanStep,
};
pub use policy_error::PolicyError;
pub use refused_change::{ChangeKind, RefusedChange};
pub use repository::{
    CallerGone, Commit, CommitError, CommitFuture, Committed, Holders, HoldersFuture,
    KeyRepository, KeyringFuture, ReadError, Remedy, StoreHealth, TenantsFuture, Together,
    Unavailable, UsageFuture,
};
pub use right::{CallerRight, Right, RightError};
pub use rotation::Rotation;
pub use scope::{Scope, ScopeError, Scopes, ScopesError};
pub use span::{LONGEST_SPAN, NoSpan, parse_span, parse_span_or_zero, show_span};
pub use tenant_id::{TenantId, TenantIdError};
pub use timestamp::{Timestamp, TimestampError};
pub use token::{NoRandomBytes, Token, TokenPrefix, TokenPrefixError};
pub use usage::{TokenId, Usage};
