//! One thing that happened to a tenant's keys.

use std::time::Duration;

use smol_str::SmolStr;

use super::action::{Action, Refusal};
use super::document_state::DocumentChange;
use crate::domain::{Initiator, KeyName, TenantId};

/// One thing that happened: who did what to which key, when, and what became of the document.
#[derive(Debug, Clone)]
pub struct Event {
    /// The time since the Unix epoch.
    pub at: Duration,
    /// The asker.
    pub initiator: Initiator,
    /// The tenant whose log it is in.
    pub tenant: TenantId,
    /// The key or tenant that it was done to.
    pub subject: Subject,
    /// The action.
    pub action: Action,
    /// The reason why it was not done, if it was refused.
    pub refusal: Option<Refusal>,
    /// The document's states around it, if it changed the document.
    pub document: Option<DocumentChange>,
    /// The id that all events of one plan share.
    pub plan: Option<SmolStr>,
}

/// The object of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A key.
    Key(KeyName),
    /// The tenant with all its keys.
    Tenant,
}

impl Event {
    /// The most bytes of a line, without its newline.
    pub const LONGEST: usize = 16 * 1024;
}
