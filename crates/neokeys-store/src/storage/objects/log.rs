//! Logs of changes in object storage: `PREFIX.audit/<tenantId>/`.
//!
//! `<sequence>` (20 digits) has the lines of one change from that one on, as far as they are of one block. It
//! is made on condition that it is not there, which gives one order, and then the document is replaced.
//! `head` is the last [`LogHead`], replaced after the document; `hashes-<segment>` has the hashes of a segment's
//! whole blocks, and `document.yml` a copy of the last document in the log.
//!
//! Nobody has a lock: lines behind the head are of a change under way, or left by a crash. Whoever finds some
//! waits a moment for the head, and settles by the document what became of them.

use std::convert::identity;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use object_store::path::Path;
use object_store::{Attributes, Error, GetOptions, PutMode, UpdateVersion};
use tokio::time::{Instant, sleep};

use super::write::{WRITE_PATIENCE, attributes, ids_of};
use super::{Bucket, ObjectsStore, PAUSE, READ_PATIENCE};
use crate::domain::TenantId;
use crate::storage::document_store::{
    AuditLog, DocumentError, DocumentLock, LogEnd, LogEntry, LogHead, SEGMENT, StoreFuture,
    StoredDocument, Version, WriteError, each_line,
};
use crate::transparency::{BLOCK, TreeHash};

/// How long a change of another node is waited for.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// Objects that are fetched at once.
const AT_ONCE: usize = 16;
/// How often others may be faster at an object that all replace.
const ATTEMPTS: usize = 20;
/// The blocks of a segment.
const BLOCKS: u64 = SEGMENT / BLOCK;

impl AuditLog for ObjectsStore {
    fn read_end<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, LogEnd, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, |bucket| async move { bucket.log_end(&tenant).await })
    }

    fn read_lines<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<Bytes>, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, move |bucket| async move { bucket.log_lines(&tenant, from).await })
    }

    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<TreeHash>, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, move |bucket| async move {
            let path = bucket.hashes(&tenant, from);
            let found =
                bucket.find(&path).await.map_err(|error| bucket.no_log("read", &path, error))?;
            let bytes = found.map_or_else(Bytes::new, |(bytes, _)| bytes);
            let hashes = bytes.as_chunks::<{ TreeHash::LENGTH }>().0.iter();
            let before = usize::try_from(from % BLOCKS).unwrap_or(usize::MAX);
            Ok(hashes.skip(before).map(|hash| TreeHash::from_bytes(*hash)).collect())
        })
    }

    fn append<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, (), WriteError> {
        let (tenant, entry) = (tenant.clone(), entry.clone());
        self.ask(WriteError::Uncertain, |bucket| async move {
            let id = bucket.ids.next().to_string();
            bucket.append_lines(&tenant, &entry, &id, Instant::now() + WRITE_PATIENCE).await?;
            bucket.replace_head(&tenant, &entry).await;
            Ok(())
        })
    }

    fn write<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, Version, WriteError> {
        let (tenant, expected, entry) = (tenant.clone(), expected.version.clone(), entry.clone());
        self.ask(WriteError::Uncertain, |bucket| async move {
            let deadline = Instant::now() + WRITE_PATIENCE;
            let id = bucket.ids.next().to_string();
            bucket.append_lines(&tenant, &entry, &id, deadline).await?;
            let written = bucket.replace(&tenant, &expected, bytes, id, deadline).await?;
            bucket.replace_head(&tenant, &entry).await;
            Ok(written)
        })
    }

    fn remember<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        document: &'a Bytes,
    ) -> StoreFuture<'a, (), DocumentError> {
        let (tenant, document) = (tenant.clone(), document.clone());
        self.ask(identity, |bucket| async move {
            let path = bucket.log(&tenant).join("document.yml");
            let put = bucket.ask(Instant::now() + READ_PATIENCE, || {
                bucket.put(&path, PutMode::Overwrite, document.clone(), Attributes::default())
            });
            put.await.map(drop).map_err(|error| bucket.no_log("write", &path, error))
        })
    }

    fn recall<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<Bytes>, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, |bucket| async move {
            let path = bucket.log(&tenant).join("document.yml");
            let found =
                bucket.find(&path).await.map_err(|error| bucket.no_log("read", &path, error));
            Ok(found?.map(|(bytes, _)| bytes))
        })
    }

    fn locate_line(&self, tenant: &TenantId, sequence: u64) -> String {
        self.remote().place_of_line(tenant, sequence)
    }
}

