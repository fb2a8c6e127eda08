//! The last acknowledged write of each tenant, noted beside its lock for all processes.
//!
//! Where a document cannot be parsed, a process goes on with the last good one that it knows; but not
//! with one that is older than what any process acknowledged. So each write leaves its number and the
//! SHA-256 of its document, before the document takes its place and, as done, after that. Who reads a
//! document reads the note first: a document is as new as a note that says done, at least.
//!
//! It need not outlast a power cut, which no process outlasts that knows an older document. It is a new
//! file in the place of the one before it, so that whoever may make files there can replace another user's;
//! and it is exchanged with that one, since ext4 sends a file to the disk that is renamed over another,
//! which took a lone writer half of its time.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::Folder;
use super::errors::refused;
use super::file_names::OWN_FOLDER;
use super::file_system::is_unsupported;
use super::file_version::{FileVersion, LastWrite};
use crate::domain::TenantId;
use crate::storage::document_store::{StoredDocument, WriteError};

/// More bytes than a note has.
const MOST: u64 = 256;
/// The number of a tenant's first write.
const FIRST: u64 = 2;

/// An entry: one for each tenant, replaced by each write.
#[derive(Debug, PartialEq, Eq)]
struct JournalEntry {
    /// Counts the writes, from [`FIRST`] on.
    number: u64,
    digest: String,
    is_done: bool,
}

impl JournalEntry {
    fn of(number: u64, bytes: &[u8], is_done: bool) -> Self {
        let mut digest = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            // Writing to a String cannot fail.
            let _ = write!(digest, "{byte:02x}");
        }
        Self { number, digest, is_done }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
        let mut words = text.split(' ');
        let (state, number, digest) = (words.next()?, words.next()?, words.next()?);
        let is_done = state == "written";
        let is_whole = (is_done || state == "writing") && digest.len() == 64;
        let number = number.parse().ok().filter(|number| *number >= FIRST && is_whole)?;
        Some(Self { number, digest: digest.to_owned(), is_done })
    }

    fn to_text(&self) -> String {
        let state = if self.is_done { "written" } else { "writing" };
        format!("{state} {} {}\n", self.number, self.digest)
    }

    fn last_write(&self) -> LastWrite {
        if self.is_done { LastWrite::Number(self.number) } else { LastWrite::Unknown }
    }
}

/// A write whose note was left.
pub(super) struct JournaledWrite {
    before: Vec<u8>,
    entry: JournalEntry,
}

impl Folder {
    /// Leaves a note of what is about to be written, under the lock. None where another user's note or
    /// folder is in the way: who may take the lock may change keys.
    pub(super) fn journal_begin(
        &self,
        tenant: &TenantId,
        bytes: &[u8],
    ) -> Result<Option<JournaledWrite>, WriteError> {
        let begin = || {
            let before = self.read_entry(tenant)?;
            let last = JournalEntry::parse(&before);
            let number = last.map_or(FIRST, |last| last.number.saturating_add(1));
            let entry = JournalEntry::of(number, bytes, false);
            self.leave_entry(tenant, entry.to_text().as_bytes())?;
            Ok::<_, io::Error>(JournaledWrite { before, entry })
        };
        match begin() {
            Ok(journaled) => Ok(Some(journaled)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                tracing::warn!(tenant.id = %tenant, %error, "the journal cannot be written; other processes do not learn of a change");
                Ok(None)
            }
            Err(source) => Err(refused("write the journal", &self.journal(tenant), source)),
        }
    }

    /// It was written. Gives what a document that is read from now on says of it.
    pub(super) fn journal_commit(
        &self,
        tenant: &TenantId,
        journaled: Option<JournaledWrite>,
    ) -> LastWrite {
        let entry = journaled.map(|journaled| JournalEntry { is_done: true, ..journaled.entry });
        // Where it cannot be left, the one before it tells what was written all the same.
        let left = entry.filter(|it| self.leave_entry(tenant, it.to_text().as_bytes()).is_ok());
        left.map_or(LastWrite::Unknown, |entry| entry.last_write())
    }

    /// It was not written.
    pub(super) fn journal_abort(&self, tenant: &TenantId, journaled: Option<&JournaledWrite>) {
        // Where it stays, a document that cannot be parsed is not served on: no harm.
        let _ = journaled.map(|journaled| self.leave_entry(tenant, &journaled.before));
    }

    /// The last write, for the version of a document that is read from now on.
    pub(super) fn last_write(&self, tenant: &TenantId) -> LastWrite {
        match self.read_entry(tenant) {
            Ok(text) if text.is_empty() => LastWrite::None,
            Ok(text) => JournalEntry::parse(&text).map_or(LastWrite::Unknown, |it| it.last_write()),
            Err(_) => LastWrite::Unknown,
        }
    }

    /// Whether nothing was acknowledged since a document was read.
    pub(super) fn is_last_acknowledged(&self, tenant: &TenantId, good: &StoredDocument) -> bool {
        let then = FileVersion::of(&good.version).map_or(LastWrite::Unknown, |it| it.last_write);
        match self.read_entry(tenant) {
            Ok(text) if text.is_empty() => then == LastWrite::None,
            Ok(text) => JournalEntry::parse(&text).is_some_and(|entry| {
                then == LastWrite::Number(entry.number) && entry.is_done
                    || entry.digest == JournalEntry::of(entry.number, &good.bytes, true).digest
            }),
            Err(_) => false,
        }
    }

    /// Nothing where there is none.
    fn read_entry(&self, tenant: &TenantId) -> io::Result<Vec<u8>> {
        match self.files.open(&self.journal(tenant)) {
            Ok(file) => self.files.read(&file, MOST),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn leave_entry(&self, tenant: &TenantId, bytes: &[u8]) -> io::Result<()> {
        let path = self.journal(tenant);
        let staged = path.with_extension("note-new");
        // One that is there is of a process that came to a sudden end.
        let made = self.files.create(&staged).or_else(|error| {
            if error.kind() != ErrorKind::AlreadyExists {
                return Err(error);
            }
            self.files.remove(&staged)?;
            self.files.create(&staged)
        })?;
        self.files.write(&made, bytes)?;
        match self.files.exchange(&staged, &path) {
            Ok(()) => self.files.remove(&staged),
            // The first one, or a file system without exchanges.
            Err(error) if error.kind() == ErrorKind::NotFound || is_unsupported(&error) => {
                self.files.rename(&staged, &path)
            }
            Err(error) => Err(error),
        }
    }

    fn journal(&self, tenant: &TenantId) -> PathBuf {
        self.root.join(OWN_FOLDER).join(format!("{tenant}.note"))
    }
}

#[cfg(test)]
mod tests {
    use super::JournalEntry;

    #[test]
    fn a_note_is_read_as_it_was_written_or_not_at_all() {
        for is_done in [true, false] {
            let note = JournalEntry::of(7, b"apiKeys: []\n", is_done);
            let text = note.to_text();
            assert_eq!(JournalEntry::parse(text.as_bytes()), Some(note));
            for torn in 0..text.len() {
                assert_eq!(
                    JournalEntry::parse(&text.as_bytes()[..torn]),
                    None,
                    "{torn} bytes of {text}"
                );
            }
        }
        assert_eq!(JournalEntry::parse(b"written 1 0\n"), None);
    }
}
