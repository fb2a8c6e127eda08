//! Logs of changes, as the stores keep them: one a tenant, lines as bytes.
//!
//! What a line says is [`audit`](crate::audit)'s; here it has a sequence, counted from 0, and an end.
//! A store keeps the lines, the last [`LogHead`] and a copy of the last document in the log.
//!
//! A line is at most [`Event::LONGEST`](crate::audit::Event::LONGEST) bytes and holds no newline.
//! Lines are appended by who has the tenant's turn, each time on condition of how long the log is,
//! so there is one order and no fork. What is read is never torn: an incomplete last line, which a
//! crash leaves, is told by [`LogEnd::torn`] alone.
//!
//! Lines are read a block ([`BLOCK`](crate::transparency::BLOCK) lines) at most at a time, so whoever goes through a log of any size
//! holds one block in memory. The root of a whole block is had by
//! [`AuditLog::block_hashes`] without reading its lines.
//!
//! Invariant: lines that were appended are on disk, or with a majority, before the document that they
//! tell of takes its place.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{DocumentError, DocumentLock, StoreFuture, StoredDocument, Version, WriteError};
use crate::audit::DocumentState;
use crate::domain::TenantId;
use crate::transparency::TreeHash;

/// The lines of a segment: of a file of a log in a folder.
pub const SEGMENT: u64 = 65_536;

/// Keeps one log a tenant.
pub trait AuditLog: Send + Sync {
    /// The end of the tenant's log. One that was never begun is of size 0.
    fn read_end<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, LogEnd, DocumentError>;

    /// Lines from a sequence on, without newlines: at most those to the end of its block, and none at the
    /// end of the log. Lines beyond the head may be there too.
    fn read_lines<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<Bytes>, DocumentError>;

    /// The hashes of whole blocks from this block on, at most those to the end of its
    /// segment. As the lines were when they were appended.
    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<TreeHash>, DocumentError>;

    /// Appends lines that tell of no document that is about to be written.
    fn append<'a>(
        &'a self,
        turn: &'a DocumentLock,
        tenant: &'a TenantId,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, (), WriteError>;

    /// Appends lines, then writes the document that they tell of as
    /// [`DocumentStore::write_locked`](super::DocumentStore::write_locked) does, then puts the head in
    /// place. What it answers is of the document; the lines may be there in any case.
    fn write<'a>(
        &'a self,
        turn: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, Version, WriteError>;

    /// Keeps a copy of the document that the log told of last, as well as can be: it need not outlast
    /// anything.
    fn remember<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        _tenant: &'a TenantId,
        _document: &'a Bytes,
    ) -> StoreFuture<'a, (), DocumentError> {
        StoreFuture::ready(Ok(()))
    }

    /// The copy that was kept last, of whichever document.
    fn recall<'a>(
        &'a self,
        _tenant: &'a TenantId,
    ) -> StoreFuture<'a, Option<Bytes>, DocumentError> {
        StoreFuture::ready(Ok(None))
    }

    /// The place of a line, for people: a file and the number of a line in it, or a key.
    fn locate_line(&self, tenant: &TenantId, sequence: u64) -> String;
}

/// The end of a log.
#[derive(Debug, Clone, Default)]
pub struct LogEnd {
    /// The last head.
    pub head: LogHead,
    /// There are lines beyond the head: of a change under way, or left by a crash.
    pub goes_on: bool,
    /// Bytes of an incomplete last line.
    pub torn: u64,
}

/// The head of a log: all that is needed to append to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// How many lines the log has.
    pub size: u64,
    /// Bytes of the lines in the newest segment, with their newlines.
    pub segment_bytes: u64,
    /// The document's state by the last line that says one; none where no line does.
    pub document: Option<DocumentState>,
    /// The roots of the whole subtrees that the tree consists of, the largest first.
    #[serde(with = "texts")]
    pub subtrees: Vec<TreeHash>,
    /// The signed checkpoint (C2SP tlog-checkpoint) of this size; empty where nothing was ever signed.
    pub checkpoint: String,
}

/// Lines to append, and the head that the log has with them.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The head that the log must have.
    pub after: LogHead,
    /// The lines, each with its newline.
    pub lines: Bytes,
    /// Bytes that were left behind the end of the log, and that no line is: they go.
    pub torn: u64,
    /// The blocks that these lines complete, in order.
    pub blocks: Vec<TreeHash>,
    /// Blocks that begin among these lines, each with the byte of its segment at which it does.
    pub starts: Vec<(u64, u64)>,
    /// The head with them.
    pub head: LogHead,
}

impl LogEntry {
    /// The lines one by one, without their newlines.
    pub(in crate::storage) fn each_line(&self) -> impl Iterator<Item = Bytes> {
        each_line(&self.lines)
    }
}

/// The lines in bytes that end with a newline, each without its own.
pub(in crate::storage) fn each_line(bytes: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut rest = bytes.clone();
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', &rest)?;
        let line = rest.split_to(end + 1);
        Some(line.slice(..end))
    })
}

/// Hashes as texts in Base64.
mod texts {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::transparency::TreeHash;

    pub(super) fn serialize<S: Serializer>(
        hashes: &[TreeHash],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(|hash| STANDARD.encode(hash.as_bytes())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<TreeHash>, D::Error> {
        let hash = |text: String| {
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            bytes.map(TreeHash::from_bytes).ok_or_else(|| D::Error::custom("is no hash"))
        };
        Vec::<String>::deserialize(deserializer)?.into_iter().map(hash).collect()
    }
}
