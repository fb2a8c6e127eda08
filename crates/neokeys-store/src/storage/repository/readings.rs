//! Readings of one document: one at a time, each for all who asked before it began.
//!
//! Its outcome goes to all of them at once. Nobody waits for another who waits: a line in which each lets
//! the next one pass takes seconds where a thousand ask on a busy machine, and who would change the
//! document stands in it too.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, Shared};

use super::freshness::Freshness;
use super::snapshot::Snapshot;
use crate::domain::ReadError;

/// The document as it was read, or why it could not be; for everybody who waits for it.
pub(super) type SharedReading = Shared<BoxFuture<'static, Result<Arc<Snapshot>, ReadError>>>;

/// The reading of a document that is under way, and the one that is to come.
#[derive(Debug, Default)]
pub(super) struct Readings {
    planned: Mutex<Option<Planned>>,
    under_way: tokio::sync::Mutex<()>,
}

/// A reading that has not begun: it waits for the one that is under way.
#[derive(Debug)]
struct Planned {
    demand: Freshness,
    outcome: SharedReading,
}

impl Readings {
    /// The reading that is to come, which is as new as this at least. `plan` starts it where none was asked for: it
    /// must [begin](Self::begin) it.
    pub(super) fn join(
        &self,
        demand: Freshness,
        plan: impl FnOnce() -> SharedReading,
    ) -> SharedReading {
        let mut planned = self.planned();
        let planned = planned.get_or_insert_with(|| Planned { demand, outcome: plan() });
        if demand == Freshness::Newest {
            planned.demand = demand;
        }
        planned.outcome.clone()
    }

    /// Begins the reading that is to come once none is under way; it is under way until what is returned is dropped. Tells how new it
    /// has to be. Who asks from here on waits for another one.
    pub(super) async fn begin(&self) -> (tokio::sync::MutexGuard<'_, ()>, Freshness) {
        let turn = self.under_way.lock().await;
        let planned = self.planned().take();
        (turn, planned.map_or(Freshness::Newest, |planned| planned.demand))
    }

    /// Whether one is under way.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.try_lock().is_err()
    }

    fn planned(&self) -> MutexGuard<'_, Option<Planned>> {
        // Each change is one of a whole value.
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::sync::Arc;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::sync::Semaphore;

    use crate::domain::{KeyRepository as _, TenantId};
    use crate::storage::DocumentRepository;
    use crate::storage::document_store::{
        CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument,
        Version, WriteError,
    };

    /// An empty document, read once for each permit.
    struct Gated(Arc<Semaphore>);

    impl DocumentStore for Gated {
        fn read<'a>(
            &'a self,
            _: &'a TenantId,
            _: Option<&Version>,
        ) -> StoreFuture<'a, Reading, DocumentError> {
            let gate = Arc::clone(&self.0);
            StoreFuture::pending(async move {
                gate.acquire_owned().await.unwrap().forget();
                let (bytes, unchanged_for) = (Bytes::new(), Duration::MAX);
                let version = Version::of(1);
                Ok(Reading::Found(StoredDocument { bytes, version, unchanged_for }))
            })
        }

        fn write<'a>(
            &'a self,
            _: &'a TenantId,
            _: &'a StoredDocument,
            _: Bytes,
        ) -> StoreFuture<'a, Version, WriteError> {
            StoreFuture::ready(Err(WriteError::Conflict))
        }

        fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
            StoreFuture::ready(Ok(Vec::new()))
        }

        fn create_tenant<'a>(&'a self, _: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
            StoreFuture::ready(Err(CreateTenantError::Exists))
        }

        fn locate(&self, _: &TenantId) -> String {
            "the document".to_owned()
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_reading_does_not_wait_for_others_who_do() {
        let gate = Arc::new(Semaphore::new(0));
        let store = DocumentRepository::new(Arc::new(Gated(Arc::clone(&gate)))).unwrap();
        let tenant = TenantId::parse("t").unwrap();
        let mut asking: Vec<_> = (0..1000).map(|_| Box::pin(store.get_keyring(&tenant))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for asked in &mut asking {
            assert!(asked.as_mut().poll(&mut context).is_pending(), "nothing was read yet");
        }
        // One reading for whoever asked before it began, and one for all others.
        gate.add_permits(1000);
        // The others are not woken: theirs is a thread that is busy.
        asking.pop().unwrap().await.unwrap();
        for mut asked in asking {
            assert!(asked.as_mut().poll(&mut context).is_ready(), "it waits for somebody else");
        }
        assert!(gate.available_permits() >= 998, "read more than twice");
    }
}
