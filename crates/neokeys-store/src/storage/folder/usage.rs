//! Records of usage: `DIR/.neokeys/usage/<tenantId>`.
//!
//! A record is replaced by who holds the tenant's lock, so nobody comes in between. It is synced before
//! it takes its place: after a power cut, the old record is there or the new one, whole.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Folder;
use super::errors::{cannot, refused};
use super::file_names::OWN_FOLDER;
use super::file_system::{FileState, is_no_way};
use crate::storage::document_store::{DocumentError, UsageName, Version, WriteError};

/// More bytes than a record has that can be read.
const MOST: u64 = 256 << 20;

impl Folder {
    pub(super) fn read_usage(
        &self,
        name: &UsageName,
    ) -> Result<Option<(Bytes, Version)>, DocumentError> {
        let path = self.usage(name);
        let read = || {
            let file = self.files.open(&path)?;
            let version = Version::of(FileState::of(&self.files.stat_open(&file)?));
            Ok((Bytes::from(self.files.read(&file, MOST)?), version))
        };
        match read() {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_no_way(&error) => Ok(None),
            Err(source) => Err(cannot("read", &path, source)),
        }
    }

    pub(super) fn write_usage(
        &self,
        name: &UsageName,
        expected: &Version,
        bytes: &[u8],
    ) -> Result<(), WriteError> {
        let path = self.usage(name);
        let there = match self.files.stat(&path) {
            Ok(metadata) => Version::of(FileState::of(&metadata)),
            Err(error) if is_no_way(&error) => Version::ABSENT,
            Err(source) => return Err(refused("look at", &path, source)),
        };
        if there != *expected {
            return Err(WriteError::Conflict);
        }
        let staged = path.with_extension("new");
        let written =
            self.write_staged(&staged, bytes).and_then(|()| self.files.rename(&staged, &path));
        written.map_err(|source| {
            // What stays is in the way of nobody: the next one begins by removing it.
            let _ = self.files.remove(&staged);
            refused("write", &path, source)
        })
    }

    /// A file of these bytes, on disk; in the place of what a process left that was killed.
    fn write_staged(&self, staged: &Path, bytes: &[u8]) -> io::Result<()> {
        let made = self.files.create(staged).or_else(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                self.files.remove(staged)?;
            } else if error.kind() == ErrorKind::NotFound {
                self.make_usage_folder()?;
            } else {
                return Err(error);
            }
            self.files.create(staged)
        })?;
        self.files.write(&made, bytes)?;
        self.files.sync(&made)
    }

    fn make_usage_folder(&self) -> io::Result<()> {
        let own = self.root.join(OWN_FOLDER);
        self.make_own_folder(&own)?;
        let made = self.files.create_folder(&own.join("usage"));
        let is_there = |error: &io::Error| error.kind() == ErrorKind::AlreadyExists;
        made.or_else(|error| if is_there(&error) { Ok(()) } else { Err(error) })
    }

    pub(super) fn usage(&self, name: &UsageName) -> PathBuf {
        self.root.join(OWN_FOLDER).join("usage").join(name.as_str())
    }
}
