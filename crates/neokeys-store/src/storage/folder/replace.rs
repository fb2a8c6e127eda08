//! The replacement of a document: staged beside it, synced, exchanged with it.
//!
//! Nobody has the document open for writing while it is exchanged, or whoever has it open does
//! nothing; what they write to it yet is brought over.
//!
//! Invariants: at every moment the document's name names the old file or the new one, whole; a file
//! that is not the one expected is put back untouched; when a write is acknowledged, file and folder
//! are synced; a lease is held for the last look and the exchange alone.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::editors::Hold;
use super::errors::{refused, uncertain};
use super::file_system::{FileState, is_no_way, is_unsupported};
use super::file_version::FileVersion;
use super::late_edits::Displaced;
use super::lock::Held;
use super::staged_file::StagedFile;
use super::{Folder, Written};
use crate::domain::TenantId;
use crate::storage::document_store::{
    DocumentError, LogEntry, StoredDocument, Version, WriteError,
};

/// The purpose of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A write, which counts once it is acknowledged.
    Write,
    /// A write that waited. Nothing is written, so that the right of who asked is judged again.
    Waited,
    /// An edit by hand that went to a displaced file, which counts at once.
    BringOver,
}

/// Why a document was not replaced.
pub(super) enum NotReplaced {
    /// Somebody is writing to it. Nothing was done.
    BeingEdited,
    /// It is another than expected, or something failed.
    Failed(WriteError),
}

impl From<WriteError> for NotReplaced {
    fn from(error: WriteError) -> Self {
        Self::Failed(error)
    }
}

impl Folder {
    /// Puts `bytes` in the place of the document that is `expected`, under the tenant's lock.
    pub(super) fn write(
        &self,
        tenant: &TenantId,
        expected: &StoredDocument,
        bytes: &Bytes,
    ) -> Result<Version, WriteError> {
        let held = Held::new(self.lock(tenant).map_err(WriteError::Refused)?);
        self.write_locked(&held, tenant, expected, bytes, None)
    }