impl Bucket {
    /// The last head, once no change is under way, or it was for too long.
    async fn log_end(&self, tenant: &TenantId) -> Result<LogEnd, DocumentError> {
        let until = Instant::now() + UNDER_WAY;
        loop {
            let path = self.log(tenant).join("head");
            let found =
                self.find(&path).await.map_err(|error| self.no_log("read", &path, error))?;
            let parse = |bytes: &[u8]| serde_json::from_slice::<LogHead>(bytes).ok();
            let head = found.map_or(Some(LogHead::default()), |(bytes, _)| parse(&bytes));
            let head = head.ok_or_else(|| DocumentError::LogDamaged {
                location: self.place_of(&path),
                reason: "is no head of a log",
            })?;
            let next = self.lines_from(tenant, head.size);
            let goes_on = match self.head(&next, Instant::now() + READ_PATIENCE).await {
                Ok(_) => true,
                Err(Error::NotFound { .. }) => false,
                Err(error) => return Err(self.no_log("look at", &next, error)),
            };
            if !goes_on || Instant::now() + PAUSE >= until {
                return Ok(LogEnd { head, goes_on, torn: 0 });
            }
            sleep(PAUSE).await;
        }
    }

    async fn log_lines(&self, tenant: &TenantId, from: u64) -> Result<Vec<Bytes>, DocumentError> {
        let start = from / BLOCK * BLOCK;
        let folder = self.log(tenant);
        // What is listed comes behind it.
        let before = match start.checked_sub(1) {
            Some(before) => self.lines_from(tenant, before),
            None => folder.clone().join("0"),
        };
        let listed = self.ask(Instant::now() + READ_PATIENCE, || async {
            let sequence = |path: &Path| path.filename().and_then(|name| name.parse::<u64>().ok());
            let objects = self.objects.list_with_offset(Some(&folder), &before);
            let sequences = objects.try_filter_map(|object| {
                future::ok(sequence(&object.location).filter(|it| *it >= start))
            });
            // They come in order where the storage can begin in the middle.
            let of_block = |first: &Result<u64, Error>| {
                future::ready(first.as_ref().map_or(true, |first| *first < start + BLOCK))
            };
            let mut firsts = sequences.take_while(of_block).try_collect::<Vec<_>>().await?;
            firsts.sort_unstable();
            Ok(firsts)
        });
        let unreadable = |error| self.no_log("read", &folder, error);
        let mut firsts = listed.await.map_err(unreadable)?;
        // The last one that begins before the line may have it.
        let needless = firsts.partition_point(|first| *first <= from).saturating_sub(1);
        firsts.drain(..needless);
        let fetched = stream::iter(firsts.clone()).map(|first| async move {
            let path = self.lines_from(tenant, first);
            let found = self.find(&path).await?;
            Ok::<_, Error>(found.map_or_else(Bytes::new, |(bytes, _)| bytes))
        });
        let objects: Vec<_> = fetched.buffered(AT_ONCE).try_collect().await.map_err(unreadable)?;
        let (mut lines, mut next) = (Vec::new(), firsts.first().copied().unwrap_or(from));
        for (first, object) in firsts.iter().zip(&objects) {
            if *first != next {
                break;
            }
            for line in each_line(object) {
                if (from..start + BLOCK).contains(&next) {
                    lines.push(line);
                }
                next += 1;
            }
        }
        Ok(lines)
    }

