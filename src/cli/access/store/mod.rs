//! The side of commands that open a store themselves, by the right of whoever can.

mod logs;
mod plans;
mod refusals;

use std::time::{Duration, Instant};

use bytes::Bytes;

use self::refusals::{not_done, unavailable_hint, unreadable};
use super::{
    Answer, IssuedKey, KeyAccess, KeyFilter, KeyList, NewKey, NotApplied, PlanFault, PlannedSteps,
    ShownKey, TokenFile,
};
use crate::audit::EventFilter;
use crate::causes::in_full;
use crate::cli::failure::Failure;
use crate::cli::{Place, system_user};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{
    ApiKey, Commit, Committed, DesiredKeys, DetailsPatch, EditError, KeyName, KeyRepository as _,
    KeyringEdit, Minute, Patch, PlanReach, Precondition, Right, Rotation, Scopes, TenantId,
    Timestamp, Token, Usage,
};
use crate::http::{ApiKeyDetails, is_unused_since};
use crate::settings::Settings;
use crate::storage::{DocumentRepository, VerifiedLog};

/// An open store, with the settings of its deployment.
pub(super) struct StoreAccess {
    settings: Settings,
    store: DocumentRepository,
    asked_at: Instant,
}

impl StoreAccess {
    /// Opens the store.
    pub(super) fn open(place: &Place) -> Result<Self, Failure> {
        let asked_at = Instant::now();
        let settings = place.settings()?;
        let store = Place::open_as(&settings, false)?;
        Ok(Self { settings, store, asked_at })
    }

    async fn commit(&self, tenant: &TenantId, edit: KeyringEdit) -> Result<Committed, Failure> {
        let commit = Commit {
            tenant: tenant.clone(),
            edit,
            together: None,
            precondition: Precondition::default(),
            right: Right::Operator,
            initiator: system_user::initiator(),
            asked_at: self.asked_at,
        };
        self.store.commit(commit).await.map_err(|error| not_done(&error, tenant))
    }

    async fn usage(&self, tenant: &TenantId) -> Result<Usage, Failure> {
        self.store.usage(tenant).await.map_err(|cause| {
            let told =
                format!("the last uses of the tenant's tokens cannot be read: {}", in_full(&cause));
            Failure::because(told).hint(unavailable_hint(&cause, tenant))
        })
    }

    /// A key after a change: that nobody knows its last uses makes no change undone.
    async fn changed(&self, tenant: &TenantId, key: &ApiKey) -> Result<ShownKey, Failure> {
        let usage = self.store.usage(tenant).await;
        let unknown = || Usage::since(Minute::of(SystemClock.since_epoch()));
        shown(key, SystemClock.now(), &usage.unwrap_or_else(|_| unknown()))
    }

    async fn issue(
        &self,
        tenant: &TenantId,
        make: impl FnOnce(&Token, Timestamp) -> Result<KeyringEdit, EditError>,
    ) -> Result<IssuedKey, Failure> {
        let token = Token::generate(&self.settings.auth.token_prefix)
            .map_err(|error| Failure::refused(&error))?;
        let edit = make(&token, SystemClock.now());
        let edit = edit.map_err(|error| not_done(&error.into(), tenant))?;
        let committed = self.commit(tenant, edit).await?;
        let key = self.changed(tenant, &committed.key).await?;
        Ok(IssuedKey { key, token: token.expose().into() })
    }
}

