//! The document as it is now: a look at its identity, and where that changed, a reading.
//!
//! A document that somebody has open for writing is not read, for a while: it may be half of what
//! is meant.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::Folder;
use super::editors::{Hold, NextStep, PAUSE, STANDS_STILL};
use super::errors::cannot;
use super::file_system::{FileState, GRAIN, is_no_way};
use super::file_version::FileVersion;
use crate::domain::TenantId;
use crate::storage::document::is_blank;
use crate::storage::document_store::{DocumentError, Reading, StoredDocument, Version};

/// How long a document may keep changing while it is read.
const PATIENCE: Duration = Duration::from_secs(1);

impl Folder {
    /// The answer that needs no opening of the document, if there is one.
    pub(super) fn glance(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
    ) -> Option<Result<Reading, DocumentError>> {
        let path = self.document(tenant);
        let metadata = match self.files.stat(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_no_way(&error) => {
                return self.without_document(tenant, &path, known);
            }
            Err(source) => return Some(Err(cannot("look at", &path, source))),
        };
        let found = FileState::of(&metadata);
        let before = FileVersion::of(known?)?;
        if before.file == found {
            // Stamps of whole seconds stand still so long that the document is read until they are
            // past.
            let is_sure =
                before.is_settled || (!found.is_coarse() && !found.is_settled(self.files.now()));
            return is_sure.then_some(Ok(Reading::Unchanged));
        }
        // A write of our own counts once it is acknowledged. Others see it already, so what was before
        // it counts no more.
        let is_ours = self.written.pin().get(tenant).is_some_and(|written| {
            Some(&written.before) == known && written.after.is_same_but_renamed(&found)
        });
        is_ours.then_some(Ok(Reading::BeingAcknowledged))
    }

    /// The answer where no document was found; none where one has come since.
    fn without_document(
        &self,
        tenant: &TenantId,
        path: &Path,
        known: Option<&Version>,
    ) -> Option<Result<Reading, DocumentError>> {
        match self.files.stat_link(path) {
            Ok(link) if link.is_symlink() => {
                let source = io::Error::from(ErrorKind::NotFound);
                Some(Err(cannot("follow the symlink", path, source)))
            }
            Ok(_) => None,
            Err(_) => Some(self.tenant_without_document(tenant, known)),
        }
    }

    /// Looks at what [`glance`](Self::glance) looks at besides where there is no tenant.
    pub(super) fn feign_absence(&self, tenant: &TenantId, has_document: bool) {
        // What is found there says nothing.
        if has_document {
            let _ = self.files.stat_link(&self.document(tenant));
            let _ = self.files.stat(&self.folder(tenant));
        }
        let _ = self.files.stat(&self.root);
    }

    fn tenant_without_document(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
    ) -> Result<Reading, DocumentError> {
        let folder = self.folder(tenant);
        match self.files.stat(&folder) {
            Ok(metadata) if metadata.is_dir() => {
                if known.is_some_and(Version::is_absent) {
                    return Ok(Reading::Unchanged);
                }
                let age = FileState::of(&metadata).age(self.files.now());
                let since = self.emptied_for(tenant, None, age);
                Ok(Reading::Found(StoredDocument::absent(since)))
            }
            // What is no folder is no tenant, by the same steps as where nothing is.
            Ok(_) => match self.files.stat(&self.root) {
                Ok(_) => Ok(self.forget(tenant)),
                Err(source) => Err(cannot("find the store's folder", &self.root, source)),
            },
            // A store that is gone, as after an unmount, says nothing of its tenants.
            Err(error) if is_no_way(&error) => match self.files.stat(&self.root) {
                Ok(_) => Ok(self.forget(tenant)),
                Err(source) => Err(cannot("find the store's folder", &self.root, source)),
            },
            Err(source) => Err(cannot("look at", &folder, source)),
        }
    }

    /// Keeps nothing of a tenant that does not exist: tenants come and go, and one that comes again
    /// may bring leftovers.
    fn forget(&self, tenant: &TenantId) -> Reading {
        self.swept.pin().remove(tenant);
        self.written.pin().remove(tenant);
        self.editors.forget(tenant);
        self.emptied.pin().remove(tenant);
        Reading::NoSuchTenant
    }

