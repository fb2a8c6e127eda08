//! Logs of changes: `DIR/.neokeys/audit/<tenantId>/`.
//!
//! `events-0001.jsonl` and so on have the lines, [`SEGMENT`] each. `head` is the last [`LogHead`],
//! replaced after the document that the lines tell of is in its place: so lines behind it were left by a
//! crash, or are of a change under way. `blocks-0001` has the hashes of the segment's whole blocks,
//! `starts-0001` the bytes at which its blocks but the first begin, and `document.yml` a copy of the last document in the log.
//!
//! Lines are synced before anybody goes on; `head` and the others are not: what a power cut leaves of
//! them is made good from the lines. Lines that were begun and cannot be read are moved to
//! `torn-<sequence>` when the log goes on.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Folder;
use super::errors::cannot;
use super::file_names::OWN_FOLDER;
use super::file_system::is_no_way;
use crate::domain::TenantId;
use crate::storage::document_store::{
    DocumentError, LogEnd, LogEntry, LogHead, SEGMENT, WriteError, each_line,
};
use crate::transparency::{BLOCK, TreeHash};

/// More bytes than a head has.
const MOST_OF_HEAD: u64 = 64 * 1024;
/// Bytes that are read at once while lines are looked for.
const PIECE: u64 = 256 * 1024;
/// The blocks of a segment.
const BLOCKS: u64 = SEGMENT / BLOCK;
const HASH: u64 = TreeHash::LENGTH as u64;

impl Folder {
    pub(super) fn read_log_end(&self, tenant: &TenantId) -> Result<LogEnd, DocumentError> {
        let path = self.log(tenant).join("head");
        let head =
            self.read_whole(&path, MOST_OF_HEAD).map_err(|error| cannot("read", &path, error))?;
        // What a power cut left of it is made good from the lines.
        let head = head.and_then(|bytes| serde_json::from_slice::<LogHead>(&bytes).ok());
        let head = head.unwrap_or_default();
        let segment = self.segment(tenant, head.size);
        let (begins, length) = (end_of(&head), self.length(&segment)?);
        if length < begins {
            return Err(DocumentError::LogDamaged {
                location: format!("{}:{}", segment.display(), head.size % SEGMENT),
                reason: "is not there, though the log's head has it",
            });
        }
        if length == begins {
            return Ok(LogEnd { head, ..LogEnd::default() });
        }
        let tail = self.read_part(&segment, begins, length)?;
        let torn = tail.len() - memchr::memrchr(b'\n', &tail).map_or(0, |end| end + 1);
        Ok(LogEnd { head, goes_on: true, torn: torn as u64 })
    }

    /// Lines to the end of a block, found from where its segment begins, or from the head.
    pub(super) fn read_log_lines(
        &self,
        tenant: &TenantId,
        from: u64,
    ) -> Result<Vec<Bytes>, DocumentError> {
        let segment = self.segment(tenant, from);
        let most = usize::try_from(BLOCK - from % BLOCK).unwrap_or(usize::MAX);
        let length = self.length(&segment)?;
        let Near { mut skipped, start: mut offset, end: mut until } =
            self.near(tenant, from, length)?;
        let (mut lines, mut rest) = (Vec::new(), Vec::new());
        while lines.len() < most && offset < length {
            let piece = self.read_part(&segment, offset, length.min(until))?;
            if piece.is_empty() {
                break;
            }
            offset += piece.len() as u64;
            until = offset + PIECE;
            rest.extend_from_slice(&piece);
            let end = memchr::memrchr(b'\n', &rest).map_or(0, |end| end + 1);
            let whole = Bytes::from(rest.drain(..end).collect::<Vec<_>>());
            for line in each_line(&whole) {
                if skipped > 0 {
                    skipped -= 1;
                } else if lines.len() < most {
                    lines.push(line);
                }
            }
        }
        Ok(lines)
    }

