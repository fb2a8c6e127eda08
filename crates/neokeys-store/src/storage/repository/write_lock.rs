//! A writer's turn among processes: waited for, and what is answered where none comes.

use std::time::{Duration, Instant};

use super::applying::apply_commit;
use super::freshness::Freshness;
use super::writer::Writer;
use crate::causes::in_full;
use crate::domain::CommitError;
use crate::storage::document::DocumentEditor;
use crate::storage::document_store::{DocumentError, DocumentLock};

/// How long a change waits for a lock that another process holds.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no turn.
pub(super) enum Refusal {
    /// The document cannot be read, or there is no such tenant.
    Unreadable(CommitError),
    /// Another process holds the lock.
    Locked(DocumentError),
    /// The lock cannot be had at all.
    Unlockable(DocumentError),
}

impl Writer {
    /// Keeps other processes off, once it is known that there is such a tenant.
    pub(super) async fn turn(&self, since: Instant) -> Result<DocumentLock, Refusal> {
        if self.tenant.latest.get().is_none() {
            self.fresh(Freshness::Fresh).await.map_err(Refusal::Unreadable)?;
        }
        let patience = LOCK_PATIENCE.saturating_sub(since.elapsed());
        let turn = match self.shared.documents.lock(&self.tenant.id, Duration::ZERO).await {
            Err(DocumentError::Locked { .. }) if !patience.is_zero() => {
                self.tenant.queue().hold_up(true);
                let turn = self.shared.documents.lock(&self.tenant.id, patience).await;
                self.tenant.queue().hold_up(false);
                turn
            }
            turn => turn,
        };
        turn.map_err(|error| {
            // Most of the time may have gone by behind other changes, before the lock was asked for.
            if let DocumentError::Locked { path, .. } = error {
                Refusal::Locked(DocumentError::Locked { path, waited: since.elapsed() })
            } else {
                Refusal::Unlockable(error)
            }
        })
    }

    /// Answers those who have waited long enough. What a rule refuses needs no turn.
    pub(super) async fn refuse(&self, refusal: Refusal) {
        // Whoever loads the document anew asks again.
        self.tenant.queue().take_look();
        let (error, patience) = match refusal {
            Refusal::Unreadable(error) => {
                for waiting in self.tenant.queue().take() {
                    self.answer(waiting, Err(error.clone()));
                }
                return;
            }
            Refusal::Locked(error) => (error, LOCK_PATIENCE),
            Refusal::Unlockable(error) => (error, Duration::ZERO),
        };
        let batch = self.tenant.queue().take_older(patience);
        if batch.is_empty() {
            return;
        }
        let fault = in_full(&error);
        tracing::warn!(tenant.id = %self.tenant.id, fault, changes = batch.len(), "changes were refused before they were begun");
        let error = CommitError::Unavailable(error.into());
        let newest = self.fresh(Freshness::Newest).await.ok();
        let document = newest.as_ref().and_then(|snapshot| snapshot.document.as_ref());
        let now = self.shared.clock.now();
        for waiting in batch {
            let by_rule = document.and_then(|document| {
                apply_commit(&mut DocumentEditor::of(document), &waiting.commit, now).0.err()
            });
            self.answer(waiting, Err(by_rule.unwrap_or_else(|| error.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::{Refusal, Writer};
    use crate::domain::TenantId;
    use crate::storage::DocumentRepository;
    use crate::storage::document_store::DocumentStore as _;
    use crate::storage::folder::FolderStore;

    #[tokio::test]
    async fn what_is_told_of_a_held_lock_is_how_long_the_change_waited() {
        let folder = tempfile::tempdir().unwrap();
        let id = TenantId::parse("t").unwrap();
        let other = FolderStore::new(folder.path(), 1 << 20);
        other.create_tenant(&id).await.unwrap();
        let _lock = other.lock(&id, Duration::ZERO).await.unwrap();
        let store = Arc::new(FolderStore::new(folder.path(), 1 << 20));
        let repository = DocumentRepository::new(store).unwrap();
        let shared = Arc::clone(&repository.shared);
        let writer = Writer { tenant: shared.tenants.get(&id), shared };
        let since = Instant::now().checked_sub(Duration::from_secs(7)).unwrap();
        let Err(Refusal::Locked(error)) = writer.turn(since).await else {
            panic!("it has its turn")
        };
        let told = error.to_string();
        let waited = told.split_once("for its turn for ").unwrap().1.split_once(" s").unwrap().0;
        assert!(waited.parse::<u64>().unwrap() >= 7, "{told}");
    }
}
