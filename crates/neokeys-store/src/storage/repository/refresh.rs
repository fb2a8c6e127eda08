//! Reading a tenant's document anew, once for all who ask before the reading begins.
//!
//! A reading is a task of its own: it comes to its end when its askers go, and who waits for it
//! waits no longer than a request may.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::Shared;
use super::freshness::Freshness;
use super::loaded_tenant::{JustEmptied, LoadedTenant, STAYS_EMPTY, Unparsable};
use super::readings::SharedReading;
use super::snapshot::Snapshot;
use super::statistics::Reload;
use super::tenant_faults::FaultKind;
use crate::causes::in_full;
use crate::domain::{ReadError, Remedy, TenantId, Unavailable};
use crate::storage::document::{Document, is_blank};
use crate::storage::document_store::{DocumentError, Reading, StoredDocument, Version};

/// How long a read may take from when it was asked for.
pub(super) const READ_PATIENCE: Duration = Duration::from_secs(3);
/// A document of more bytes is parsed where it keeps no other request waiting.
pub(super) const PARSED_IN_PLACE: usize = 32 * 1024;
/// Faulty entries that are logged one by one.
const LOGGED: usize = 10;

/// The store did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the store did not answer within {} s", READ_PATIENCE.as_secs())]
struct ReadTimeout;

impl Shared {
    /// The snapshot of the document as it is now. All who ask while a reading is under way share the
    /// next one, which begins after they asked. Ends when a request must.
    pub(super) async fn refresh(
        self: &Arc<Self>,
        tenant: &Arc<LoadedTenant>,
        demand: Freshness,
    ) -> Result<Arc<Snapshot>, ReadError> {
        let end = {
            let _entered = self.background.runtime().enter();
            tokio::time::sleep(READ_PATIENCE)
        };
        tokio::select! {
            biased;
            outcome = self.join_reading(tenant, demand) => outcome,
            () = end => {
                self.faults.begin(&tenant.id, FaultKind::Answering, ReadTimeout.to_string());
                if tenant.readings.is_under_way() {
                    self.documents.note_silence();
                } else {
                    // It came at the last moment.
                    self.faults.end(&tenant.id, FaultKind::Answering);
                }
                Err(ReadError::Unavailable(Unavailable::with_remedy(ReadTimeout, Remedy::ReachStore)))
            }
        }
    }

    fn join_reading(
        self: &Arc<Self>,
        tenant: &Arc<LoadedTenant>,
        demand: Freshness,
    ) -> SharedReading {
        tenant.readings.join(demand, || {
            let (shared, tenant) = (Arc::clone(self), Arc::clone(tenant));
            let reading = self.background.spawn_to_end(async move {
                let (turn, demand) = tenant.readings.begin().await;
                let outcome = shared.read(&tenant, demand).await;
                drop(turn);
                shared.faults.end(&tenant.id, FaultKind::Answering);
                outcome
            });
            let given_up = || ReadError::Unavailable(Unavailable::new(DocumentError::GivenUp));
            reading.map(move |done| done.unwrap_or_else(|_gone| Err(given_up()))).boxed().shared()
        })
    }

    async fn read(
        self: &Arc<Self>,
        tenant: &Arc<LoadedTenant>,
        demand: Freshness,
    ) -> Result<Arc<Snapshot>, ReadError> {
        let id = &tenant.id;
        let mut is_anew = false;
        loop {
            let (known, since) = tenant.latest.begin();
            let version =
                known.as_ref().and_then(|known| known.version.clone()).filter(|_| !is_anew);
            let read = match demand {
                Freshness::Fresh => self.documents.read(id, version.as_ref()),
                Freshness::Newest => self.documents.read_newest(id, version.as_ref()),
            };
            let found = match (read.await, &known) {
                (Ok(Reading::NoSuchTenant), _) => return Err(ReadError::NoSuchTenant),
                (Ok(Reading::Unchanged), Some(known)) => return Ok(Arc::clone(known)),
                (Ok(Reading::Confirmed(version)), Some(known)) => {
                    let is_good = known.fault.is_none();
                    let good = if is_good { Some(version.clone()) } else { known.good.clone() };
                    Ok(Snapshot { version: Some(version), good, ..Snapshot::clone(known) })
                }
                // A store that knows no version cannot find it unchanged.
                (Ok(Reading::Unchanged | Reading::Confirmed(_)), None) => continue,
                (Ok(Reading::BeingAcknowledged), _) => {
                    tenant.written().await;
                    match tenant.latest.published_since(since) {
                        // What the write made was in the document's place when it was looked at.
                        Some(written) if written.version.is_some() => return Ok(written),
                        Some(_) => {}
                        // The writer ended without a word.
                        None => is_anew = true,
                    }
                    continue;
                }
                (Ok(Reading::Found(stored)), _) => self.load(id, known.as_deref(), stored).await,
                // What is known stays, and counts once the store says that it is so still.
                (Err(error @ DocumentError::Unreachable { .. }), _) => {
                    return Err(ReadError::Unavailable(error.into()));
                }
                // That nobody can look does not say that it did not change: it is read again before
                // anything of it is served.
                (Err(error), _) => {
                    self.tally.reloaded(Reload::Unreadable);
                    self.faults.begin(id, FaultKind::Reading, in_full(&error));
                    if let Some(known) = &known {
                        tenant.latest.publish_loaded(since, Arc::new(known.unread()));
                    }
                    return Err(ReadError::Unavailable(error.into()));
                }
            };
            let snapshot = match found {
                Ok(snapshot) => snapshot,
                // What could not be read is read again at the next request.
                Err(fault) => self.last_good(id, known.as_deref(), None, fault).await,
            };
            self.tally.reloaded(Reload::of(&snapshot, known.as_deref()));
            match &snapshot.fault {
                None => self.faults.end(id, FaultKind::Reading),
                Some(fault) if fault.is::<JustEmptied>() => {}
                Some(fault) => self.faults.begin(id, FaultKind::Reading, in_full(fault)),
            }
            let snapshot = Arc::new(snapshot);
            if tenant.latest.publish_loaded(since, Arc::clone(&snapshot)) {
                if snapshot.fault.is_none() {
                    self.look_for_changes(tenant, &snapshot);
                }
                return Ok(snapshot);
            }
        }
    }

