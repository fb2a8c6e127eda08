//! Files that a write took out of their place, watched for a while.
//!
//! An editor that opened the document before it was exchanged goes on writing into the file that
//! came out. What it writes there is brought over to the document in its place; until the watch
//! ends, nothing of it is lost.

use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Inner;
use super::identity::{GRAIN, Identity};
use super::replace::Purpose;
use crate::domain::TenantId;
use crate::storage::document_store::{StoredDocument, Version, WriteError};

/// How long a file is watched after it came out.
const WATCH: Duration = Duration::from_millis(200);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(10);
/// Files of one tenant that are watched at once, and the bytes that they may hold in memory.
const MOST_FILES: usize = 64;
const MOST_BYTES: usize = 32 << 20;
/// How often a change may be brought over to a document that changes meanwhile.
const ATTEMPTS: usize = 100;

/// A file that was the document.
#[derive(Debug)]
pub(super) struct Displaced {
    file: File,
    target: PathBuf,
    /// What it held when it came out.
    held: Bytes,
    /// Its state then.
    seen: Identity,
    since: Instant,
}

impl Displaced {
    /// A file that just came out.
    pub(super) fn new(file: File, target: &Path, held: Bytes, seen: Identity) -> Self {
        Self { file, target: target.to_owned(), held, seen, since: Instant::now() }
    }
}

/// The watch over displaced files, on a thread of its own while there are any.
#[derive(Debug, Default)]
pub(super) struct Watch {
    files: Mutex<HashMap<TenantId, Vec<Displaced>>>,
    /// Those that had to go early. To close a file that has no name frees its blocks, which may take
    /// as long as the disk does: the watching thread does it, and no writer waits for that.
    over: Mutex<Vec<Displaced>>,
    came: Condvar,
}