    /// Makes the objects with the lines of an entry, one for each block. Nothing is made where the log goes on
    /// already.
    async fn append_lines(
        &self,
        tenant: &TenantId,
        entry: &LogEntry,
        id: &str,
        deadline: Instant,
    ) -> Result<(), WriteError> {
        let unwritable = |error| WriteError::Refused(DocumentError::LogUnwritable(Box::new(error)));
        self.demand_conditions(tenant).await.map_err(unwritable)?;
        if entry.torn > 0 {
            let location = self.place_of_line(tenant, entry.after.size);
            let reason = "is no line of the log";
            return Err(WriteError::Refused(DocumentError::LogDamaged { location, reason }));
        }
        let (mut sequence, mut lines) = (entry.after.size, entry.lines.clone());
        while !lines.is_empty() {
            let room = usize::try_from(BLOCK - sequence % BLOCK).unwrap_or(usize::MAX);
            let ends = memchr::memchr_iter(b'\n', &lines).take(room);
            let (count, end) = ends.fold((0, 0), |(count, _), end| (count + 1, end + 1));
            let part = lines.split_to(end);
            let path = self.lines_from(tenant, sequence);
            let made = self.ask(deadline, || {
                self.put(&path, PutMode::Create, part.clone(), attributes(&[], id))
            });
            match made.await {
                Ok(_) => {}
                // It may be there by our own doing, of which the answer was lost.
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                    let found = self.head(&path, deadline).await;
                    let found =
                        found.map_err(|error| unwritable(self.no_log("read", &path, error)))?;
                    if ids_of(&found.attributes) != [id] {
                        return Err(WriteError::Conflict);
                    }
                }
                Err(error) => return Err(unwritable(self.no_log("write", &path, error))),
            }
            sequence += count;
        }
        Ok(())
    }

    /// Puts the head in its place, after the hashes of blocks. The lines are there, so what fails here is made
    /// good when the log goes on.
    async fn replace_head(&self, tenant: &TenantId, entry: &LogEntry) {
        if let Err(error) = self.try_replace_head(tenant, entry).await {
            tracing::warn!(tenant.id = %tenant, %error, "the head of the audit log cannot be written; the next change makes it good");
        }
    }

    async fn try_replace_head(&self, tenant: &TenantId, entry: &LogEntry) -> Result<(), Error> {
        let first = entry.head.size / BLOCK - entry.blocks.len() as u64;
        let blocks: Vec<_> = (first..).zip(&entry.blocks).collect();
        for blocks in blocks.chunk_by(|one, other| one.0 / BLOCKS == other.0 / BLOCKS) {
            let Some((first, _)) = blocks.first() else { continue };
            let update = |known: Option<&Bytes>| {
                let mut hashes = known.map_or_else(Vec::new, |known| known.to_vec());
                for (block, hash) in blocks {
                    let place = usize::try_from(block % BLOCKS).ok()? * TreeHash::LENGTH;
                    hashes.resize(hashes.len().max(place + TreeHash::LENGTH), 0);
                    hashes[place..place + TreeHash::LENGTH].copy_from_slice(hash.as_bytes());
                }
                Some(hashes.into())
            };
            self.update(&self.hashes(tenant, *first), update).await?;
        }
        let head = |known: Option<&Bytes>| {
            let known = known.and_then(|known| serde_json::from_slice::<LogHead>(known).ok());
            // Another node may have gone on from these lines.
            let is_newer = known.is_none_or(|known| known.size <= entry.head.size);
            is_newer.then(|| serde_json::to_vec(&entry.head).ok().map(Bytes::from)).flatten()
        };
        self.update(&self.log(tenant).join("head"), head).await
    }

    /// Replaces an object by what is made of it, unless that is nothing.
    async fn update(
        &self,
        path: &Path,
        make: impl Fn(Option<&Bytes>) -> Option<Bytes>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + READ_PATIENCE;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let (known, mode) = match self.find(path).await? {
                Some((known, version)) => (Some(known), PutMode::Update(version)),
                None => (None, PutMode::Create),
            };
            let Some(bytes) = make(known.as_ref()).filter(|bytes| Some(bytes) != known.as_ref())
            else {
                return Ok(());
            };
            let put = self.ask(deadline, || {
                self.put(path, mode.clone(), bytes.clone(), Attributes::default())
            });
            match put.await {
                Ok(_) => return Ok(()),
                Err(error @ (Error::Precondition { .. } | Error::AlreadyExists { .. })) => {
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(super::requests::silent))
    }

    /// An object and its version, if it is there.
    async fn find(&self, path: &Path) -> Result<Option<(Bytes, UpdateVersion)>, Error> {
        let found = self.ask(Instant::now() + READ_PATIENCE, || async {
            let found = self.objects.get_opts(path, GetOptions::default()).await?;
            let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
            Ok((found.bytes().await?, UpdateVersion { e_tag, version }))
        });
        match found.await {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A sibling of the prefix, so that nobody who lists the tenants is told of it.
    fn log(&self, tenant: &TenantId) -> Path {
        Path::from(format!("{}.audit", self.prefix)).join(tenant.as_str())
    }

    /// The lines of a change, or of its part in a block, from this one on.
    fn lines_from(&self, tenant: &TenantId, sequence: u64) -> Path {
        self.log(tenant).join(format!("{sequence:020}"))
    }

    fn hashes(&self, tenant: &TenantId, block: u64) -> Path {
        self.log(tenant).join(format!("hashes-{:020}", block / BLOCKS))
    }

    fn no_log(&self, action: &'static str, path: &Path, source: Error) -> DocumentError {
        let location = self.place_of(path);
        DocumentError::Unreachable { action, location, source: source.into() }
    }

    fn place_of(&self, path: &Path) -> String {
        format!("{} (object {path})", self.place)
    }

    fn place_of_line(&self, tenant: &TenantId, sequence: u64) -> String {
        format!("{} (objects {}, line {sequence})", self.place, self.log(tenant))
    }
}
