//! What was acknowledged last of a tenant, remembered beside its lock so that every process knows.
//!
//! Where a document cannot be parsed, a process goes on with the last good one that it knows; but not
//! with one that is older than what any process acknowledged. So each write leaves its number and the
//! SHA-256 of its document, before the document takes its place and, as done, after that. Who reads a
//! document reads the note first: a document is as new as a note that says done, at least.
//!
//! It need not outlast a power cut, which no process outlasts that knows an older document. It is
//! renamed into its place, so that whoever may make files there can replace another user's.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::Folder;
use super::errors::refused;
use super::file_names::OWN_FOLDER;
use crate::domain::TenantId;
use crate::storage::document_store::{StoredDocument, Version, WriteError};

/// More bytes than a note has.
const MOST: u64 = 256;
/// The number of a version that holds which note there was.
const MARK: usize = 7;
/// A write was under way, or the note could not be read.
const UNKNOWN: u64 = 0;
/// There was none.
const NONE: u64 = 1;

/// What a note says.
#[derive(Debug, PartialEq, Eq)]
struct JournalEntry {
    /// Counts the writes, from 2 on.
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
        let number = number.parse().ok().filter(|number| *number > NONE && is_whole)?;
        Some(Self { number, digest: digest.to_owned(), is_done })
    }

    fn to_text(&self) -> String {
        let state = if self.is_done { "written" } else { "writing" };
        format!("{state} {} {}\n", self.number, self.digest)
    }

    fn mark(&self) -> u64 {
        if self.is_done { self.number } else { UNKNOWN }
    }
}

/// A write whose note was left.
pub(super) struct JournaledWrite {
    before: Vec<u8>,
    note: JournalEntry,
}

impl Folder {
    /// Leaves a note of what is about to be written, under the lock. None where another user's note or
    /// folder is in the way: who may take the lock may change keys.
    pub(super) fn journal_begin(
        &self,
        tenant: &TenantId,
        bytes: &[u8],
    ) -> Result<Option<JournaledWrite>, WriteError> {
        let announce = || {
            let before = self.read_note(tenant)?;
            let number =
                JournalEntry::parse(&before).map_or(NONE, |note| note.number).saturating_add(1);
            let note = JournalEntry::of(number, bytes, false);
            self.leave_note(tenant, note.to_text().as_bytes())?;
            Ok::<_, io::Error>(JournaledWrite { before, note })
        };
        match announce() {
            Ok(announced) => Ok(Some(announced)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                tracing::warn!(tenant.id = %tenant, %error, "other processes are not told of a change");
                Ok(None)
            }
            Err(source) => Err(refused("leave the note", &self.note(tenant), source)),
        }
    }

    /// It was written. Gives the version that says so too.
    pub(super) fn journal_commit(
        &self,
        tenant: &TenantId,
        announced: Option<JournaledWrite>,
        version: Version,
    ) -> Version {
        let noted = announced.and_then(|announced| {
            let note = JournalEntry { is_done: true, ..announced.note };
            // Without it, the note tells what was written all the same.
            self.leave_note(tenant, note.to_text().as_bytes()).ok().map(|()| note.mark())
        });
        marked(version, noted.unwrap_or(UNKNOWN))
    }

    /// It was not written.
    pub(super) fn journal_abort(&self, tenant: &TenantId, announced: Option<&JournaledWrite>) {
        // Where it stays, a document that cannot be parsed is not served on: no harm.
        let _ = announced.map(|announced| self.leave_note(tenant, &announced.before));
    }

    /// Which note there is, for the version of a document that is read from now on.
    pub(super) fn mark(&self, tenant: &TenantId) -> u64 {
        match self.read_note(tenant) {
            Ok(text) if text.is_empty() => NONE,
            Ok(text) => JournalEntry::parse(&text).map_or(UNKNOWN, |note| note.mark()),
            Err(_) => UNKNOWN,
        }
    }

    /// Whether nothing was acknowledged since a document was read.
    pub(super) fn is_last_acknowledged(&self, tenant: &TenantId, good: &StoredDocument) -> bool {
        let mark = good.version.numbers()[MARK];
        match self.read_note(tenant) {
            Ok(text) if text.is_empty() => mark == NONE,
            Ok(text) => JournalEntry::parse(&text).is_some_and(|note| {
                (mark != UNKNOWN && note.mark() == mark)
                    || note.digest == JournalEntry::of(note.number, &good.bytes, true).digest
            }),
            Err(_) => false,
        }
    }

    /// Nothing where there is none.
    fn read_note(&self, tenant: &TenantId) -> io::Result<Vec<u8>> {
        match self.files.open(&self.note(tenant)) {
            Ok(file) => self.files.read(&file, MOST),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn leave_note(&self, tenant: &TenantId, bytes: &[u8]) -> io::Result<()> {
        let path = self.note(tenant);
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
        self.files.rename(&staged, &path)
    }

    fn note(&self, tenant: &TenantId) -> PathBuf {
        self.root.join(OWN_FOLDER).join(format!("{tenant}.note"))
    }
}

/// A version that tells which note there was.
pub(super) fn marked(version: Version, mark: u64) -> Version {
    let mut numbers = *version.numbers();
    numbers[MARK] = mark;
    Version::new(numbers)
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
