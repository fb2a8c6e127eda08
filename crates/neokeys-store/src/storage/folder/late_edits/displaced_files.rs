//! Files that a write took out of their place, as long as they are watched: how many there may be, and who else has
//! some. [`watcher`](super::watcher) looks at them until nobody writes to them.
//!
//! An editor that opened the document before it was exchanged goes on writing into the file that
//! came out. What it writes there is brought over once it has closed the file, however long that
//! takes. A file that somebody had open when it came out keeps a name meanwhile, so that nothing is
//! lost if this process ends first; see [`crash_recovery`](crate::storage::folder::crash_recovery).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;

use crate::domain::TenantId;
use crate::storage::folder::Folder;
use crate::storage::folder::editors::Hold;
use crate::storage::folder::file_system::{FileState, Now};

/// Files of one tenant that nobody writes to and that are watched at once, and the bytes that they
/// may hold in memory.
const MOST_FILES: usize = 64;
const MOST_BYTES: usize = 32 << 20;

/// A file that was the document.
#[derive(Debug)]
pub(crate) struct Displaced {
    pub(crate) file: File,
    pub(crate) target: PathBuf,
    /// Its contents when it came out; nothing where nobody knows.
    pub(crate) held: Option<Bytes>,
    /// Its state then.
    pub(crate) seen: FileState,
    /// The name that it is kept under.
    pub(crate) name: Option<PathBuf>,
    pub(crate) since: Instant,
}

impl Displaced {
    /// A file that just came out.
    pub(crate) fn new(
        file: File,
        target: &Path,
        held: Option<Bytes>,
        seen: FileState,
        name: Option<PathBuf>,
        now: Now,
    ) -> Self {
        Self { file, target: target.to_owned(), held, seen, name, since: now.steady }
    }

    fn weight(&self) -> usize {
        self.held.as_ref().map_or(0, Bytes::len)
    }
}

/// The watch over displaced files, on a thread of its own while there are any.
#[derive(Debug, Default)]
pub(crate) struct DisplacedFiles {
    files: Mutex<HashMap<TenantId, Vec<Displaced>>>,
    /// Those that had to go early. To close a file that has no name frees its blocks, which may take
    /// as long as the disk does: the watching thread does it, and no writer waits for that.
    over: Mutex<Vec<Displaced>>,
    /// Tenants with displaced files that other processes watch, as long as those run.
    others: Mutex<HashSet<TenantId>>,
    pub(crate) came: Condvar,
}

impl DisplacedFiles {
    pub(crate) fn files(&self) -> MutexGuard<'_, HashMap<TenantId, Vec<Displaced>>> {
        // Each change is one push or remove, so what a panic left behind is whole.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn over(&self) -> MutexGuard<'_, Vec<Displaced>> {
        // Each change is one push or take.
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn others(&self) -> MutexGuard<'_, HashSet<TenantId>> {
        // Each change is one insert or remove.
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process watches a displaced file of a tenant; or none does any more.
    pub(crate) fn note_others(&self, tenant: &TenantId, are_there: bool) {
        let changed = if are_there {
            self.others().insert(tenant.clone())
        } else {
            self.others().remove(tenant)
        };
        if changed && are_there {
            // The thread looks at both under this lock before it waits.
            let _files = self.files();
            self.came.notify_one();
        }
    }
}

impl Folder {
    /// Watches one more file. Where there are too many, those longest out go that nobody writes to.
    pub(crate) fn watch_displaced(&self, tenant: &TenantId, displaced: Displaced) {
        let mut files = self.watch.files();
        let of_tenant = files.entry(tenant.clone()).or_default();
        of_tenant.push(displaced);
        let weight = |files: &[Displaced]| files.iter().map(Displaced::weight).sum::<usize>();
        while of_tenant.len() > MOST_FILES
            || (of_tenant.len() > 1 && weight(of_tenant) > MOST_BYTES)
        {
            let older = of_tenant.len() - 1;
            let quiet = of_tenant[..older].iter().position(|displaced| {
                let now = self.files.stat_open(&displaced.file).map(|now| FileState::of(&now));
                now.is_ok_and(|now| now == displaced.seen)
                    && !matches!(self.hold(&displaced.file, &displaced.target), Hold::OpenElsewhere)
            });
            let Some(quiet) = quiet else { break };
            self.watch.over().push(of_tenant.remove(quiet));
        }
        self.watch.came.notify_one();
    }
}
