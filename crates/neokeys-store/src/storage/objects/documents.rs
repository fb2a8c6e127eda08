//! Documents as objects: what a bucket does with them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{Attributes, Error, GetOptions, ObjectStoreExt as _, PutMode};
use tokio::time::{Instant, sleep, timeout};

use super::requests::silent;
use super::version::ObjectVersion;
use super::write::{MADE_BY, WRITE_PATIENCE, ids_of};
use super::{Bucket, KNOCK, READ_PATIENCE, is_of_the_moment};
use crate::domain::{StoreHealth, TenantId};
use crate::storage::boot_time::BootTime;
use crate::storage::document_store::{
    AuditLog, CreateTenantError, DOCUMENT_NAME, DocumentError, Reading, StoredDocument, UsageName,
    Version, WriteError,
};
use crate::storage::remote::{RemoteDocuments, RemoteStore};

/// How long a list may take, which comes a page at a time.
const LIST_PATIENCE: Duration = Duration::from_secs(60);

impl RemoteDocuments for Bucket {
    const USAGE_PERIOD: Duration = Duration::from_secs(15 * 60);

    fn vouches_for(&self, _tenant: &TenantId, known: &Version) -> bool {
        let is_young = |known: &ObjectVersion| known.checked.age() <= self.max_staleness;
        !self.max_staleness.is_zero() && known.state().is_some_and(is_young)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        version: Option<&Version>,
    ) -> Result<Reading, DocumentError> {
        let known = version.and_then(Version::state::<ObjectVersion>);
        let path = self.path(tenant);
        let (location, limit) = (self.locate(tenant), self.document_limit);
        let checked = BootTime::now();
        let found = self.ask(Instant::now() + READ_PATIENCE, || {
            let if_none_match = known.map(|known| known.tag.clone());
            let options = GetOptions { if_none_match, ..GetOptions::default() };
            let path = &path;
            async move {
                let found = self.objects.get_opts(path, options).await?;
                let (meta, attributes) = (found.meta.clone(), found.attributes.clone());
                // One that is too large is not taken in.
                let bytes = match meta.size > limit {
                    true => None,
                    false => Some(found.bytes().await?),
                };
                Ok((meta, attributes, bytes))
            }
        });
        let found = found.await;
        let (meta, attributes, bytes) = match (found, known) {
            (Ok(found), _) => found,
            (Err(Error::NotModified { .. }), Some(known)) => {
                let version = ObjectVersion { checked, ..known.clone() };
                return Ok(Reading::Confirmed(Version::of(version)));
            }
            (Err(Error::NotFound { .. }), _) => return Ok(Reading::NoSuchTenant),
            (Err(error), _) => return Err(self.unreachable("read", tenant, error)),
        };
        let Some(bytes) = bytes else {
            return Err(DocumentError::TooLarge { location, size: meta.size, limit });
        };
        if bytes.is_empty() && ids_of(&attributes).is_empty() {
            let absent = StoredDocument::absent(Duration::MAX);
            let is_known = version.is_some_and(Version::is_absent);
            return Ok(if is_known { Reading::Unchanged } else { Reading::Found(absent) });
        }
        let version = Version::of(self.version(tenant, checked, meta.e_tag)?);
        Ok(Reading::Found(StoredDocument { bytes, version, unchanged_for: Duration::MAX }))
    }

    async fn write(
        &self,
        tenant: &TenantId,
        expected: &Version,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        let (id, deadline) = (self.ids.next().to_string(), Instant::now() + WRITE_PATIENCE);
        self.replace(tenant, expected, bytes, id, deadline).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let unreachable = |error: Error| DocumentError::Unreachable {
            action: "list",
            location: self.place.clone(),
            source: error.into(),
        };
        // Silence ends it soon. Many tenants take their time.
        let begun = self.ask(Instant::now() + READ_PATIENCE, || async {
            let mut objects = self.objects.list(prefix).map_ok(|meta| meta.location).fuse();
            let first = objects.try_next().await?;
            Ok((first, objects))
        });
        let (first, others) = begun.await.map_err(unreachable)?;
        let others = timeout(LIST_PATIENCE, others.try_collect::<Vec<_>>()).await;
        let others = others.unwrap_or_else(|_elapsed| Err(silent())).map_err(unreachable)?;
        let paths: Vec<_> = first.into_iter().chain(others).collect();
        let mut tenants: Vec<_> =
            paths.iter().filter_map(|path| tenant_of(&self.prefix, path)).collect();
        tenants.sort_unstable();
        Ok(tenants)
    }

