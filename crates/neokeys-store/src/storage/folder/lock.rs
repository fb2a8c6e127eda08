//! The lock by which neokeys processes keep off each other: one file a tenant, in our own folder.
//!
//! A lock that is held is asked for again and again, never waited for within a call: a backup or a
//! process that was stopped may hold thousands, and each would hold a thread here. How often depends
//! on how many wait, so that all together ask no more often than a few can.
//!
//! A process that has much to write lets go of the lock and takes it again in less time than passes
//! between two tries of another. So whoever waits for the lock holds a second one, `<tenant>.next`, and
//! nobody tries the first without it: whoever just had the lock gets in line.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Folder;
use super::errors::cannot;
use super::file_names::OWN_FOLDER;
use crate::domain::TenantId;
use crate::storage::document_store::{DocumentError, DocumentLock};

/// How long a lock is waited for where nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between two tries, for each that waits.
const SHARE: Duration = Duration::from_micros(50);
/// That time at least, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// Counts who waits for locks.
#[derive(Debug, Default)]
pub(super) struct Waiters(AtomicU32);

/// Somebody who waits for a lock until this is dropped.
struct Waiter<'w> {
    waiters: &'w Waiters,
    since: Instant,
    patience: Duration,
}

/// A lock that is held, and can be let go for a while.
#[derive(Debug)]
pub(super) struct Held(Mutex<Option<File>>);

impl Held {
    pub(super) fn new(lock: File) -> Self {
        Self(Mutex::new(Some(lock)))
    }

    /// Lets others have it.
    pub(super) fn release(&self) {
        drop(self.file().take());
    }

    /// Takes it again.
    pub(super) fn take_again<E>(&self, lock: impl FnOnce() -> Result<File, E>) -> Result<(), E> {
        let taken = lock()?;
        *self.file() = Some(taken);
        Ok(())
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        // It is there or not, whatever happened to its last holder.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of who gets the lock next, as far as the system lets us hold one.
struct PlaceInLine {
    _next: Option<File>,
}

impl Waiters {
    fn wait(&self, patience: Duration) -> Waiter<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waiter { waiters: self, since: Instant::now(), patience }
    }
}

impl Waiter<'_> {
    /// How long to wait before the lock is tried again; none where it was waited for long enough.
    fn pause(&self) -> Option<Duration> {
        let left =
            self.patience.checked_sub(self.since.elapsed()).filter(|left| !left.is_zero())?;
        let (shortest, longest) = PAUSE;
        let pause = SHARE * self.waiters.0.load(Ordering::Relaxed);
        Some(pause.clamp(shortest, longest).min(left))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiters.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Folder {
    /// Keeps other neokeys processes off a tenant. Blocks while one holds the lock.
    pub(super) fn lock(&self, tenant: &TenantId) -> Result<File, DocumentError> {
        let waiter = self.waiters.wait(PATIENCE);
        let mut place = None;
        loop {
            match (self.try_in_line(tenant, &mut place)?, waiter.pause()) {
                (Some(lock), _) => return Ok(lock),
                (None, Some(pause)) => std::thread::sleep(pause),
                (None, None) => return Err(self.held(tenant, &waiter)),
            }
        }
    }

    /// The same, and no thread waits.
    pub(super) async fn turn(
        self: Arc<Self>,
        tenant: &TenantId,
        patience: Duration,
    ) -> Result<DocumentLock, DocumentError> {
        let waiter = self.waiters.wait(patience);
        let mut place = None;
        loop {
            let (folder, id) = (Arc::clone(&self), tenant.clone());
            let tried = tokio::task::spawn_blocking(move || {
                let lock = folder.try_in_line(&id, &mut place);
                (lock, place)
            });
            let (lock, still) = tried.await.unwrap_or((Err(DocumentError::GivenUp), None));
            place = still;
            match (lock?, waiter.pause()) {
                (Some(lock), _) => return Ok(DocumentLock::holding(Held::new(lock))),
                (None, Some(pause)) => tokio::time::sleep(pause).await,
                (None, None) => return Err(self.held(tenant, &waiter)),
            }
        }
    }

    /// The lock, for whoever waits for it; none where another process holds it, or is the next to.
    fn try_in_line(
        &self,
        tenant: &TenantId,
        place: &mut Option<PlaceInLine>,
    ) -> Result<Option<File>, DocumentError> {
        if place.is_none() {
            *place = match self.try_lock_file(tenant, "next") {
                Ok(next) => next.map(|next| PlaceInLine { _next: Some(next) }),
                // Another user's may be in the way. The order is a courtesy, the lock is not.
                Err(_) => Some(PlaceInLine { _next: None }),
            };
        }
        if place.is_some() { self.try_lock(tenant) } else { Ok(None) }
    }

    /// The lock; none where another process holds it.
    pub(super) fn try_lock(&self, tenant: &TenantId) -> Result<Option<File>, DocumentError> {
        self.try_lock_file(tenant, "lock")
    }

    fn try_lock_file(&self, tenant: &TenantId, kind: &str) -> Result<Option<File>, DocumentError> {
        let own = self.root.join(OWN_FOLDER);
        let path = own.join(format!("{tenant}.{kind}"));
        match self.files.lock(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make_own_folder(&own).map_err(|source| cannot("create", &own, source))?;
                self.files.lock(&path)
            }
            outcome => outcome,
        }
        .map_err(|source| cannot("lock", &path, source))
    }

    fn held(&self, tenant: &TenantId, waiter: &Waiter<'_>) -> DocumentError {
        let path = self.root.join(OWN_FOLDER).join(format!("{tenant}.lock"));
        DocumentError::Locked { path, waited: waiter.since.elapsed() }
    }

    pub(super) fn make_own_folder(&self, own: &Path) -> io::Result<()> {
        let exists_is_fine = |error: io::Error| {
            if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
        };
        self.files.create_folder(own).or_else(exists_is_fine)?;
        let ignore = self.files.create(&own.join(".gitignore"));
        ignore.and_then(|file| self.files.write(&file, b"*\n")).or_else(exists_is_fine)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use crate::domain::TenantId;
    use crate::storage::folder::FolderStore;

    #[test]
    fn who_takes_the_lock_again_and_again_lets_others_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let [busy, patient] = [(); 2].map(|()| FolderStore::new(folder.path(), 1 << 20).folder);
        let tenant = TenantId::parse("t").unwrap();
        for _ in 0..20 {
            let held = busy.lock(&tenant).unwrap();
            let mut place = None;
            assert!(patient.try_in_line(&tenant, &mut place).unwrap().is_none());
            assert!(place.is_some());
            // Let go of and taken again at once, by whoever has much to do.
            drop(held);
            assert!(busy.try_in_line(&tenant, &mut None).unwrap().is_none());
            let (took, taken) = channel();
            let again = std::thread::spawn({
                let (busy, tenant) = (Arc::clone(&busy), tenant.clone());
                move || {
                    let lock = busy.lock(&tenant).unwrap();
                    took.send(()).unwrap();
                    drop(lock);
                }
            });
            let lock = patient.try_in_line(&tenant, &mut place).unwrap();
            assert!(lock.is_some() && taken.try_recv().is_err(), "it was passed by");
            drop((lock, place));
            again.join().unwrap();
            taken.recv().unwrap();
        }
    }
}