    /// Where to look for the lines of a block.
    fn near(&self, tenant: &TenantId, from: u64, length: u64) -> Result<Near, DocumentError> {
        let starts = self.log(tenant).join(format!("starts-{:04}", from / SEGMENT + 1));
        let block = from % SEGMENT / BLOCK;
        // That of the first block is not there: it is 0.
        let place = block.saturating_sub(1) * 8;
        let read = self.read_part(&starts, place, place + if block == 0 { 8 } else { 16 })?;
        let mut starts = read.as_chunks::<8>().0.iter().map(|start| u64::from_be_bytes(*start));
        // What was never written is read as zeros.
        let is_start = |start: &u64| (1..=length).contains(start);
        let start = if block == 0 { Some(0) } else { starts.next().filter(is_start) };
        let (skipped, start) = start.map_or((from % SEGMENT, 0), |start| (from % BLOCK, start));
        let end = starts.next().filter(|end| is_start(end) && *end > start);
        Ok(Near { skipped, start, end: end.unwrap_or(start + PIECE) })
    }

    pub(super) fn read_block_hashes(
        &self,
        tenant: &TenantId,
        from: u64,
    ) -> Result<Vec<TreeHash>, DocumentError> {
        let place = from % BLOCKS * HASH;
        let bytes = self.read_part(&self.blocks(tenant, from), place, BLOCKS * HASH)?;
        let (hashes, _) = bytes.as_chunks::<{ TreeHash::LENGTH }>();
        Ok(hashes.iter().map(|hash| TreeHash::from_bytes(*hash)).collect())
    }

    /// Appends lines and syncs them. Nothing is changed where the log does not end as it was read.
    pub(super) fn append_to_log(
        &self,
        tenant: &TenantId,
        entry: &LogEntry,
    ) -> Result<(), WriteError> {
        self.sync_lines(&self.append_lines(tenant, entry)?)
    }

    /// Appends lines, which are to be [synced](Self::sync_lines) before anybody goes on.
    pub(super) fn append_lines(
        &self,
        tenant: &TenantId,
        entry: &LogEntry,
    ) -> Result<UnsyncedLines, WriteError> {
        let folder = self.log(tenant);
        self.make_log_folder(&folder)
            .map_err(|source| unwritable(cannot("create", &folder, source)))?;
        let mut unsynced = UnsyncedLines::default();
        for Part { sequence, begins, lines: part } in parts(entry) {
            let path = self.segment(tenant, sequence);
            let torn = if sequence == entry.after.size { entry.torn } else { 0 };
            let file = self.open_segment(&path, begins, torn).map_err(|error| {
                self.take_away(&unsynced);
                match error {
                    Unopened::Longer => WriteError::Conflict,
                    Unopened::Failed(source) => unwritable(cannot("open", &path, source)),
                }
            })?;
            let appended = self
                .keep_torn(&file, &folder, sequence, (begins, torn))
                .and_then(|()| self.files.write_at(&file, begins, &part));
            unsynced.0.push((path, file, begins));
            appended.map_err(|source| self.unwritten(&unsynced, source))?;
        }
        Ok(unsynced)
    }

    /// Waits until lines are on disk, and the names of their files.
    pub(super) fn sync_lines(&self, lines: &UnsyncedLines) -> Result<(), WriteError> {
        let sync = || {
            for (path, file, begins) in &lines.0 {
                self.files.sync_data(file)?;
                path.parent()
                    .filter(|_| *begins == 0)
                    .map_or(Ok(()), |folder| self.files.sync_folder(folder))?;
            }
            Ok(())
        };
        sync().map_err(|source| self.unwritten(lines, source))
    }

    /// Takes away what is there of lines of which some failed, and gives the error to tell.
    fn unwritten(&self, lines: &UnsyncedLines, source: io::Error) -> WriteError {
        self.take_away(lines);
        let path = lines.0.last().map_or(Path::new(""), |(path, ..)| path);
        unwritable(cannot("write", path, source))
    }

    /// Takes lines away of which nobody knows whether they would last.
    fn take_away(&self, lines: &UnsyncedLines) {
        for (_, file, begins) in lines.0.iter().rev() {
            let _ = self.files.truncate(file, *begins);
        }
    }

