//! The side of commands that ask a server, by the documented operations alone: what they can do, any client
//! that was generated from the documents can.

mod client;
mod credential;
mod logs;
mod members;
mod plans;
mod refusal;
#[cfg(test)]
mod silence;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Url};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::client::{Call, ServerClient};
pub(super) use self::credential::{Credential, CredentialArguments};
use self::refusal::foreign;
use super::{
    Answer, IssuedKey, KeyAccess, KeyFilter, KeyList, NewKey, NotApplied, PlanFault, PlannedSteps,
    ShownKey, TokenFile,
};
use crate::audit::EventFilter;
use crate::cli::Place;
use crate::cli::failure::Failure;
use crate::contract::{DeleteApiKey, ListApiKeys, UpdateApiKey};
use crate::domain::{
    DesiredKeys, DetailsPatch, KeyName, Patch, PlanReach, Scopes, TenantId, Timestamp,
};
use crate::http::{
    AmendApiKeyDetails, CreateApiKeyDetails, EndPreviousTokens, GetApiKeyDetails,
    ListApiKeyDetails, ListTenants, RotateApiKey,
};
use crate::storage::VerifiedLog;

/// The most items of a page.
const PAGE: &str = "1000";

/// A server, with the credential that it is asked with.
pub(super) struct ServerAccess {
    client: ServerClient,
    place: Place,
}

/// A key with its token.
#[derive(Deserialize)]
struct WithToken {
    token: SecretString,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl ServerAccess {
    /// Gets ready to ask.
    pub(super) fn new(base: Url, client: Client, credential: &Credential, place: &Place) -> Self {
        Self { client: ServerClient::new(base, client, credential), place: place.clone() }
    }

    /// The items of all pages, or the first ones.
    async fn pages<T: DeserializeOwned>(
        &self,
        first: Call<'_>,
        limit: usize,
    ) -> Result<Vec<T>, Failure> {
        let (mut items, mut cursors) = (Vec::new(), HashSet::new());
        let mut call = first.clone();
        loop {
            let page: Page<T> = self.client.ask(call).await?.json()?;
            items.extend(page.items);
            let Some(cursor) = page.next.filter(|_| items.len() < limit) else {
                items.truncate(limit);
                return Ok(items);
            };
            call = first.clone().query("cursor", cursor.clone());
            // Such a list would never end.
            if !cursors.insert(cursor) {
                return Err(foreign("it names a page as the next one that was read before"));
            }
        }
    }

    async fn issue(&self, call: Call<'_>) -> Result<IssuedKey, Failure> {
        let mut key: Value = self.client.ask(call).await?.json()?;
        let token = WithToken::deserialize(&key).map_err(|error| client::unreadable(&error))?.token;
        if let Some(members) = key.as_object_mut() {
            members.shift_remove("token");
        }
        let key = ShownKey::parse(key).map_err(|error| client::unreadable(&error))?;
        Ok(IssuedKey { key, token })
    }

    async fn key(&self, call: Call<'_>) -> Result<ShownKey, Failure> {
        let key = self.client.ask(call).await?.json()?;
        ShownKey::parse(key).map_err(|error| client::unreadable(&error))
    }
}

impl KeyAccess for ServerAccess {
    fn list_tenants(&self) -> Answer<'_, Vec<TenantId>> {
        Box::pin(async {
            if self.client.has_api_key() {
                return Err(Failure::misused("an API key is for one tenant, and lists no others")
                    .hint(
                        "use a bearer token: set NEOKEYS_TOKEN, or sign in with `neokeys login`",
                    ));
            }
            let call = Call::about_all::<ListTenants>().query("limit", PAGE);
            let tenants: Vec<ListedTenant> = self.pages(call, usize::MAX).await?;
            let id = |tenant: ListedTenant| TenantId::parse(&tenant.id);
            let ids: Result<_, _> = tenants.into_iter().map(id).collect();
            ids.map_err(|error| foreign(&error.to_string()))
        })
    }

