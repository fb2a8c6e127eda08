//! The thread that watches displaced files, and decides when a file has been watched for long enough.

use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::displaced_files::Displaced;
use crate::domain::TenantId;
use crate::storage::folder::Folder;
use crate::storage::folder::editors::{Hold, STANDS_STILL};
use crate::storage::folder::file_system::{FileState, GRAIN};

/// How often a file is looked at: at first, and once it has been out for long.
const PAUSE: Duration = Duration::from_millis(10);
const LONG_PAUSE: Duration = Duration::from_millis(100);
/// How long a file is watched after it came out or changed, at least.
const WATCH: Duration = Duration::from_millis(200);
/// How often files of other processes are looked for.
const LOOK_FOR_OTHERS: Duration = Duration::from_secs(1);

/// Ends the watch when dropped, after a last look.
pub(crate) struct Watcher {
    folder: Arc<Folder>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts the watch.
    pub(crate) fn start(folder: &Arc<Folder>) -> std::io::Result<Self> {
        let watched = Arc::clone(folder);
        let thread =
            std::thread::Builder::new().name("displaced".into()).spawn(move || watched.watch())?;
        Ok(Self { folder: Arc::clone(folder), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.folder.closing.store(true, std::sync::atomic::Ordering::Relaxed);
        {
            let _files = self.folder.watch.files();
            self.folder.watch.came.notify_one();
        }
        if let Some(thread) = self.thread.take() {
            // A watch that came to a sudden end has nothing more to tell.
            let _ = thread.join();
        }
    }
}

/// The fate of a displaced file.
enum Fate {
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
    pub(crate) fn is_closing(&self) -> bool {
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
                        tracing::warn!(tenant.id = %tenant, %error, "a displaced file can no longer be watched");
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
    fn end(&self, displaced: Displaced) {
        if let Some(name) = displaced.name
            && let Err(error) = self.files.remove(&name)
        {
            tracing::warn!(file = %name.display(), %error, "a displaced file could not be removed");
        }
    }
}