impl KeyAccess for StoreAccess {
    fn list_tenants(&self) -> Answer<'_, Vec<TenantId>> {
        Box::pin(async {
            self.store.list_tenants().await.map_err(|error| Failure::refused(&error))
        })
    }

    fn list_keys<'a>(&'a self, tenant: &'a TenantId, filter: &'a KeyFilter) -> Answer<'a, KeyList> {
        Box::pin(async move {
            let keyring = self.store.get_keyring(tenant).await;
            let keyring = keyring.map_err(|error| unreadable(&error, tenant))?;
            let (now, usage) = (SystemClock.now(), self.usage(tenant).await?);
            let keys = keyring.keys().iter().filter(|key| filter.takes(key, now, &usage));
            let keys: Result<_, _> = keys.map(|key| shown(key, now, &usage)).collect();
            Ok(KeyList { keys: keys?, invalid_entries: keyring.faulty_entries().len() })
        })
    }

    fn get_key<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ShownKey> {
        Box::pin(async move {
            let keyring = self.store.get_keyring(tenant).await;
            let keyring = keyring.map_err(|error| unreadable(&error, tenant))?;
            let found = keyring.get_by_name(name);
            let found = found.map_err(|error| not_done(&error.into(), tenant))?;
            shown(found, SystemClock.now(), &self.usage(tenant).await?)
        })
    }

    fn create_key<'a>(&'a self, tenant: &'a TenantId, key: NewKey) -> Answer<'a, IssuedKey> {
        let NewKey { name, enabled, scopes, details } = key;
        Box::pin(self.issue(tenant, move |token, now| {
            let bare = ApiKey::new(name, enabled, scopes, token.digest());
            self.settings.keys.create(bare, details, now)
        }))
    }

    fn rotate_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        overlap: Duration,
        expires_at: Patch<Timestamp>,
    ) -> Answer<'a, IssuedKey> {
        Box::pin(self.issue(tenant, move |token, now| {
            let rotation = Rotation { digest: token.digest(), overlap, expires_at };
            Ok(self.settings.keys.rotate(name.clone(), rotation, now)?)
        }))
    }

    fn amend_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        patch: DetailsPatch,
    ) -> Answer<'a, ShownKey> {
        Box::pin(async move {
            let edit = self.settings.keys.amend(name.clone(), patch, SystemClock.now());
            let edit = edit.map_err(|error| not_done(&EditError::from(error).into(), tenant))?;
            let committed = self.commit(tenant, edit).await?;
            self.changed(tenant, &committed.key).await
        })
    }

    fn update_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        enabled: bool,
        scopes: Scopes,
    ) -> Answer<'a, ShownKey> {
        Box::pin(async move {
            let edit = KeyringEdit::Update { name: name.clone(), enabled, scopes };
            let committed = self.commit(tenant, edit).await?;
            self.changed(tenant, &committed.key).await
        })
    }

    fn end_overlap<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ()> {
        Box::pin(async move {
            self.commit(tenant, KeyringEdit::EndOverlap { name: name.clone() }).await.map(drop)
        })
    }

    fn delete_key<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ()> {
        Box::pin(async move {
            self.commit(tenant, KeyringEdit::Delete { name: name.clone() }).await.map(drop)
        })
    }

    fn plan_keys<'a>(
        &'a self,
        tenant: &'a TenantId,
        desired: &'a DesiredKeys,
        reach: PlanReach,
    ) -> Answer<'a, Result<PlannedSteps, Vec<PlanFault>>> {
        Box::pin(async move { Ok(self.planned_steps(tenant, desired, reach).await) })
    }

    fn apply_plan<'a>(
        &'a self,
        tenant: &'a TenantId,
        desired: &'a DesiredKeys,
        reach: PlanReach,
        plan: &'a PlannedSteps,
        tokens: Option<&'a mut TokenFile>,
    ) -> Answer<'a, Result<(), NotApplied>> {
        Box::pin(self.carry_out(tenant, (desired, reach), &plan.state, tokens))
    }

    fn list_events<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: &'a EventFilter,
        limit: usize,
    ) -> Answer<'a, Vec<Bytes>> {
        Box::pin(self.events(tenant, filter, limit))
    }

    fn export_log<'a>(
        &'a self,
        tenant: &'a TenantId,
        take: &'a mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Answer<'a, ()> {
        Box::pin(self.whole_log(tenant, take))
    }

    fn verify_log<'a>(
        &'a self,
        tenant: &'a TenantId,
        kept: Option<&'a str>,
    ) -> Answer<'a, VerifiedLog> {
        Box::pin(self.verified_log(tenant, kept))
    }
}

impl KeyFilter {
    fn takes(&self, key: &ApiKey, now: Timestamp, usage: &Usage) -> bool {
        let end = key.details().limits.expires_at;
        self.status.is_none_or(|status| key.status(now) == status)
            && self.unused_since.is_none_or(|since| is_unused_since(key, since, usage))
            && self.expires_before.is_none_or(|before| end.is_some_and(|end| end < before))
    }
}

fn shown(key: &ApiKey, now: Timestamp, usage: &Usage) -> Result<ShownKey, Failure> {
    let json = serde_json::to_value(ApiKeyDetails::of(key, now, usage));
    json.and_then(ShownKey::parse).map_err(|error| Failure::refused(&error))
}