    /// Takes the lines out again of a change that was not made and is judged anew, while the lock is held:
    /// whoever came next and found them, and a document that a hand has changed since, would take the change for made.
    pub(super) fn take_out_of_log(&self, tenant: &TenantId, entry: Option<&LogEntry>) {
        // What was put aside stays so, and is told of.
        let Some(entry) = entry.filter(|entry| entry.torn == 0) else { return };
        for Part { sequence, begins, lines } in parts(entry).into_iter().rev() {
            let path = self.segment(tenant, sequence);
            let ends = begins + lines.len() as u64;
            let take_out = || {
                let file = self.files.open_or_create(&path)?;
                // Nothing was appended where the document was another from the first.
                let is_there = self.files.stat_open(&file)?.len() == ends
                    && self.files.read_at(&file, begins, ends)? == lines;
                if is_there { self.files.truncate(&file, begins) } else { Ok(()) }
            };
            if let Err(error) = take_out() {
                // The next change says that it was not made, as far as the document shows it.
                tracing::warn!(tenant.id = %tenant, %error, "the audit log has lines of a change that was not made");
                return;
            }
        }
    }

    /// Puts the head in its place, with the hashes of blocks. The lines are there, so what fails here is
    /// made good when the log goes on.
    pub(super) fn replace_head(&self, tenant: &TenantId, entry: &LogEntry) {
        let folder = self.log(tenant);
        let replace = || {
            let first = entry.head.size / BLOCK - entry.blocks.len() as u64;
            for (block, hash) in (first..).zip(&entry.blocks) {
                let file = self.files.open_or_create(&self.blocks(tenant, block))?;
                self.files.write_at(&file, block % BLOCKS * HASH, hash.as_bytes())?;
            }
            for (block, start) in entry.starts.iter().filter(|it| !it.0.is_multiple_of(BLOCKS)) {
                let path = folder.join(format!("starts-{:04}", block / BLOCKS + 1));
                let file = self.files.open_or_create(&path)?;
                self.files.write_at(&file, (block % BLOCKS - 1) * 8, &start.to_be_bytes())?;
            }
            let head = serde_json::to_vec(&entry.head)?;
            self.put_in_place(&folder.join("head"), &head)
        };
        if let Err(error) = replace() {
            tracing::warn!(tenant.id = %tenant, %error, "the head of the audit log cannot be written; the next \
                change tries again");
        }
    }

    pub(super) fn remember(&self, tenant: &TenantId, document: &[u8]) -> Result<(), DocumentError> {
        let path = self.log(tenant).join("document.yml");
        // In its place, which costs no disk's time: whoever reads it knows by its hash whether it is whole.
        let write = || {
            let file = self.files.open_or_create(&path)?;
            self.files.write_at(&file, 0, document)?;
            self.files.truncate(&file, document.len() as u64)
        };
        write().map_err(|source| cannot("write", &path, source))
    }

    pub(super) fn recall(&self, tenant: &TenantId) -> Result<Option<Bytes>, DocumentError> {
        let path = self.log(tenant).join("document.yml");
        let found = self.read_whole(&path, self.limit + 1);
        Ok(found.map_err(|source| cannot("read", &path, source))?.map(Bytes::from))
    }

    pub(super) fn locate_line(&self, tenant: &TenantId, sequence: u64) -> String {
        format!("{}:{}", self.segment(tenant, sequence).display(), sequence % SEGMENT + 1)
    }

    fn log(&self, tenant: &TenantId) -> PathBuf {
        self.root.join(OWN_FOLDER).join("audit").join(tenant.as_str())
    }

    fn segment(&self, tenant: &TenantId, sequence: u64) -> PathBuf {
        self.log(tenant).join(format!("events-{:04}.jsonl", sequence / SEGMENT + 1))
    }

    fn blocks(&self, tenant: &TenantId, block: u64) -> PathBuf {
        self.log(tenant).join(format!("blocks-{:04}", block / BLOCKS + 1))
    }

