//! Reading objects.

use std::future::Future;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectMeta};
use tokio::time::{Instant, sleep, timeout_at};

use super::version::ObjectVersion;
use super::write::ids_of;
use super::{
    Bucket, DOCUMENT, PAUSE, READ_PATIENCE, is_about_the_object, is_of_the_moment, no_tag,
};
use crate::domain::TenantId;
use crate::storage::boot_time::BootTime;
use crate::storage::document_store::{DocumentError, Reading, StoredDocument};

/// How long a list may take, which comes a page at a time.
const LIST_PATIENCE: Duration = Duration::from_secs(60);

/// Nobody answered while there was patience.
#[derive(Debug, thiserror::Error)]
#[error("the object storage does not answer in time")]
struct Silent;

/// As object storage says it itself.
pub(super) fn silent() -> Error {
    Error::Generic { store: "objects", source: Box::new(Silent) }
}

impl Bucket {
    /// Asks until there is an answer or the deadline comes.
    pub(super) async fn ask<T, F>(
        &self,
        deadline: Instant,
        request: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut last = None;
        loop {
            let outcome = match timeout_at(deadline, request()).await {
                Ok(outcome) => outcome,
                // What was said before tells more than silence.
                Err(_elapsed) => Err(last.take().unwrap_or_else(silent)),
            };
            match outcome {
                Err(error) if is_of_the_moment(&error) && Instant::now() + PAUSE < deadline => {
                    last = Some(error);
                    sleep(PAUSE).await;
                }
                outcome => {
                    let is_answer = outcome.as_ref().err().is_none_or(is_about_the_object);
                    self.note(is_answer, outcome.as_ref().err());
                    return outcome;
                }
            }
        }
    }

    pub(super) fn tagged(
        &self,
        tenant: &TenantId,
        checked: BootTime,
        meta: &ObjectMeta,
    ) -> Option<ObjectVersion> {
        let tag = meta.e_tag.clone();
        let tag =
            tag.inspect(|tag| tracing::trace!(tenant.id = %tenant, tag, "an object's tag"))?;
        Some(ObjectVersion { checked, tag })
    }

    pub(super) async fn read(
        &self,
        tenant: &TenantId,
        known: Option<ObjectVersion>,
        is_absent: bool,
    ) -> Result<Reading, DocumentError> {
        let path = self.path(tenant);
        let (location, limit) = (self.locate(tenant), self.document_limit);
        let checked = BootTime::now();
        let found = self.ask(Instant::now() + READ_PATIENCE, || {
            let if_none_match = known.as_ref().map(|known| known.tag.clone());
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
                let version = ObjectVersion { checked, ..known }.version();
                return version.map(Reading::Confirmed).ok_or_else(|| no_tag(location));
            }
            (Err(Error::NotFound { .. }), _) => return Ok(Reading::NoSuchTenant),
            (Err(error), _) => return Err(self.unreachable("read", tenant, error)),
        };
        let Some(bytes) = bytes else {
            return Err(DocumentError::TooLarge { location, size: meta.size, limit });
        };
        if bytes.is_empty() && ids_of(&attributes).is_empty() {
            let absent = StoredDocument::absent(Duration::MAX);
            return Ok(if is_absent { Reading::Unchanged } else { Reading::Found(absent) });
        }
        let tagged = self.tagged(tenant, checked, &meta);
        let version = tagged.and_then(|tagged| tagged.version()).ok_or_else(|| no_tag(location))?;
        Ok(Reading::Found(StoredDocument { bytes, version, unchanged_for: Duration::MAX }))
    }

    pub(super) async fn tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let deadline = Instant::now() + LIST_PATIENCE;
        let listed = self.ask(deadline, || async {
            self.objects.list(prefix).map_ok(|meta| meta.location).try_collect::<Vec<_>>().await
        });
        let paths = listed.await.map_err(|error| DocumentError::Unreachable {
            action: "list",
            location: self.place.clone(),
            source: error.into(),
        })?;
        let mut tenants: Vec<_> =
            paths.iter().filter_map(|path| tenant_of(&self.prefix, path)).collect();
        tenants.sort_unstable();
        Ok(tenants)
    }
}

/// Whose document an object is.
fn tenant_of(prefix: &Path, path: &Path) -> Option<TenantId> {
    let mut parts = path.prefix_match(prefix)?;
    let (tenant, document) = (parts.next()?, parts.next()?);
    let is_document = document.as_ref() == DOCUMENT && parts.next().is_none();
    TenantId::parse(tenant.as_ref()).ok().filter(|_| is_document)
}
