//! A new document before it is in its place: a file beside it, written and synced, with its record.

use std::fs::{File, Metadata};
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Builder;

use rustix::fs::FlockOperation;

use super::Folder;
use super::errors::{refused, uncertain};
use super::file_names::{DISPLACED, MadeName, STAGED};
use super::file_system::FileState;
use crate::domain::TenantId;
use crate::storage::document_store::{LogEntry, WriteError};

/// A file beside the document; removed when dropped.
pub(super) struct StagedFile<'s> {
    store: &'s Folder,
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) is_there: bool,
}

impl StagedFile<'_> {
    fn identity(&self) -> io::Result<FileState> {
        Ok(FileState::of(&self.store.files.stat_open(&self.file)?))
    }

    /// The identity before anything was done to the document.
    pub(super) fn identity_before(&self) -> Result<FileState, WriteError> {
        self.identity().map_err(|source| refused("look at", &self.path, source))
    }

    /// Keeps the file that was the document under a name of its own, since somebody writes to it: if
    /// this process ends before they do, another one finds it.
    pub(super) fn keep_displaced(&mut self, file: &File, was: &FileState) -> Option<PathBuf> {
        // Other processes leave it alone until this one ends.
        if !self.is_there || !self.store.files.try_lock(file, FlockOperation::NonBlockingLockShared)
        {
            return None;
        }
        let name = MadeName { inode: was.inode, document: was.size_and_time() };
        let name = name.to_file_name(DISPLACED);
        let path = self.path.with_file_name(name);
        self.store.files.rename(&self.path, &path).ok()?;
        self.is_there = false;
        Some(path)
    }

    /// The identity in the document's place.
    pub(super) fn identity_after(&self) -> Result<FileState, WriteError> {
        self.identity().map_err(|source| uncertain("look at", &self.path, source))
    }
}

impl Drop for StagedFile<'_> {
    fn drop(&mut self) {
        if self.is_there && self.store.files.remove(&self.path).is_err() {
            // What stays is cleaned with the other strays, at the next touch of its tenant.
            self.store.swept.pin().clear();
        }
    }
}

impl Folder {
    /// A synced file with the new bytes, beside the target; and a record of what is about to be done, if there is
    /// an entry. Nothing is held that others wait for. Both are synced at once, since the file system's journal can then
    /// carry both at once.
    pub(super) fn stage_recorded(
        &self,
        tenant: &TenantId,
        target: &Path,
        bytes: &[u8],
        like: Option<(&File, &Metadata)>,
        entry: Option<&LogEntry>,
    ) -> Result<StagedFile<'_>, WriteError> {
        let staged = self.stage(target, bytes, like)?;
        let sync = || {
            self.files.sync(&staged.file).map_err(|source| refused("write", &staged.path, source))
        };
        let Some(entry) = entry else { return sync().map(|()| staged) };
        let lines = self.append_lines(tenant, entry)?;
        let record = || self.sync_lines(&lines);
        let (synced, recorded) = std::thread::scope(|scope| {
            let beside = Builder::new().name("audit log".to_owned()).spawn_scoped(scope, record);
            let synced = sync();
            let recorded = match beside {
                Ok(beside) => beside.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // There is no thread to be had.
                Err(_) => record(),
            };
            (synced, recorded)
        });
        if synced.is_err() {
            self.take_out_of_log(tenant, Some(entry));
        }
        synced.and(recorded).map(|()| staged)
    }

    /// A file with the new bytes, beside the target.
    fn stage(
        &self,
        target: &Path,
        bytes: &[u8],
        like: Option<(&File, &Metadata)>,
    ) -> Result<StagedFile<'_>, WriteError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let path = target.with_file_name(format!("{STAGED}new-{process}-{number}"));
        let file = self.files.create(&path).map_err(|source| refused("create", &path, source))?;
        let mut staged = StagedFile { store: self, path, file, is_there: true };
        let finish = |staged: &mut StagedFile<'_>| {
            // Whoever has a file open for writing keeps others from leases on it. It is opened for
            // reading before it has the rights of another.
            let reading = self.files.open(&staged.path)?;
            let inode = FileState::of(&self.files.stat_open(&staged.file)?).inode;
            let document = like.map_or((0, 0), |(_, like)| FileState::of(like).size_and_time());
            let name = MadeName { inode, document }.to_file_name(STAGED);
            let path = target.with_file_name(name);
            self.files.rename(&staged.path, &path)?;
            staged.path = path;
            // Before it holds anything: who may not read the one may not read the other.
            if let Some((like, _)) = like {
                self.files.make_like(&staged.path, &staged.file, like)?;
            }
            self.files.write(&staged.file, bytes)?;
            staged.file = reading;
            Ok(())
        };
        finish(&mut staged).map_err(|source| refused("write", &staged.path, source))?;
        Ok(staged)
    }
}
