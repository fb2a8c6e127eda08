//! One tenant: its newest snapshot, how it is refreshed, and who waits to change it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::health::{Area, Faults};
use super::snapshot::{Latest, Snapshot};
use super::tally::{Reload, Tally};
use super::weight::Weight;
use crate::domain::{Commit, CommitError, Committed, ReadError, TenantId, Unavailable};
use crate::storage::document::{Document, Fault, is_blank};
use crate::storage::document_store::{
    DocumentError, DocumentStore, Reading, StoredDocument, Version,
};

/// How long a document must have stayed empty to count as one without keys.
pub(super) const STAYS_EMPTY: Duration = Duration::from_secs(1);
/// A document of more bytes is parsed where it keeps no other request waiting.
const PARSED_IN_PLACE: usize = 32 * 1024;
/// Faulty entries that are logged one by one.
const LOGGED: usize = 10;

/// What is shared about a tenant.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    pub(super) latest: Latest,
    /// Reads of the document that were begun.
    begun: AtomicU64,
    /// What the last read came to; held by the one under way.
    loading: tokio::sync::Mutex<Option<Loaded>>,
    queue: Mutex<Queue>,
    /// When it was asked for last, in loads.
    pub(super) used: AtomicU64,
    /// What its document takes of what there is.
    pub(super) weight: Weight,
}

/// What a read came to.
#[derive(Debug)]
struct Loaded {
    /// Its number, counted from 1.
    number: u64,
    /// The snapshot is the newest one, or a write's that came later.
    outcome: Result<(), ReadError>,
}

/// The commits that wait for the tenant's writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Waiting>,
    /// A writer is at work and will look here again.
    pub(super) has_writer: bool,
}

/// A commit with who waits for its outcome.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) commit: Commit,
    pub(super) answer: oneshot::Sender<Result<Committed, CommitError>>,
}

/// The document is empty, as an editor leaves it before it writes.
#[derive(Debug, thiserror::Error)]
#[error("{0} is empty; it counts as one without keys once it has stayed so for a second")]
pub(super) struct JustEmptied(String);

/// The document as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{location}: {fault}")]
struct Unparsable {
    location: String,
    fault: Fault,
}

impl Tenant {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each change is one push or take, so what a panic left behind is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The snapshot of the document as it is now. All who ask while a read is under way share the
    /// next one, which begins after they asked.
    pub(super) async fn refresh(
        &self,
        id: &TenantId,
        documents: &dyn DocumentStore,
        faults: &Faults,
        tally: &Tally,
    ) -> Result<Arc<Snapshot>, ReadError> {
        let asked = self.begun.load(Ordering::SeqCst);
        let mut loading = self.loading.lock().await;
        if let Some(loaded) = loading.as_ref().filter(|loaded| loaded.number > asked) {
            loaded.outcome.clone()?;
            if let Some(snapshot) = self.latest.get() {
                return Ok(snapshot);
            }
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let outcome = self.read(id, documents, faults, tally).await;
        *loading =
            Some(Loaded { number, outcome: outcome.as_ref().map(drop).map_err(Clone::clone) });
        outcome
    }

    async fn read(
        &self,
        id: &TenantId,
        documents: &dyn DocumentStore,
        faults: &Faults,
        tally: &Tally,
    ) -> Result<Arc<Snapshot>, ReadError> {
        loop {
            let (known, since) = self.latest.begin();
            let version = known.as_ref().and_then(|known| known.version);
            let found = match (documents.read(id, version.as_ref()).await, &known) {
                (Ok(Reading::NoSuchTenant), _) => return Err(ReadError::NoSuchTenant),
                (Ok(Reading::Unchanged), Some(known)) => return Ok(Arc::clone(known)),
                (Ok(Reading::Confirmed(version)), Some(known)) => {
                    Ok(Snapshot { version: Some(version), ..Snapshot::clone(known) })
                }
                // A store that knows no version cannot find it unchanged.
                (Ok(Reading::Unchanged | Reading::Confirmed(_)), None) => continue,
                (Ok(Reading::Found(stored)), _) => {
                    load(id, documents, known.as_deref(), stored).await
                }
                // What is known stays, and counts once the store says that it is so still.
                (Err(error @ DocumentError::Unreachable { .. }), _) => {
                    return Err(ReadError::Unavailable(error.into()));
                }
                (Err(error), _) => Err(error.into()),
            };
            let snapshot = match found {
                Ok(snapshot) => snapshot,
                // What could not be read is read again at the next request.
                Err(fault) => {
                    let document = known.as_ref().and_then(|known| known.document.clone());
                    Snapshot { version: None, document, fault: Some(fault) }
                }
            };
            tally.reloaded(Reload::of(&snapshot, known.as_deref()));
            match &snapshot.fault {
                None => faults.end(id, Area::Reading),
                Some(fault) if fault.is::<JustEmptied>() => {}
                Some(fault) => faults.begin(id, Area::Reading, in_full(fault)),
            }
            let snapshot = Arc::new(snapshot);
            if self.latest.publish_loaded(since, Arc::clone(&snapshot)) {
                return Ok(snapshot);
            }
        }
    }
}

/// A snapshot of what was found; or why it says nothing yet.
async fn load(
    id: &TenantId,
    documents: &dyn DocumentStore,
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
    // A tenant that never had a document is no editor's doing.
    let could_be_an_editor = good.is_some() || version != Version::ABSENT;
    if is_blank(&bytes) && unchanged_for < STAYS_EMPTY && could_be_an_editor {
        return Err(Unavailable::new(JustEmptied(documents.locate(id))));
    }
    let parsed = if bytes.len() <= PARSED_IN_PLACE {
        Document::parse(bytes)
    } else {
        let parse = tokio::task::spawn_blocking(move || Document::parse(bytes));
        parse.await.map_err(|_gone| Unavailable::new(DocumentError::GivenUp))?
    };
    Ok(match parsed {
        Ok(document) => {
            tell_faulty_entries(id, documents, &document);
            Snapshot::good(Arc::new(document), version)
        }
        Err(fault) => Snapshot {
            version: Some(version),
            document: good.cloned(),
            fault: Some(Unavailable::new(Unparsable { location: documents.locate(id), fault })),
        },
    })
}

fn tell_faulty_entries(id: &TenantId, documents: &dyn DocumentStore, document: &Document) {
    let faulty = document.keyring().faulty_entries();
    for entry in faulty.iter().take(LOGGED) {
        tracing::warn!(
            tenant.id = %id,
            document = %documents.locate(id),
            line = entry.line,
            fault = %entry.fault,
            "an entry is no key"
        );
    }
    if faulty.len() > LOGGED {
        tracing::warn!(tenant.id = %id, count = faulty.len() - LOGGED, "more entries are no keys");
    }
}

/// A fault with its causes, in one line.
pub(super) fn in_full(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
