//! Files that a write took out of their place, watched until nobody writes to them.
//!
//! An editor that opened the document before it was exchanged goes on writing into the file that
//! came out. What it writes there is brought over once it has closed the file, however long that
//! takes. A file that somebody had open when it came out keeps a name meanwhile, so that nothing is
//! lost if this process ends first; see [`crash_recovery`](crate::storage::folder::crash_recovery).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::domain::TenantId;
use crate::storage::folder::Folder;
use crate::storage::folder::editors::{Hold, STANDS_STILL};
use crate::storage::folder::file_system::{FileState, GRAIN, Now};

/// How long a file is watched after it came out or changed, at least.
const WATCH: Duration = Duration::from_millis(200);
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

/// The fate of a displaced file.
pub(crate) enum Fate {
    /// It is looked at again.
    Watched,
    /// Somebody wrote to it, and has closed it.
    Written(FileState),
    /// Nobody writes to it, and nobody will.
    Over,
    /// Somebody writes to it, and this process ends: another one takes it over by its name.
    Left,
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

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) fn fate(&self, displaced: &Displaced) -> std::io::Result<Fate> {
        let state = FileState::of(&self.files.stat_open(&displaced.file)?);
        let now = self.files.now();
        let (age, closing) = (now.since(displaced.since), self.is_closing());
        let hold = self.hold(&displaced.file, &displaced.target);
        let is_open = matches!(hold, Hold::OpenElsewhere);
        let changed = state != displaced.seen || displaced.held.is_none();
        Ok(if is_open && closing && age > 2 * GRAIN && displaced.name.is_some() {
            Fate::Left
        } else if is_open && closing && age > STANDS_STILL {
            if changed { Fate::Written(state) } else { Fate::Over }
        } else if is_open {
            Fate::Watched
        } else if !changed {
            let over = age > WATCH || (closing && age > 2 * GRAIN);
            if over { Fate::Over } else { Fate::Watched }
        } else if matches!(hold, Hold::NoLeases)
            && (!state.is_at_rest(now) || (state.size == 0 && age < 5 * WATCH))
        {
            // What is being written is not whole yet; what was emptied is about to be.
            Fate::Watched
        } else {
            Fate::Written(state)
        })
    }

    /// Ends the watch of a file.
    pub(crate) fn end(&self, displaced: Displaced) {
        if let Some(name) = displaced.name
            && let Err(error) = self.files.remove(&name)
        {
            tracing::warn!(file = %name.display(), %error, "a displaced file could not be removed");
        }
    }
}