    /// The same, by who holds the lock.
    pub(super) fn write_locked(
        &self,
        held: &Held,
        tenant: &TenantId,
        expected: &StoredDocument,
        bytes: &Bytes,
        entry: Option<&LogEntry>,
    ) -> Result<Version, WriteError> {
        if bytes.len() as u64 > self.limit {
            let location = self.document(tenant).display().to_string();
            let (size, limit) = (bytes.len() as u64, self.limit);
            return Err(WriteError::Refused(DocumentError::TooLarge { location, size, limit }));
        }
        self.sweep_locked(tenant);
        let began = self.files.now().steady;
        let mut purpose = Purpose::Write;
        loop {
            let target = self.target(tenant)?;
            let current = match self.files.open(&target) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(source) => return Err(refused("open", &target, source)),
            };
            let journaled = self.journal_begin(tenant, bytes)?;
            let new = (&bytes[..], entry);
            let outcome = match current {
                Some(file) => self.replace(tenant, expected, new, &target, file, purpose),
                None => self.create(tenant, expected, new, &target).map_err(NotReplaced::from),
            };
            if let Err(NotReplaced::BeingEdited | NotReplaced::Failed(WriteError::Conflict)) =
                outcome
            {
                self.take_out_of_log(tenant, entry);
            }
            match outcome {
                Ok(file) => {
                    self.emptied.pin().remove(tenant);
                    let last_write = self.journal_commit(tenant, journaled);
                    if let Some(entry) = entry {
                        self.replace_head(tenant, entry);
                    }
                    return Ok(FileVersion::written(file, last_write));
                }
                Err(NotReplaced::Failed(error)) => {
                    if !matches!(error, WriteError::Uncertain(_)) {
                        self.journal_abort(tenant, journaled.as_ref());
                    }
                    return Err(error);
                }
                // Others need not wait for the lock meanwhile.
                Err(NotReplaced::BeingEdited) => {
                    self.journal_abort(tenant, journaled.as_ref());
                    held.release();
                }
            }
            self.wait_for_editor(began, &target).map_err(WriteError::Refused)?;
            held.take_again(|| self.lock(tenant)).map_err(WriteError::Refused)?;
            purpose = Purpose::Waited;
        }
    }

    /// The file that is replaced: where a symlink is in the way, what it names.
    pub(super) fn target(&self, tenant: &TenantId) -> Result<PathBuf, WriteError> {
        let path = self.document(tenant);
        match self.files.stat_link(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                path.canonicalize().map_err(|source| refused("follow the symlink", &path, source))
            }
            Ok(_) => Ok(path),
            Err(error) if is_no_way(&error) => match self.files.stat(&self.folder(tenant)) {
                Ok(metadata) if metadata.is_dir() => Ok(path),
                Ok(_) => Err(WriteError::NoSuchTenant),
                Err(error) if is_no_way(&error) => Err(WriteError::NoSuchTenant),
                Err(source) => Err(refused("look at", &self.folder(tenant), source)),
            },
            Err(source) => Err(refused("look at", &path, source)),
        }
    }

    fn create(
        &self,
        tenant: &TenantId,
        expected: &StoredDocument,
        (bytes, entry): (&[u8], Option<&LogEntry>),
        target: &Path,
    ) -> Result<FileState, WriteError> {
        if !expected.version.is_absent() {
            return Err(WriteError::Conflict);
        }
        let mut staged = self.stage_recorded(tenant, target, bytes, None, entry)?;
        self.announce(tenant, expected, staged.identity_before()?);
        if let Err(error) = self.files.rename_new(&staged.path, target) {
            return Err(if error.kind() == ErrorKind::AlreadyExists {
                WriteError::Conflict
            } else {
                refused("name", target, error)
            });
        }
        staged.is_there = false;
        self.sync_folder_of(target)?;
        // The tenant's own folder may be as new as its document.
        self.files
            .sync_folder(&self.root)
            .map_err(|source| uncertain("sync", &self.root, source))?;
        let after = staged.identity_after()?;
        self.announce(tenant, expected, after);
        Ok(after)
    }

    /// Replaces the file that is open as `current`, if it is what is expected. Under the lock.
    pub(super) fn replace(
        &self,
        tenant: &TenantId,
        expected: &StoredDocument,
        (bytes, entry): (&[u8], Option<&LogEntry>),
        target: &Path,
        current: File,
        purpose: Purpose,
    ) -> Result<FileState, NotReplaced> {
        let metadata =
            self.files.stat_open(&current).map_err(|source| refused("look at", target, source))?;
        demand_replaceable(target, &metadata).map_err(WriteError::Refused)?;
        let before = FileState::of(&metadata);
        // Who is writing comes first. What is to be written takes a while, so nobody is kept waiting
        // until it is there.
        let is_open = matches!(self.hold(&current, target), Hold::OpenElsewhere);
        if is_open && !self.may_be_taken(tenant, expected, &current, before) {
            return Err(NotReplaced::BeingEdited);
        }
        // What slips in from here on is seen in what comes out of the exchange.
        let is_known = FileVersion::of(&expected.version).is_some_and(|it| it.file == before);
        let is_same = is_known
            || self.holds(&current, expected).map_err(|source| refused("read", target, source))?;
        if !is_same || purpose == Purpose::Waited {
            return Err(WriteError::Conflict.into());
        }
        let like = Some((&current, &metadata));
        let mut staged = self.stage_recorded(tenant, target, bytes, like, entry)?;
        let hold = self.hold(&current, target);
        if !is_open && matches!(hold, Hold::OpenElsewhere) {
            return Err(NotReplaced::BeingEdited);
        }
        if let Hold::Held(lease) = &hold {
            // Nobody writes: what it holds now is what comes out.
            if !self.holds(&current, expected).map_err(|source| refused("read", target, source))? {
                return Err(WriteError::Conflict.into());
            }
            if lease.is_breaking().unwrap_or(true) {
                return Err(NotReplaced::BeingEdited);
            }
        }
        if purpose == Purpose::Write {
            self.announce(tenant, expected, staged.identity_before()?);
        }
        match self.files.exchange(&staged.path, target) {
            Ok(()) => {
                let was_held =
                    matches!(&hold, Hold::Held(lease) if lease.is_breaking().is_ok_and(|is| !is));
                let expected = (!was_held).then_some(expected);
                self.look_at_what_came_out(tenant, &mut staged, target, &current, expected)?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(WriteError::Conflict.into());
            }
            Err(error) if is_unsupported(&error) => {
                self.rename_over(&staged, target, &current, expected)?;
                staged.is_there = false;
            }
            Err(source) => return Err(not_put("exchange", target, source).into()),
        }
        // Who waits for the lease writes to what came out from here on.
        let is_written_to = match &hold {
            Hold::Held(lease) => lease.is_breaking().unwrap_or(true),
            Hold::OpenElsewhere => true,
            Hold::NoLeases => false,
        };
        drop(hold);
        self.editors.end_writing(tenant);
        self.sync_folder_of(target)?;
        let after = staged.identity_after()?;
        if purpose == Purpose::Write {
            self.announce(tenant, expected, after);
        }
        let name = if is_written_to { staged.keep_displaced(&current, &before) } else { None };
        drop(staged);
        // The exchange and the removal of its name changed the displaced file's ctime. A change of
        // its contents since it was compared shows in the rest.
        let now = self.files.stat_open(&current).map(|metadata| FileState::of(&metadata));
        let seen = now.ok().filter(|now| now.size_and_time() == before.size_and_time());
        let held = Some(expected.bytes.clone());
        let displaced =
            Displaced::new(current, target, held, seen.unwrap_or(before), name, self.files.now());
        self.watch_displaced(tenant, displaced);
        Ok(after)
    }

    /// Whether a document that somebody has open is to be replaced all the same. One that ends in
    /// the middle of a line is so only where nobody has written to it since it was read.
    fn may_be_taken(
        &self,
        tenant: &TenantId,
        expected: &StoredDocument,
        current: &File,
        found: FileState,
    ) -> bool {
        self.stands_still(tenant, found, || {
            let read_whole = FileVersion::of(&expected.version)
                .is_some_and(|known| known.is_whole && known.file == found);
            let ends_a_line = |bytes: Vec<u8>| bytes.is_empty() || bytes.ends_with(b"\n");
            !read_whole && !self.files.read(current, self.limit).is_ok_and(ends_a_line)
        })
    }

    /// After an exchange, the staged name names what was the document. If that is not what the new
    /// bytes were made from, someone wrote in between: theirs goes back to its place. Where nobody can
    /// have written to it, nothing is `expected` of its contents.
    fn look_at_what_came_out(
        &self,
        tenant: &TenantId,
        staged: &mut StagedFile<'_>,
        target: &Path,
        current: &File,
        expected: Option<&StoredDocument>,
    ) -> Result<(), WriteError> {
        let is_expected = || expected.map_or(Ok(true), |expected| self.holds(current, expected));
        let looked = self
            .came_out(&staged.path, current)
            .and_then(|came_out| Ok(came_out && is_expected()?));
        if let Ok(true) = looked {
            return Ok(());
        }
        let put_back = || {
            self.files.exchange(&staged.path, target)?;
            let came_out = self.came_out(&staged.path, &staged.file)?;
            if !came_out {
                // Someone replaced the new document meanwhile: what is newest stays.
                self.files.exchange(&staged.path, target)?;
            }
            Ok(came_out)
        };
        let is_ours = put_back().unwrap_or_else(|error: io::Error| {
            tracing::error!(document = %target.display(), %error, "an edit by hand could not be put back");
            false
        });
        if !is_ours {
            // It may be someone's edit: the next touch of the tenant brings it to safety.
            staged.is_there = false;
            self.swept.pin().remove(tenant);
        }
        self.sync_folder_of(target)?;
        match looked {
            Ok(_) if is_ours => Err(WriteError::Conflict),
            Ok(_) => {
                let source = io::Error::other("it kept changing hands");
                Err(uncertain("exchange", target, source))
            }
            Err(source) => Err(uncertain("look at", target, source)),
        }
    }

    /// Whether a name names an open file.
    fn came_out(&self, path: &Path, file: &File) -> io::Result<bool> {
        let named = FileState::of(&self.files.stat_link(path)?);
        Ok(named.is_same_file(&FileState::of(&self.files.stat_open(file)?)))
    }

    /// Where the file system has no exchange: one last look, then a rename.
    fn rename_over(
        &self,
        staged: &StagedFile<'_>,
        target: &Path,
        current: &File,
        expected: &StoredDocument,
    ) -> Result<(), WriteError> {
        let is_current = self
            .came_out(target, current)
            .and_then(|is_current| Ok(is_current && self.holds(current, expected)?))
            .map_err(|source| refused("look at", target, source))?;
        if !is_current {
            return Err(WriteError::Conflict);
        }
        self.files
            .rename(&staged.path, target)
            .map_err(|source| not_put("rename a file to", target, source))
    }

    fn holds(&self, file: &File, expected: &StoredDocument) -> io::Result<bool> {
        Ok(!expected.version.is_absent() && self.files.holds(file, &expected.bytes)?)
    }

    /// From here on, the new file in the document's place is no surprise.
    fn announce(&self, tenant: &TenantId, expected: &StoredDocument, after: FileState) {
        let written = Written { before: expected.version.clone(), after };
        self.written.pin().insert(tenant.clone(), written);
    }

    fn sync_folder_of(&self, target: &Path) -> Result<(), WriteError> {
        let folder = target.parent().unwrap_or(&self.root);
        self.files.sync_folder(folder).map_err(|source| uncertain("sync", folder, source))
    }
}

/// Whether a replacement would take something away from someone.
fn demand_replaceable(target: &Path, metadata: &Metadata) -> Result<(), DocumentError> {
    let refuse = |reason| {
        Err(DocumentError::NotReplaceable { location: target.display().to_string(), reason })
    };
    if !metadata.is_file() {
        refuse("is not a regular file")
    } else if metadata.mode() & 0o222 == 0 {
        refuse("is read-only; give it write permission to let neokeys change keys")
    } else if metadata.nlink() > 1 {
        refuse(
            "has another hard link, which a change would part from it; keep one name, or use a symlink",
        )
    } else {
        Ok(())
    }
}

/// Nothing can take the place of what is mounted there.
fn not_put(action: &'static str, target: &Path, source: io::Error) -> WriteError {
    if source.kind() != ErrorKind::ResourceBusy {
        return refused(action, target, source);
    }
    WriteError::Refused(DocumentError::NotReplaceable {
        location: target.display().to_string(),
        reason: "is mounted by itself, as a single file into a container is, and cannot be replaced; \
                 mount the folder that it is in",
    })
}
