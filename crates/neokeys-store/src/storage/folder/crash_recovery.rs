//! Recovery of what other processes left behind: staged files and displaced ones, found when a tenant is touched
//! for the first time.
//!
//! A staged file's name tells its inode and the state of the document that it was to replace. If
//! another file bears the name now, the exchange was done; and if that file is not the state that
//! was to be replaced, it is someone's edit, and is kept beside the document. It never goes back to
//! its place: others may have read what came there, and have built acknowledged changes upon it.
//!
//! A displaced file has a name as long as somebody writes to it, and a lock of the process that
//! watches it. Where that process has ended, this one takes the watch over.

use std::io::{self, ErrorKind};
use std::path::Path;

use bytes::Bytes;
use rustix::fs::FlockOperation;

use super::Folder;
use super::editors::Hold;
use super::errors::cannot;
use super::file_names::{DISPLACED, MadeName, STAGED, conflict_names};
use super::file_system::FileState;
use super::late_edits::Displaced;
use crate::domain::TenantId;
use crate::storage::document_store::{DocumentError, WriteError};

impl Folder {
    /// Cleans up after a crash, once a tenant. What fails is tried again at the next touch; so is
    /// what another process may be about to exchange, whose lock tells when that is over.
    /// Tells whether that was done before.
    pub(super) fn sweep(&self, tenant: &TenantId) -> bool {
        self.sweep_once(tenant, |folder| folder.try_lock(tenant))
    }

    /// The same, by who holds the tenant's lock.
    pub(super) fn sweep_locked(&self, tenant: &TenantId) {
        self.sweep_once(tenant, |_| Ok(Some(())));
    }

    fn sweep_once<L>(
        &self,
        tenant: &TenantId,
        lock: impl FnOnce(&Self) -> Result<Option<L>, DocumentError>,
    ) -> bool {
        if self.swept.pin().contains(tenant) {
            return true;
        }
        match self.sweep_folder(tenant, lock) {
            Ok(true) => {
                self.swept.pin().insert(tenant.clone());
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(tenant.id = %tenant, %error, "leftovers of a crash cannot be cleaned up");
            }
        }
        false
    }

    /// Says whether it was done.
    fn sweep_folder<L>(
        &self,
        tenant: &TenantId,
        lock: impl FnOnce(&Self) -> Result<Option<L>, DocumentError>,
    ) -> Result<bool, WriteError> {
        let Ok(target) = self.target(tenant) else { return Ok(true) };
        let folder = target.parent().unwrap_or(&self.root);
        if self.strays(folder).map_err(WriteError::Refused)?.is_empty() {
            return Ok(true);
        }
        let Some(_lock) = lock(self).map_err(WriteError::Refused)? else { return Ok(false) };
        for name in self.strays(folder).map_err(WriteError::Refused)? {
            if name.starts_with(DISPLACED) {
                continue;
            }
            let path = folder.join(&name);
            self.recover(&path, &target, MadeName::parse(&name, STAGED))
                .map_err(|source| WriteError::Refused(cannot("clean up", &path, source)))?;
        }
        self.look_for_displaced(tenant);
        Ok(true)
    }

