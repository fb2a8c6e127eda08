//! The access of commands to keys, plans and logs, wherever the keys are: a store that they open themselves,
//! or a server that they ask.
//!
//! A key and a step of a plan are what the documented operations answer, so that a table and JSON are the
//! same whichever side they come from. Invariant: no command knows which side it talks to.

mod arguments;
mod server;
mod shown_key;
mod step;
mod store;
mod token_file;

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;

pub(super) use self::arguments::AccessArguments;
pub(super) use self::shown_key::ShownKey;
pub(super) use self::step::PlanStepDescription;
pub(super) use self::token_file::TokenFile;
use super::failure::Failure;
use crate::audit::EventFilter;
use crate::domain::{
    DesiredKeys, DetailsPatch, KeyName, KeyStatus, Patch, PlanReach, Scopes, TenantId, Timestamp,
};
use crate::storage::VerifiedLog;

/// An answer under way.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + 'a>>;

/// Gives and changes what a deployment keeps: the keys of its tenants and the logs of what was done to them.
pub(super) trait KeyAccess {
    /// The tenants, by id.
    fn list_tenants(&self) -> Answer<'_, Vec<TenantId>>;

    /// The keys that a filter takes, in the order of the tenant's file.
    fn list_keys<'a>(&'a self, tenant: &'a TenantId, filter: &'a KeyFilter) -> Answer<'a, KeyList>;

    /// One key.
    fn get_key<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ShownKey>;

    /// Makes a key.
    fn create_key<'a>(&'a self, tenant: &'a TenantId, key: NewKey) -> Answer<'a, IssuedKey>;

    /// Gives a key a new token; the present one is valid for the overlap.
    fn rotate_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        overlap: Duration,
        expires_at: Patch<Timestamp>,
    ) -> Answer<'a, IssuedKey>;

    /// Changes details of a key.
    fn amend_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        patch: DetailsPatch,
    ) -> Answer<'a, ShownKey>;

    /// Sets whether a key is enabled, and its permissions.
    fn update_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        enabled: bool,
        scopes: Scopes,
    ) -> Answer<'a, ShownKey>;

    /// Ends all tokens of a key but the newest.
    fn end_overlap<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ()>;

    /// Deletes a key.
    fn delete_key<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ()>;

    /// Plans the steps to the keys that an owner wants.
    fn plan_keys<'a>(
        &'a self,
        tenant: &'a TenantId,
        desired: &'a DesiredKeys,
        reach: PlanReach,
    ) -> Answer<'a, Result<PlannedSteps, Vec<PlanFault>>>;

    /// Carries out a plan, in one change, if the keys are those that it was made on. Tokens of new keys go to
    /// the file, without which there must be none.
    fn apply_plan<'a>(
        &'a self,
        tenant: &'a TenantId,
        desired: &'a DesiredKeys,
        reach: PlanReach,
        plan: &'a PlannedSteps,
        tokens: Option<&'a mut TokenFile>,
    ) -> Answer<'a, Result<(), NotApplied>>;

    /// The newest lines of a tenant's log that a filter takes, the newest first.
    fn list_events<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: &'a EventFilter,
        limit: usize,
    ) -> Answer<'a, Vec<Bytes>>;

    /// Gives all of a tenant's log, the oldest line first, piece by piece.
    fn export_log<'a>(
        &'a self,
        tenant: &'a TenantId,
        take: &'a mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Answer<'a, ()>;

    /// Verifies a tenant's log, and that it begins with what a checkpoint says that somebody kept.
    fn verify_log<'a>(
        &'a self,
        tenant: &'a TenantId,
        kept: Option<&'a str>,
    ) -> Answer<'a, VerifiedLog>;
}

/// The keys that are wanted: those of which all holds.
#[derive(Debug, Default)]
pub(super) struct KeyFilter {
    pub(super) status: Option<KeyStatus>,
    pub(super) expires_before: Option<Timestamp>,
    pub(super) unused_since: Option<Timestamp>,
}

/// Keys that a filter took.
pub(super) struct KeyList {
    pub(super) keys: Vec<ShownKey>,
    /// How many invalid entries are left out, where that is known.
    pub(super) invalid_entries: usize,
}

/// A key to make.
pub(super) struct NewKey {
    pub(super) name: KeyName,
    pub(super) enabled: bool,
    pub(super) scopes: Scopes,
    pub(super) details: DetailsPatch,
}

/// A key with the token that it just got.
pub(super) struct IssuedKey {
    pub(super) key: ShownKey,
    pub(super) token: SecretString,
}

/// The steps of a plan, and the state of the keys that it was made on.
pub(super) struct PlannedSteps {
    pub(super) state: String,
    pub(super) steps: Vec<PlanStepDescription>,
}

impl PlannedSteps {
    /// The keys for which tokens are made.
    fn new_tokens(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(|step| step.needs_token).map(|step| step.name.as_str())
    }
}

/// A reason for which no plan can be made.
pub(super) struct PlanFault {
    /// The place of the wanted key that it is about, if it is about one.
    pub(super) position: Option<usize>,
    pub(super) fault: String,
    pub(super) hint: String,
}

/// Why a plan was not carried out, or not as it should have been.
pub(super) enum NotApplied {
    /// The keys are others than those that it was made on.
    Older,
    /// It was refused.
    Refused(String),
    /// It may have been carried out, and may not last.
    Uncertain(String),
    /// It was carried out, and the tokens of its new keys got lost on their way here.
    TokensLost(String),
}
