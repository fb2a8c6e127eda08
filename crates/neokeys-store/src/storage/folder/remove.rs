//! Taking a tenant's folder away.
//!
//! The folder is moved under our own first, in one step: from then on there is no such tenant, and
//! what is in the folder can be looked at once more. If it is not what was expected, it goes back.

use std::path::Path;

use super::Folder;
use super::errors::cannot;
use super::file_names::{DOCUMENT, OWN_FOLDER};
use super::file_system::is_no_way;
use super::lock::Held;
use crate::domain::TenantId;
use crate::storage::document_store::{
    DocumentError, Reading, StoredDocument, UsageName, WriteError,
};

/// Names that are tried for a folder that was moved.
const NAMES: usize = 1000;

impl Folder {
    /// Takes a tenant away that has this document and nothing else; by who has the turn, if somebody has.
    pub(super) fn remove(
        &self,
        turn: Option<&Held>,
        tenant: &TenantId,
        expected: &StoredDocument,
    ) -> Result<(), WriteError> {
        let folder = self.folder(tenant);
        match self.files.stat_link(&folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(metadata) if metadata.is_symlink() => {
                let reason = "is in a folder that is a symlink; take it away by hand";
                return Err(self.not_removable(tenant, reason));
            }
            Ok(_) => return Err(WriteError::NoSuchTenant),
            Err(error) if is_no_way(&error) => return Err(WriteError::NoSuchTenant),
            Err(source) => return Err(WriteError::Refused(cannot("look at", &folder, source))),
        }
        let found = match self.read(tenant, None).map_err(WriteError::Refused)? {
            Reading::Found(found) => found,
            Reading::NoSuchTenant => return Err(WriteError::NoSuchTenant),
            // Nothing was known, so nothing can be found to be so still.
            Reading::Unchanged | Reading::Confirmed(_) | Reading::BeingAcknowledged => {
                return Err(WriteError::Conflict);
            }
        };
        let is_there = |document: &StoredDocument| !document.version.is_absent();
        if found.bytes != expected.bytes || is_there(&found) != is_there(expected) {
            return Err(WriteError::Conflict);
        }
        self.demand_alone(tenant, &folder)?;
        let _lock = match turn {
            Some(_) => None,
            None => Some(self.lock(tenant).map_err(WriteError::Refused)?),
        };
        let moved = self.move_away(tenant, &folder)?;
        let document = moved.join(DOCUMENT);
        let is_same = match self.files.open(&document) {
            Ok(file) => self.files.holds(&file, &expected.bytes).unwrap_or(false),
            Err(error) => is_no_way(&error) && !is_there(expected),
        };
        if !is_same || self.demand_alone(tenant, &moved).is_err() {
            let back = self.files.rename_new(&moved, &folder);
            let failed = |source| WriteError::Uncertain(cannot("move back", &moved, source));
            return Err(back.map_or_else(failed, |()| WriteError::Conflict));
        }
        let synced = self.files.sync_folder(&self.root);
        synced.map_err(|source| WriteError::Uncertain(cannot("sync", &self.root, source)))?;
        if is_there(expected) {
            self.tell_left(&document, self.files.remove(&document));
        }
        self.tell_left(&moved, std::fs::remove_dir(&moved));
        // Where it stays, it is of no token of a tenant that is made anew.
        let _ = self.files.remove(&self.usage(&UsageName::of(tenant)));
        Ok(())
    }

    fn not_removable(&self, tenant: &TenantId, reason: &'static str) -> WriteError {
        let location = self.document(tenant).display().to_string();
        WriteError::Refused(DocumentError::NotReplaceable { location, reason })
    }

    /// Refuses to take away what is not ours to judge.
    fn demand_alone(&self, tenant: &TenantId, folder: &Path) -> Result<(), WriteError> {
        let names = self.files.list(folder);
        let names = names.map_err(|source| WriteError::Refused(cannot("list", folder, source)))?;
        if names.iter().all(|name| name == DOCUMENT) {
            return Ok(());
        }
        let reason = "has other files beside it; move them away, or take the folder away by hand";
        Err(self.not_removable(tenant, reason))
    }

    fn move_away(
        &self,
        tenant: &TenantId,
        folder: &Path,
    ) -> Result<std::path::PathBuf, WriteError> {
        let mut last = None;
        for number in 0..NAMES {
            let moved = self.root.join(OWN_FOLDER).join(format!("removed-{tenant}-{number}"));
            match self.files.rename_new(folder, &moved) {
                Ok(()) => return Ok(moved),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    last = Some(error);
                }
                Err(source) => {
                    return Err(WriteError::Refused(cannot("move away", folder, source)));
                }
            }
        }
        let source = last.unwrap_or_else(|| std::io::ErrorKind::AlreadyExists.into());
        Err(WriteError::Refused(cannot("move away", folder, source)))
    }

    /// Logs what is left of a tenant that is gone: it takes room and does nothing else.
    fn tell_left(&self, path: &Path, removed: std::io::Result<()>) {
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "leftovers of a removed tenant could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::domain::TenantId;
    use crate::storage::document_store::{DocumentStore as _, Reading, WriteError};
    use crate::storage::folder::FolderStore;

    #[tokio::test]
    async fn a_folder_with_more_than_a_document_stays_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let store = FolderStore::new(place.path(), 1 << 20);
        let id = TenantId::parse("t").unwrap();
        store.create_tenant(&id).await.unwrap();
        let Reading::Found(absent) = store.read(&id, None).await.unwrap() else { panic!() };
        store.write(&id, &absent, Bytes::from_static(b"one")).await.unwrap();
        let Reading::Found(one) = store.read(&id, None).await.unwrap() else { panic!() };
        for other in ["notes", "security.yml.conflict-1"] {
            let path = place.path().join("t").join(other);
            std::fs::create_dir(&path).unwrap();
            let removed = store.remove_tenant(&id, &one).await;
            assert!(matches!(removed, Err(WriteError::Refused(_))), "{other}: {removed:?}");
            assert!(path.exists() && place.path().join("t/security.yml").exists());
            std::fs::remove_dir(path).unwrap();
        }
        store.remove_tenant(&id, &one).await.unwrap();
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        let own = std::fs::read_dir(place.path().join(".neokeys")).unwrap();
        let names: Vec<_> = own.map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| !name.to_string_lossy().contains("removed")), "{names:?}");
        let link = place.path().join("linked");
        std::os::unix::fs::symlink(place.path().join(".neokeys"), link).unwrap();
        let removed = store.remove_tenant(&TenantId::parse("linked").unwrap(), &absent).await;
        assert!(matches!(removed, Err(WriteError::Refused(_))), "{removed:?}");
    }
}