    /// A snapshot of what was found; or why it says nothing yet.
    async fn load(
        &self,
        id: &TenantId,
        known: Option<&Snapshot>,
        stored: StoredDocument,
    ) -> Result<Snapshot, Unavailable> {
        let StoredDocument { bytes, version, unchanged_for } = stored;
        let good = known.and_then(|known| known.document.as_ref());
        if let Some(good) = good
            && *good.bytes() == bytes
        {
            return Ok(Snapshot::good(Arc::clone(good), version));
        }
        let location = self.documents.locate(id);
        // A tenant that never had a document is no editor's doing.
        let could_be_an_editor = good.is_some() || version != Version::ABSENT;
        if is_blank(&bytes) && unchanged_for < STAYS_EMPTY && could_be_an_editor {
            return Err(Unavailable::new(JustEmptied(location)));
        }
        let parsed = if bytes.len() <= PARSED_IN_PLACE {
            Document::parse(bytes)
        } else {
            let parsed = self.background.block(move || Document::parse(bytes)).await;
            parsed.ok_or_else(|| Unavailable::new(DocumentError::GivenUp))?
        };
        Ok(match parsed {
            Ok(document) => {
                tell_faulty_entries(id, &location, &document);
                if let Some(good) = good {
                    document.keyring().carry_on_uses(good.keyring());
                }
                Snapshot::good(Arc::new(document), version)
            }
            Err(fault) => {
                let fault = Unparsable { location, fault };
                let fault = Unavailable::with_remedy(fault, Remedy::CorrectDocument);
                self.last_good(id, known, Some(version), fault).await
            }
        })
    }

    /// The last good state, in the place of one of this version that cannot be used: unless somebody
    /// acknowledged another one since, as a deletion by the command line may be.
    async fn last_good(
        &self,
        id: &TenantId,
        known: Option<&Snapshot>,
        version: Option<Version>,
        fault: Unavailable,
    ) -> Snapshot {
        let found = version.clone().unwrap_or(Version::ABSENT);
        let nothing = Snapshot { version, document: None, good: None, fault: Some(fault) };
        let Some(last) = known.and_then(Snapshot::last_good) else { return nothing };
        let is_last = self.documents.is_last_acknowledged(id, &last, &found).await;
        match (known, is_last) {
            (Some(known), Ok(true)) => {
                Snapshot { document: known.document.clone(), good: known.good.clone(), ..nothing }
            }
            (_, is_last) => {
                let error = is_last.err().map(|error| in_full(&error));
                tracing::error!(
                    tenant.id = %id,
                    error,
                    "the last good document may be older than what was acknowledged, so its keys are \
                     not served"
                );
                nothing
            }
        }
    }
}

fn tell_faulty_entries(id: &TenantId, location: &str, document: &Document) {
    let faulty = document.keyring().faulty_entries();
    for entry in faulty.iter().take(LOGGED) {
        tracing::warn!(
            tenant.id = %id,
            document = location,
            line = entry.line,
            fault = %entry.fault,
            "ignoring an invalid entry"
        );
    }
    if faulty.len() > LOGGED {
        tracing::warn!(tenant.id = %id, count = faulty.len() - LOGGED, "ignoring more invalid entries");
    }
}