    /// Takes over the watch of displaced files whose process has ended.
    pub(super) fn look_for_displaced(&self, tenant: &TenantId) {
        let Ok(target) = self.target(tenant) else {
            return self.watch.note_others(tenant, false);
        };
        let names = self.strays(target.parent().unwrap_or(&self.root)).unwrap_or_default();
        let mut others = false;
        for (path, name) in names.iter().filter_map(|name| {
            Some((target.with_file_name(name), MadeName::parse(name, DISPLACED)?))
        }) {
            match self.take_over(&path, &name, &target) {
                Ok(Some(displaced)) => self.watch_displaced(tenant, displaced),
                Ok(None) => others = true,
                // Whoever watched it has just removed it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    others = true;
                    tracing::warn!(file = %path.display(), %error, "a displaced file cannot be read");
                }
            }
        }
        self.watch.note_others(tenant, others);
    }

    /// A displaced file that nobody watches any more; none where somebody does.
    fn take_over(
        &self,
        path: &Path,
        name: &MadeName,
        target: &Path,
    ) -> io::Result<Option<Displaced>> {
        let file = self.files.open(path)?;
        if !self.files.try_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            return Ok(None);
        }
        // Whoever watched it may have removed it just before.
        let seen = FileState::of(&self.files.stat_open(&file)?);
        if !FileState::of(&self.files.stat_link(path)?).is_same_file(&seen) {
            return Err(ErrorKind::NotFound.into());
        }
        let held = self.files.read(&file, self.limit + 1)?;
        let after = FileState::of(&self.files.stat_open(&file)?);
        let is_as_it_was = seen.size_and_time() == name.document && after == seen;
        let held = is_as_it_was.then(|| Bytes::from(held));
        let name = Some(path.to_owned());
        Ok(Some(Displaced::new(file, target, held, seen, name, self.files.now())))
    }

    fn strays(&self, folder: &Path) -> Result<Vec<String>, DocumentError> {
        let names = self.files.list(folder).map_err(|source| cannot("list", folder, source))?;
        let names = names.into_iter().filter_map(|name| name.into_string().ok());
        Ok(names.filter(|name| name.starts_with(STAGED)).collect())
    }

    fn recover(&self, stray: &Path, target: &Path, name: Option<MadeName>) -> io::Result<()> {
        let Some(MadeName { inode, document: replaces }) = name else {
            return self.files.remove(stray);
        };
        if FileState::of(&self.files.stat_link(stray)?).inode == inode {
            return self.files.remove(stray);
        }
        let came_out = self.files.open(stray)?;
        let is_open = matches!(self.hold(&came_out, stray), Hold::OpenElsewhere);
        // Whoever has closed it by now has written all that they will.
        let found = FileState::of(&self.files.stat_open(&came_out)?);
        if is_open {
            let name = MadeName { inode: found.inode, document: replaces };
            return self.files.rename(stray, &stray.with_file_name(name.to_file_name(DISPLACED)));
        }
        if replaces == found.size_and_time() {
            return self.files.remove(stray);
        }
        let kept = conflict_names(target).find_map(|aside| {
            let renamed = self.files.rename_new(stray, &aside).map(|()| aside);
            let is_taken =
                matches!(&renamed, Err(error) if error.kind() == ErrorKind::AlreadyExists);
            (!is_taken).then_some(renamed)
        });
        let kept = kept.unwrap_or_else(|| Err(ErrorKind::AlreadyExists.into()))?;
        tracing::error!(kept = %kept.display(), "an edit by hand is kept beside the document");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use bytes::Bytes;

    use crate::domain::TenantId;
    use crate::storage::document_store::{DocumentStore as _, Reading};
    use crate::storage::folder::FolderStore;

    #[tokio::test]
    async fn nothing_is_kept_of_a_tenant_that_went() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path(), 1 << 20);
        let tenant = TenantId::parse("demo").unwrap();
        store.create_tenant(&tenant).await.unwrap();
        let Ok(Reading::Found(empty)) = store.read(&tenant, None).await else { panic!() };
        let document = Bytes::from_static(b"apiKeys: []\n");
        let version = store.write(&tenant, &empty, document).await.unwrap();
        assert!(matches!(store.read(&tenant, None).await, Ok(Reading::Found(_))));
        let kept = || (store.folder.swept.len(), store.folder.written.len());
        assert_eq!(kept(), (1, 1));
        fs::remove_dir_all(folder.path().join("demo")).unwrap();
        let gone = store.read(&tenant, Some(&version)).await;
        assert!(matches!(gone, Ok(Reading::NoSuchTenant)));
        assert_eq!(kept(), (0, 0));
    }
}