    async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        self.demand_conditions(tenant).await.map_err(CreateTenantError::Failed)?;
        let (path, id) = (self.path(tenant), self.ids.next().to_string());
        let made = self.ask(deadline, || {
            let attributes = Attributes::from_iter([(MADE_BY, id.clone())]);
            self.put(&path, PutMode::Create, Bytes::new(), attributes)
        });
        let error = match made.await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. }) {
            // It may be there by our own doing, of which the answer was lost.
            let state = self.state(tenant, deadline).await.map_err(CreateTenantError::Failed)?;
            let is_ours = state.is_some_and(|state| state.made_by.as_ref() == Some(&id));
            return if is_ours { Ok(()) } else { Err(CreateTenantError::Exists) };
        }
        Err(CreateTenantError::Failed(self.unreachable("create", tenant, error)))
    }

    /// An object that was the expected one a moment ago: object storage takes objects away without a
    /// condition.
    async fn remove_tenant(&self, tenant: &TenantId, expected: &Version) -> Result<(), WriteError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        match self.state(tenant, deadline).await.map_err(WriteError::Refused)? {
            None => return Err(WriteError::NoSuchTenant),
            Some(state) if !state.is(expected.state()) => return Err(WriteError::Conflict),
            Some(_) => {}
        }
        let path = &self.path(tenant);
        match self.ask(deadline, || self.objects.delete(path)).await {
            Ok(()) | Err(Error::NotFound { .. }) => {
                // Where it stays, it is of no token of a tenant that is made anew.
                let _ = self.objects.delete(&self.usage(&UsageName::of(tenant))).await;
                Ok(())
            }
            Err(error) => {
                let in_doubt = is_of_the_moment(&error);
                Err(WriteError::of(self.unreachable("take away", tenant, error), in_doubt))
            }
        }
    }

    /// Finds out, however long nobody answers.
    async fn probe(&self) {
        loop {
            match self.lack().await {
                Ok(_) => return,
                Err(fault) => {
                    tracing::debug!(store = self.place, %fault, "not known whether changes are safe");
                    sleep(KNOCK).await;
                }
            }
        }
    }

    async fn read_usage(
        &self,
        name: &UsageName,
    ) -> Result<Option<(Bytes, Version)>, DocumentError> {
        self.find_usage(name).await
    }

    async fn write_usage(
        &self,
        name: &UsageName,
        expected: &Version,
        bytes: Bytes,
    ) -> Result<(), WriteError> {
        self.replace_usage(name, expected, bytes).await
    }

    fn audit_log(store: &RemoteStore<Self>) -> Option<&dyn AuditLog> {
        Some(store)
    }

    fn note_silence(&self) {
        self.note(false, Some(&silent()));
    }

    fn locate(&self, tenant: &TenantId) -> String {
        format!("{}/{tenant}/{DOCUMENT_NAME}", self.place)
    }

    fn health(&self) -> StoreHealth {
        let is_cut_off = !self.is_reached.load(Ordering::Relaxed);
        let silence = is_cut_off.then_some("the object storage does not answer this node");
        let lack = self.lack.get().copied().flatten();
        let lack = lack.map(|lack| format!("every document {}", lack.reason()));
        let faults = silence.map(str::to_owned).into_iter().chain(lack).collect();
        StoreHealth { is_cut_off, faults, ..StoreHealth::default() }
    }
}

/// The tenant whose document an object is.
fn tenant_of(prefix: &Path, path: &Path) -> Option<TenantId> {
    let mut parts = path.prefix_match(prefix)?;
    let (tenant, document) = (parts.next()?, parts.next()?);
    let is_document = document.as_ref() == DOCUMENT_NAME && parts.next().is_none();
    TenantId::parse(tenant.as_ref()).ok().filter(|_| is_document)
}