    /// How long a document is known to be gone or empty. Its stamps say it, or this process does: the
    /// folder's tell of every file in it, and any of them may lie in the future.
    fn emptied_for(&self, tenant: &TenantId, is: Option<FileState>, age: Duration) -> Duration {
        if age >= STANDS_STILL {
            return age;
        }
        let now = self.files.now();
        let emptied = self.emptied.pin();
        let since = match emptied.get(tenant) {
            Some((was, since)) if *was == is => *since,
            _ => {
                emptied.insert(tenant.clone(), (is, now.steady));
                now.steady
            }
        };
        age.max(now.since(since))
    }

    /// Opens and reads the document, once it has come to rest.
    pub(super) fn read(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
    ) -> Result<Reading, DocumentError> {
        let was_swept = self.sweep(tenant);
        let path = self.document(tenant);
        let mut restless_since = self.files.now().steady;
        let mut waiting = None;
        let mut known_file = known.and_then(FileVersion::of).map(|known| known.file);
        while self.files.now().since(restless_since) < PATIENCE {
            // Before the document, so that it is as new as the journal at least.
            let last_write = self.last_write(tenant);
            let file = match self.files.open(&path) {
                Ok(file) => file,
                Err(error) if is_no_way(&error) => {
                    match self.without_document(tenant, &path, None) {
                        Some(answer) => return answer,
                        None => continue,
                    }
                }
                Err(source) => return Err(cannot("open", &path, source)),
            };
            let identity = self.demand_readable(&file, &path)?;
            // Held while the file is read: who opens it meanwhile waits.
            let hold = self.hold(&file, &path);
            let whole = !matches!(hold, Hold::OpenElsewhere);
            if !whole {
                match self.then(tenant, known, &identity, last_write, &mut waiting) {
                    NextStep::ServeKnown => return Ok(Reading::Unchanged),
                    NextStep::Wait => {
                        self.files.pause(PAUSE);
                        restless_since = self.files.now().steady;
                        continue;
                    }
                    NextStep::TakeIt => {}
                }
            }
            let now = self.files.now();
            let settled = identity.is_settled(now);
            // Another file in the place of the one known came whole; one that is written in place
            // may be half of what is meant.
            let came_whole = known_file.is_some_and(|known| !known.is_same_file(&identity));
            known_file = Some(identity);
            if whole && !identity.is_at_rest(now) && !came_whole && identity.size > 0 {
                drop(hold);
                self.files.pause(GRAIN.saturating_sub(identity.age(now)));
                continue;
            }
            let bytes = self
                .files
                .read(&file, identity.size + 1)
                .map_err(|source| cannot("read", &path, source))?;
            let after = self.demand_readable(&file, &path)?;
            drop(hold);
            if after.is_same_but_renamed(&identity) || identity.is_same_but_renamed(&after) {
                if bytes.len() as u64 != identity.size {
                    continue;
                }
                self.editors.end_reading(tenant);
                if came_whole || (known.is_none() && was_swept) {
                    // Whoever put it there may end before somebody who wrote to the old one does.
                    self.look_for_displaced(tenant);
                }
                let age = after.age(self.files.now());
                let unchanged_for = if is_blank(&bytes) {
                    self.emptied_for(tenant, Some(after), age)
                } else {
                    self.emptied.pin().remove(tenant);
                    age
                };
                let is_settled = settled && after == identity;
                let version = FileVersion { file: after, is_settled, is_whole: whole, last_write };
                let version = Version::of(version);
                let bytes = Bytes::from(bytes);
                return Ok(Reading::Found(StoredDocument { bytes, version, unchanged_for }));
            }
        }
        Err(DocumentError::Restless { location: path.display().to_string() })
    }

    /// The state of an open file, if it can be a document.
    fn demand_readable(&self, file: &File, path: &Path) -> Result<FileState, DocumentError> {
        let metadata =
            self.files.stat_open(file).map_err(|source| cannot("look at", path, source))?;
        if !metadata.is_file() {
            let source = io::Error::other("it is not a regular file");
            return Err(cannot("read", path, source));
        }
        if metadata.mode() & 0o444 == 0 {
            // Root could read it all the same; whoever took every right away meant everybody.
            let told = "nobody has the right to read it (its mode says so)";
            let source = io::Error::new(ErrorKind::PermissionDenied, told);
            return Err(cannot("read", path, source));
        }
        let identity = FileState::of(&metadata);
        if identity.size > self.limit {
            let location = path.display().to_string();
            let (size, limit) = (identity.size, self.limit);
            return Err(DocumentError::TooLarge { location, size, limit });
        }
        Ok(identity)
    }
}