/// Ends the watch when dropped, after a last look.
pub(super) struct Watcher {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn files(&self) -> MutexGuard<'_, HashMap<TenantId, Vec<Displaced>>> {
        // Each change is one push or remove, so what a panic left behind is whole.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn over(&self) -> MutexGuard<'_, Vec<Displaced>> {
        // Each change is one push or take.
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Starts the watch.
    pub(super) fn start(inner: &Arc<Inner>) -> std::io::Result<Self> {
        let watched = Arc::clone(inner);
        let thread =
            std::thread::Builder::new().name("displaced".into()).spawn(move || watched.watch())?;
        Ok(Self { inner: Arc::clone(inner), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inner.closing.store(true, std::sync::atomic::Ordering::Relaxed);
        self.inner.watch.came.notify_one();
        if let Some(thread) = self.thread.take() {
            // A watch that came to a sudden end has nothing more to tell.
            let _ = thread.join();
        }
    }
}

impl Inner {
    /// Watches one more file. Where there are too many, the one longest out goes after a last look.
    pub(super) fn watch_displaced(&self, tenant: &TenantId, displaced: Displaced) {
        let mut files = self.watch.files();
        let of_tenant = files.entry(tenant.clone()).or_default();
        of_tenant.push(displaced);
        let held = |files: &[Displaced]| files.iter().map(|file| file.held.len()).sum::<usize>();
        while of_tenant.len() > MOST_FILES || (of_tenant.len() > 1 && held(of_tenant) > MOST_BYTES)
        {
            let oldest = of_tenant.remove(0);
            let now = self.files.stat_open(&oldest.file).map(|now| Identity::of(&now));
            if now.is_ok_and(|now| now != oldest.seen) {
                of_tenant.push(oldest);
                break;
            }
            self.watch.over().push(oldest);
        }
        self.watch.came.notify_one();
    }

    fn is_closing(&self) -> bool {
        self.closing.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn watch(&self) {
        loop {
            let tenants: Vec<TenantId> = {
                let mut files = self.watch.files();
                while files.is_empty() && !self.is_closing() {
                    files = self.watch.came.wait(files).unwrap_or_else(PoisonError::into_inner);
                }
                files.keys().cloned().collect()
            };
            if tenants.is_empty() {
                return;
            }
            std::thread::sleep(PAUSE);
            let over = std::mem::take(&mut *self.watch.over());
            drop(over);
            for tenant in &tenants {
                self.look_again(tenant);
            }
        }
    }

    /// Looks at a tenant's displaced files, and ends the watch of those that are out long enough.
    fn look_again(&self, tenant: &TenantId) {
        let closing = self.is_closing();
        let (mut written, mut over) = (Vec::new(), Vec::new());
        {
            let mut files = self.watch.files();
            let Some(of_tenant) = files.get_mut(tenant) else { return };
            for displaced in std::mem::take(of_tenant) {
                let now = self.files.stat_open(&displaced.file).map(|now| Identity::of(&now));
                let age = displaced.since.elapsed();
                let is_over = age > WATCH || (closing && age > 2 * GRAIN);
                match now {
                    Ok(now) if now != displaced.seen => written.push((displaced, now)),
                    Ok(_) if is_over => over.push(displaced),
                    Ok(_) => of_tenant.push(displaced),
                    Err(error) => {
                        tracing::warn!(tenant.id = %tenant, %error, "a displaced file is out of sight");
                    }
                }
            }
            if of_tenant.is_empty() {
                files.remove(tenant);
            }
        }
        for (displaced, now) in written {
            self.bring_over(tenant, displaced, now);
        }
        drop(over);
    }

    /// Someone wrote into a displaced file: makes the same change to the document.
    fn bring_over(&self, tenant: &TenantId, mut displaced: Displaced, now: Identity) {
        // What is being written is not whole yet; what was emptied is about to be.
        if !now.is_settled() || (now.size == 0 && displaced.since.elapsed() < 5 * WATCH) {
            self.watch_displaced(tenant, displaced);
            return;
        }
        let read = self.files.read(&displaced.file, self.limit + 1);
        let theirs = match read {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => {
                tracing::error!(tenant.id = %tenant, %error, "an edit by hand cannot be read");
                return;
            }
        };
        if theirs != displaced.held {
            match self.apply_to_document(tenant, &displaced, &theirs) {
                Ok(()) => {
                    tracing::info!(tenant.id = %tenant, "an edit by hand was brought over");
                }
                Err(error) => self.put_aside(tenant, &displaced, &theirs, &error),
            }
        }
        (displaced.held, displaced.seen, displaced.since) = (theirs, now, Instant::now());
        self.watch_displaced(tenant, displaced);
    }

    fn apply_to_document(
        &self,
        tenant: &TenantId,
        displaced: &Displaced,
        theirs: &Bytes,
    ) -> Result<(), WriteError> {
        let target = &displaced.target;
        let _lock = self.lock(tenant)?;
        for _ in 0..ATTEMPTS {
            let current = match self.files.open(target) {
                Ok(current) => current,
                // Who removed the document since then meant all of it.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(source) => return Err(super::replace::refused("open", target, source)),
            };
            let bytes = self
                .files
                .read(&current, self.limit + 1)
                .map_err(|source| super::replace::refused("read", target, source))?;
            let merged = merge(&displaced.held, theirs, &bytes).ok_or(WriteError::Conflict)?;
            let expected = StoredDocument {
                bytes: Bytes::from(bytes),
                version: Version::new([u64::MAX; Version::NUMBERS]),
                unchanged_for: Duration::ZERO,
            };
            let merged = Bytes::from(merged);
            match self.replace(tenant, &expected, &merged, target, current, Purpose::BringOver) {
                Err(WriteError::Conflict) => {}
                outcome => return outcome.map(drop),
            }
        }
        Err(WriteError::Conflict)
    }

    /// Two changes of the same lines: ours stands, theirs is kept beside it.
    fn put_aside(
        &self,
        tenant: &TenantId,
        displaced: &Displaced,
        theirs: &[u8],
        error: &WriteError,
    ) {
        let aside = (1_u32..1000).find_map(|number| {
            let path = displaced.target.with_file_name(format!("security.yml.conflict-{number}"));
            let file = self.files.create(&path).ok()?;
            let written = self.files.write(&file, theirs).and_then(|()| self.files.sync(&file));
            written.ok().map(|()| path)
        });
        tracing::error!(
            tenant.id = %tenant,
            %error,
            kept = ?aside,
            "an edit by hand could not be brought over; it is kept beside the document"
        );
    }
}

/// Makes the change from `old` to `theirs` in `ours`, which was made of `old` too; none where both
/// changed the same bytes.
fn merge(old: &[u8], theirs: &[u8], ours: &[u8]) -> Option<Vec<u8>> {
    let (their_start, their_end) = changed(old, theirs);
    let (our_start, our_end) = changed(old, ours);
    let coming = &theirs[their_start..theirs.len() - (old.len() - their_end)];
    // Both put something at one place: ours comes first.
    let at = if their_start >= our_end {
        ours.len() - (old.len() - their_start)
    } else if their_end <= our_start {
        their_start
    } else {
        return None;
    };
    let gone = their_end - their_start;
    Some([&ours[..at], coming, &ours[at + gone..]].concat())
}

/// The bytes of `old` that are others in `new`.
fn changed(old: &[u8], new: &[u8]) -> (usize, usize) {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(most);
    let end = old.len() - same_end.take_while(|(old, new)| old == new).count();
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn changes_of_different_lines_come_together() {
        let old = b"a\nb\nc\n";
        assert_eq!(merge(old, b"a\nb\nc\n# x\n", b"a\nB\nc\n").unwrap(), b"a\nB\nc\n# x\n");
        assert_eq!(merge(old, b"A\nb\nc\n", b"a\nb\nc\nd\n").unwrap(), b"A\nb\nc\nd\n");
        assert_eq!(merge(old, b"a\nb\nc\n# x\n", b"a\nb\nc\nd\n").unwrap(), b"a\nb\nc\nd\n# x\n");
        assert_eq!(merge(old, b"a\nc\n", b"a\nb\n").unwrap(), b"a\n");
        assert_eq!(merge(b"", b"x", b"y").unwrap(), b"yx");
    }

    #[test]
    fn changes_of_the_same_bytes_do_not() {
        assert_eq!(merge(b"a\nb\nc\n", b"a\nX\nc\n", b"a\nY\nc\n"), None);
    }
}
