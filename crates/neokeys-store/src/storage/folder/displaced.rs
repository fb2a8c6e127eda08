//! Files that a write took out of their place, watched until nobody writes to them.
//!
//! An editor that opened the document before it was exchanged goes on writing into the file that
//! came out. What it writes there is brought over once it has closed the file, however long that
//! takes. A file that somebody had open when it came out keeps a name meanwhile, so that nothing is
//! lost if this process ends first; see [`super::strays`].

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Inner;
use super::files::Now;
use super::hands::{Hold, STANDS_STILL};
use super::identity::{GRAIN, Identity};
use crate::domain::TenantId;

/// How long a file is watched after it came out or changed, at least.
const WATCH: Duration = Duration::from_millis(200);
/// How often it is looked at: at first, and once it has been out for long.
const PAUSE: Duration = Duration::from_millis(10);
const LONG_PAUSE: Duration = Duration::from_millis(100);
/// How often files of other processes are looked for.
const LOOK_FOR_OTHERS: Duration = Duration::from_secs(1);
/// Files of one tenant that nobody writes to and that are watched at once, and the bytes that they
/// may hold in memory.
const MOST_FILES: usize = 64;
const MOST_BYTES: usize = 32 << 20;

/// A file that was the document.
#[derive(Debug)]
pub(super) struct Displaced {
    pub(super) file: File,
    pub(super) target: PathBuf,
    /// What it held when it came out; nothing where nobody knows.
    pub(super) held: Option<Bytes>,
    /// Its state then.
    pub(super) seen: Identity,
    /// The name that it is kept under.
    pub(super) name: Option<PathBuf>,
    pub(super) since: Instant,
}

impl Displaced {
    /// A file that just came out.
    pub(super) fn new(
        file: File,
        target: &Path,
        held: Option<Bytes>,
        seen: Identity,
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
pub(super) struct Watch {
    files: Mutex<HashMap<TenantId, Vec<Displaced>>>,
    /// Those that had to go early. To close a file that has no name frees its blocks, which may take
    /// as long as the disk does: the watching thread does it, and no writer waits for that.
    over: Mutex<Vec<Displaced>>,
    /// Tenants with displaced files that other processes watch, as long as those run.
    others: Mutex<HashSet<TenantId>>,
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

    fn others(&self) -> MutexGuard<'_, HashSet<TenantId>> {
        // Each change is one insert or remove.
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process watches a displaced file of a tenant; or none does any more.
    pub(super) fn note_others(&self, tenant: &TenantId, are_there: bool) {
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
        {
            let _files = self.inner.watch.files();
            self.inner.watch.came.notify_one();
        }
        if let Some(thread) = self.thread.take() {
            // A watch that came to a sudden end has nothing more to tell.
            let _ = thread.join();
        }
    }
}

/// What becomes of a displaced file.
enum Fate {
    /// It is looked at again.
    Watched,
    /// Somebody wrote to it, and has closed it.
    Written(Identity),
    /// Nobody writes to it, and nobody will.
    Over,
    /// Somebody writes to it, and this process ends: another one takes it over by its name.
    Left,
}

impl Inner {
    /// Watches one more file. Where there are too many, those longest out go that nobody writes to.
    pub(super) fn watch_displaced(&self, tenant: &TenantId, displaced: Displaced) {
        let mut files = self.watch.files();
        let of_tenant = files.entry(tenant.clone()).or_default();
        of_tenant.push(displaced);
        let weight = |files: &[Displaced]| files.iter().map(Displaced::weight).sum::<usize>();
        while of_tenant.len() > MOST_FILES
            || (of_tenant.len() > 1 && weight(of_tenant) > MOST_BYTES)
        {
            let older = of_tenant.len() - 1;
            let quiet = of_tenant[..older].iter().position(|displaced| {
                let now = self.files.stat_open(&displaced.file).map(|now| Identity::of(&now));
                now.is_ok_and(|now| now == displaced.seen)
                    && !matches!(self.hold(&displaced.file, &displaced.target), Hold::OpenElsewhere)
            });
            let Some(quiet) = quiet else { break };
            self.watch.over().push(of_tenant.remove(quiet));
        }
        self.watch.came.notify_one();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn watch(&self) {
        let mut looked_for_others = self.files.now().steady;
        loop {
            let (tenants, pause) = {
                let mut files = self.watch.files();
                while files.is_empty() && self.watch.others().is_empty() && !self.is_closing() {
                    files = self.watch.came.wait(files).unwrap_or_else(PoisonError::into_inner);
                }
                let now = self.files.now();
                let is_young = |displaced: &Displaced| now.since(displaced.since) < STANDS_STILL;
                let quickly = self.is_closing() || files.values().flatten().any(is_young);
                let pause = if quickly { PAUSE } else { LONG_PAUSE };
                (files.keys().cloned().collect::<Vec<_>>(), pause)
            };
            if tenants.is_empty() && self.is_closing() {
                return;
            }
            self.files.pause(pause);
            let over = std::mem::take(&mut *self.watch.over());
            over.into_iter().for_each(|displaced| self.end(displaced));
            for tenant in &tenants {
                self.look_again(tenant);
            }
            let now = self.files.now();
            if now.since(looked_for_others) >= LOOK_FOR_OTHERS && !self.is_closing() {
                looked_for_others = now.steady;
                let others: Vec<_> = self.watch.others().iter().cloned().collect();
                others.iter().for_each(|tenant| self.look_for_displaced(tenant));
            }
        }
    }

    /// Looks at a tenant's displaced files, and ends the watch of those that nobody writes to.
    fn look_again(&self, tenant: &TenantId) {
        let (mut written, mut over) = (Vec::new(), Vec::new());
        {
            let mut files = self.watch.files();
            let Some(of_tenant) = files.get_mut(tenant) else { return };
            for displaced in std::mem::take(of_tenant) {
                match self.fate(&displaced) {
                    Ok(Fate::Watched) => of_tenant.push(displaced),
                    Ok(Fate::Written(now)) => written.push((displaced, now)),
                    Ok(Fate::Over) => over.push(displaced),
                    Ok(Fate::Left) => {
                        tracing::warn!(
                            tenant.id = %tenant,
                            file = ?displaced.name,
                            "somebody still writes to a file that was the document; the next neokeys \
                             process brings it over"
                        );
                    }
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
        over.into_iter().for_each(|displaced| self.end(displaced));
    }

    fn fate(&self, displaced: &Displaced) -> std::io::Result<Fate> {
        let state = Identity::of(&self.files.stat_open(&displaced.file)?);
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
    fn end(&self, displaced: Displaced) {
        if let Some(name) = &displaced.name
            && let Err(error) = self.files.remove(name)
        {
            tracing::warn!(file = %name.display(), %error, "a displaced file is not removed");
        }
    }
}