    fn make_log_folder(&self, folder: &Path) -> io::Result<()> {
        let is_there = |error: io::Error| {
            if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
        };
        match self.files.create_folder(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let own = self.root.join(OWN_FOLDER);
                let logs = own.join("audit");
                self.make_own_folder(&own)?;
                self.files.create_folder(&logs).or_else(is_there)?;
                self.files.create_folder(folder).or_else(is_there)?;
                self.files.sync_folder(&logs)?;
                self.files.sync_folder(&own)
            }
            Ok(()) => self.files.sync_folder(&self.root.join(OWN_FOLDER).join("audit")),
            Err(error) => is_there(error),
        }
    }

    fn open_segment(&self, path: &Path, begins: u64, torn: u64) -> Result<File, Unopened> {
        let file = self.files.open_or_create(path).map_err(Unopened::Failed)?;
        let length = self.files.stat_open(&file).map_err(Unopened::Failed)?.len();
        if length == begins + torn { Ok(file) } else { Err(Unopened::Longer) }
    }

    /// Moves what cannot be read out of the way.
    fn keep_torn(
        &self,
        segment: &File,
        folder: &Path,
        sequence: u64,
        (begins, torn): (u64, u64),
    ) -> io::Result<()> {
        if torn == 0 {
            return Ok(());
        }
        let bytes = self.files.read_at(segment, begins, begins + torn)?;
        let kept = folder.join(format!("torn-{sequence}"));
        self.put_in_place(&kept, &bytes)?;
        tracing::error!(kept = %kept.display(), bytes = torn, "the audit log ended in the middle of a line");
        self.files.truncate(segment, begins)
    }

    fn put_in_place(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let staged = path.with_extension("new");
        let file = self.files.open_or_create(&staged)?;
        self.files.truncate(&file, 0)?;
        self.files.write_at(&file, 0, bytes)?;
        self.files.rename(&staged, path)
    }

    fn read_whole(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        match self.files.open(path) {
            Ok(file) => self.files.read(&file, most).map(Some),
            Err(error) if is_no_way(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a range of a file, as many as there are.
    fn read_part(&self, path: &Path, from: u64, to: u64) -> Result<Bytes, DocumentError> {
        let read = || self.files.read_at(&self.files.open(path)?, from, to);
        match read() {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) if is_no_way(&error) => Ok(Bytes::new()),
            Err(source) => Err(cannot("read", path, source)),
        }
    }

    fn length(&self, path: &Path) -> Result<u64, DocumentError> {
        match self.files.stat(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if is_no_way(&error) => Ok(0),
            Err(source) => Err(cannot("look at", path, source)),
        }
    }
}

/// Lines that were appended and may not be on disk yet: the segments that they are in, and where in them they begin.
#[derive(Default)]
pub(super) struct UnsyncedLines(Vec<(PathBuf, File, u64)>);

fn unwritable(error: DocumentError) -> WriteError {
    WriteError::Refused(DocumentError::LogUnwritable(Box::new(error)))
}

/// A range of a segment where lines are looked for first.
struct Near {
    /// Lines in it before the first that is wanted.
    skipped: u64,
    start: u64,
    end: u64,
}

/// Lines of an entry that go to one segment.
struct Part {
    /// Of the first.
    sequence: u64,
    /// The byte of the segment at which they begin.
    begins: u64,
    lines: Bytes,
}

fn parts(entry: &LogEntry) -> Vec<Part> {
    let (mut rest, mut parts) = (entry.lines.clone(), Vec::new());
    let (mut sequence, mut begins) = (entry.after.size, end_of(&entry.after));
    while !rest.is_empty() {
        let room = usize::try_from(SEGMENT - sequence % SEGMENT).unwrap_or(usize::MAX);
        let ends = memchr::memchr_iter(b'\n', &rest).take(room);
        let (count, end) = ends.fold((0, 0), |(count, _), end| (count + 1, end + 1));
        parts.push(Part { sequence, begins, lines: rest.split_to(end) });
        (sequence, begins) = (sequence + count, 0);
    }
    parts
}

/// Why a segment cannot be appended to.
enum Unopened {
    /// It does not end where it was read to end.
    Longer,
    Failed(io::Error),
}

/// The byte of the newest segment at which the next line begins.
fn end_of(head: &LogHead) -> u64 {
    if head.size.is_multiple_of(SEGMENT) { 0 } else { head.segment_bytes }
}
