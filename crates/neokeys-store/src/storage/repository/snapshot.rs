//! Snapshots of one tenant's document.
//!
//! Invariant: snapshots only grow newer. What a load found is dropped if anything else was
//! published since the load began, and what a write was made of is never published again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};

use super::footprint::Footprint;
use crate::domain::{Keyring, ReadError, Unavailable};
use crate::storage::document::Document;
use crate::storage::document_store::{StoredDocument, Version};

/// One state of a tenant's document, as far as it is known.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// The state of the document that was read last; none when it has to be read again.
    pub(super) version: Option<Version>,
    /// The last good state, if it may be served.
    pub(super) document: Option<Arc<Document>>,
    /// Its version.
    pub(super) good: Option<Version>,
    /// The reason why the state that was read last is not served.
    pub(super) fault: Option<Unavailable>,
}

impl Snapshot {
    /// A good document.
    pub(super) fn good(document: Arc<Document>, version: Version) -> Self {
        let version = Some(version);
        Self { version: version.clone(), document: Some(document), good: version, fault: None }
    }

    /// The keys to serve: the last good ones, whatever the document is now.
    pub(super) fn keyring(&self) -> Result<Arc<Keyring>, ReadError> {
        match (&self.document, &self.fault) {
            (Some(document), _) => Ok(Arc::clone(document.keyring())),
            (None, Some(fault)) => Err(ReadError::Unavailable(fault.clone())),
            (None, None) => Err(ReadError::Unavailable(Unavailable::new(NotReadYet))),
        }
    }

    /// The room that the document takes.
    pub(super) fn footprint(&self) -> Footprint {
        self.document.as_ref().map_or(Footprint::default(), |document| Footprint {
            bytes: document.bytes().len() as u64,
            keys: document.keyring().keys().len() as u64,
            faulty: document.keyring().faulty_entries().len() as u64,
        })
    }

    /// The last good state as a store had it.
    pub(super) fn last_good(&self) -> Option<StoredDocument> {
        self.as_of(self.good.as_ref())
    }

    /// The document as a store holds it, to be replaced.
    pub(super) fn stored(&self) -> Option<StoredDocument> {
        self.as_of(self.version.as_ref())
    }

    fn as_of(&self, version: Option<&Version>) -> Option<StoredDocument> {
        let bytes = self.document.as_ref()?.bytes().clone();
        Some(StoredDocument { bytes, version: version?.clone(), unchanged_for: Duration::ZERO })
    }

    /// The same, to be read again before anything is served of it.
    pub(super) fn unread(&self) -> Self {
        Self { version: None, ..self.clone() }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the document was not read yet")]
struct NotReadYet;

/// The place of the newest snapshot.
#[derive(Debug, Default)]
pub(super) struct Latest {
    snapshot: ArcSwapOption<Snapshot>,
    published: Mutex<u64>,
}

/// The number of snapshots published when a load began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since(u64);

impl Latest {
    /// The newest snapshot, to look at and not to keep: no count is written that others write too.
    pub(super) fn look(&self) -> Guard<Option<Arc<Snapshot>>> {
        self.snapshot.load()
    }

    /// The newest snapshot.
    pub(super) fn get(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full()
    }

    /// The newest snapshot, and the moment from which a load that knows it begins.
    pub(super) fn begin(&self) -> (Option<Arc<Snapshot>>, Since) {
        let published = self.published();
        (self.snapshot.load_full(), Since(*published))
    }

    /// The newest snapshot, if it was published since a load began.
    pub(super) fn published_since(&self, since: Since) -> Option<Arc<Snapshot>> {
        let published = self.published();
        if *published == since.0 { None } else { self.snapshot.load_full() }
    }

    /// Publishes what a load found, unless something was published since it began.
    pub(super) fn publish_loaded(&self, since: Since, snapshot: Arc<Snapshot>) -> bool {
        let mut published = self.published();
        let is_newest = *published == since.0;
        if is_newest {
            *published += 1;
            self.snapshot.store(Some(snapshot));
        }
        is_newest
    }

    /// Publishes what a write made.
    pub(super) fn publish_written(&self, snapshot: Arc<Snapshot>) {
        let mut published = self.published();
        *published += 1;
        self.snapshot.store(Some(snapshot));
    }

    /// Lets the next look at the document be a reading. What is known stays the newest that is known.
    pub(super) fn demand_reading(&self) {
        let mut published = self.published();
        *published += 1;
        if let Some(newest) = self.snapshot.load_full() {
            self.snapshot.store(Some(Arc::new(newest.unread())));
        }
    }

    fn published(&self) -> MutexGuard<'_, u64> {
        // A count is whole whatever happened to its last holder.
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Latest, Snapshot};
    use crate::storage::document::Document;
    use crate::storage::document_store::Version;

    fn snapshot(number: u64) -> Arc<Snapshot> {
        let version = Version::of(number);
        Arc::new(Snapshot::good(Arc::new(Document::parse(bytes::Bytes::new()).unwrap()), version))
    }

    #[test]
    fn a_load_that_began_before_a_write_never_replaces_what_the_write_made() {
        let latest = Latest::default();
        let (_, since) = latest.begin();
        latest.publish_written(snapshot(2));
        assert!(!latest.publish_loaded(since, snapshot(1)));
        assert_eq!(latest.get().unwrap().version, snapshot(2).version);
        let (_, since) = latest.begin();
        assert!(latest.publish_loaded(since, snapshot(3)));
        assert!(!latest.publish_loaded(since, snapshot(4)));
        let newest = latest.published_since(since).unwrap();
        assert_eq!(newest.version, snapshot(3).version);
        assert!(latest.published_since(latest.begin().1).is_none());
    }
}