    fn list_keys<'a>(&'a self, tenant: &'a TenantId, filter: &'a KeyFilter) -> Answer<'a, KeyList> {
        Box::pin(async move {
            let mut call = Call::of::<ListApiKeyDetails>(tenant).query("limit", PAGE);
            if let Some(status) = filter.status {
                call = call.query("status", status.as_str());
            }
            if let Some(before) = filter.expires_before {
                call = call.query("expiresBefore", before.to_string());
            }
            if let Some(since) = filter.unused_since {
                call = call.query("unusedSince", since.to_string());
            }
            let keys: Vec<Value> = self.pages(call, usize::MAX).await?;
            let keys: Result<Vec<_>, _> = keys.into_iter().map(ShownKey::parse).collect();
            let mut keys = keys.map_err(|error| client::unreadable(&error))?;
            // The contract's list alone is in the order of the tenant's file.
            let listed = self.client.ask(Call::of::<ListApiKeys>(tenant)).await?.json()?;
            let listed: Vec<Named> = listed;
            let places: HashMap<_, _> =
                listed.iter().zip(0..).map(|(key, place)| (key.name.as_str(), place)).collect();
            keys.sort_by_key(|key| places.get(key.name()).copied().unwrap_or(usize::MAX));
            Ok(KeyList { keys, invalid_entries: 0 })
        })
    }

    fn get_key<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ShownKey> {
        Box::pin(self.key(Call::of::<GetApiKeyDetails>(tenant).key(name)))
    }

    fn create_key<'a>(&'a self, tenant: &'a TenantId, key: NewKey) -> Answer<'a, IssuedKey> {
        Box::pin(async move {
            let mut body = members::of_patch(&key.details);
            body.insert("name".to_owned(), key.name.as_str().into());
            body.insert("enabled".to_owned(), key.enabled.into());
            body.insert("permissions".to_owned(), members::of_scopes(&key.scopes));
            self.issue(Call::of::<CreateApiKeyDetails>(tenant).body(body)).await
        })
    }

    fn rotate_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        overlap: Duration,
        expires_at: Patch<Timestamp>,
    ) -> Answer<'a, IssuedKey> {
        Box::pin(async move {
            let mut body = Map::new();
            body.insert("overlapSeconds".to_owned(), overlap.as_secs().into());
            members::put(&mut body, "expiresAt", &expires_at, |it| it.to_string().into());
            self.issue(Call::of::<RotateApiKey>(tenant).key(name).body(body)).await
        })
    }

    fn amend_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        patch: DetailsPatch,
    ) -> Answer<'a, ShownKey> {
        let body = members::of_patch(&patch);
        Box::pin(self.key(Call::of::<AmendApiKeyDetails>(tenant).key(name).body(body)))
    }

    fn update_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a KeyName,
        enabled: bool,
        scopes: Scopes,
    ) -> Answer<'a, ShownKey> {
        Box::pin(async move {
            let mut body = Map::new();
            body.insert("enabled".to_owned(), enabled.into());
            body.insert("permissions".to_owned(), members::of_scopes(&scopes));
            self.client.ask(Call::of::<UpdateApiKey>(tenant).key(name).body(body)).await?;
            self.get_key(tenant, name).await
        })
    }

    fn end_overlap<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ()> {
        Box::pin(async move {
            self.client.ask(Call::of::<EndPreviousTokens>(tenant).key(name)).await?;
            Ok(())
        })
    }

    fn delete_key<'a>(&'a self, tenant: &'a TenantId, name: &'a KeyName) -> Answer<'a, ()> {
        Box::pin(async move {
            self.client.ask(Call::of::<DeleteApiKey>(tenant).key(name)).await?;
            Ok(())
        })
    }

    fn plan_keys<'a>(
        &'a self,
        tenant: &'a TenantId,
        desired: &'a DesiredKeys,
        reach: PlanReach,
    ) -> Answer<'a, Result<PlannedSteps, Vec<PlanFault>>> {
        Box::pin(self.planned_steps(tenant, desired, reach))
    }

    fn apply_plan<'a>(
        &'a self,
        tenant: &'a TenantId,
        desired: &'a DesiredKeys,
        reach: PlanReach,
        plan: &'a PlannedSteps,
        tokens: Option<&'a mut TokenFile>,
    ) -> Answer<'a, Result<(), NotApplied>> {
        Box::pin(self.carry_out(tenant, (desired, reach), plan, tokens))
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

#[derive(Deserialize)]
struct ListedTenant {
    id: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}
