//! Logs of changes in etcd: lines, head and document change in one transaction.
//!
//! `PREFIX.audit/<tenantId>/head` is the last [`LogHead`], `…/events/<sequence>` has the lines of one batch
//! from that sequence on (20 digits, so that the order of keys is theirs), and `…/blocks/<number>` the
//! hash of a whole block; `…/document` is a copy of the last document in the log. Nobody who watches the documents is told of them.

use std::convert::identity;

use bytes::Bytes;
use etcd_client::{
    Compare, CompareOp, GetOptions, KeyValue, SortOrder, SortTarget, Txn, TxnOp, TxnOpResponse,
};

use super::failover::{Failure, Reply};
use super::version::EtcdVersion;
use super::write::{ChangeOutcome, Expected, WRITE_PATIENCE};
use super::{Cluster, EtcdStore, READ_PATIENCE};
use crate::domain::TenantId;
use crate::storage::document_store::{
    AuditLog, DocumentError, DocumentLock, LogEnd, LogEntry, LogHead, SEGMENT, StoreFuture,
    StoredDocument, Version, WriteError, each_line,
};
use crate::transparency::{BLOCK, TreeHash};

impl AuditLog for EtcdStore {
    fn read_end<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, LogEnd, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, |cluster| async move {
            let head = cluster.find_head(&tenant).await?;
            Ok(LogEnd { head, ..LogEnd::default() })
        })
    }

    fn read_lines<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<Bytes>, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, move |cluster| async move { cluster.lines(&tenant, from).await })
    }

    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> StoreFuture<'a, Vec<TreeHash>, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, move |cluster| async move {
            let last = (from / (SEGMENT / BLOCK) + 1) * (SEGMENT / BLOCK);
            let [first, end] = [from, last].map(|it| cluster.keys.block(&tenant, it));
            let found = cluster.range(&tenant, first, end, 0).await?;
            let hash = |kv: &KeyValue| kv.value().try_into().ok().map(TreeHash::from_bytes);
            Ok(found.iter().map_while(hash).collect())
        })
    }

    fn append<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        entry: &'a LogEntry,
    ) -> StoreFuture<'a, (), WriteError> {
        let (tenant, entry) = (tenant.clone(), entry.clone());
        self.ask(
            WriteError::Uncertain,
            |cluster| async move { cluster.append(&tenant, &entry).await },
        )
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
        self.ask(WriteError::Uncertain, |cluster| async move {
            cluster.replace(&tenant, &expected, bytes, Some(&entry)).await
        })
    }

    fn remember<'a>(
        &'a self,
        _turn: &'a DocumentLock,
        tenant: &'a TenantId,
        document: &'a Bytes,
    ) -> StoreFuture<'a, (), DocumentError> {
        let (tenant, document) = (tenant.clone(), document.clone());
        self.ask(identity, |cluster| async move {
            let key = cluster.keys.log_document(&tenant);
            let asked = cluster.members.ask(READ_PATIENCE, |mut keys| {
                let (key, document) = (key.as_str(), document.to_vec());
                async move { keys.put(key, document, None).await }
            });
            let put = asked.await.map_err(|failure| cluster.no_log("write", &tenant, failure));
            put.map(drop)
        })
    }

    fn recall<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<Bytes>, DocumentError> {
        let tenant = tenant.clone();
        self.ask(identity, |cluster| async move {
            let found = cluster.find(&tenant, &cluster.keys.log_document(&tenant)).await?;
            Ok(found.map(|kv| Bytes::copy_from_slice(kv.value())))
        })
    }

    fn locate_line(&self, tenant: &TenantId, sequence: u64) -> String {
        self.remote().place_of_line(tenant, sequence)
    }
}

/// A change of a log: its condition, and the keys that it puts.
pub(super) struct LogChange {
    pub(super) is_next: Compare,
    pub(super) puts: Vec<TxnOp>,
}

impl Cluster {
    /// Puts a document in place with the lines that tell of it, if there are any.
    pub(super) async fn replace(
        &self,
        tenant: &TenantId,
        expected: &Version,
        bytes: Bytes,
        entry: Option<&LogEntry>,
    ) -> Result<Version, WriteError> {
        let watch = self.changes.watch();
        let (expected, id) = (Expected::of(expected), self.write_ids.next());
        match self.change(tenant, expected, bytes, id, entry).await {
            Ok(ChangeOutcome::At(revision)) => {
                let id = Some(id);
                Ok(Version::of(EtcdVersion { modified: revision, as_of: revision, watch, id }))
            }
            Ok(ChangeOutcome::Not(Some(_))) => Err(WriteError::Conflict),
            Ok(ChangeOutcome::Not(None)) => Err(WriteError::NoSuchTenant),
            Err(failure) => Err(self.failed(tenant, failure)),
        }
    }

    /// The change of the log that an entry is.
    pub(super) fn log_change(&self, tenant: &TenantId, entry: &LogEntry) -> LogChange {
        let head = self.keys.log_head(tenant);
        let is_next = if entry.after.size == 0 {
            Compare::create_revision(head.as_str(), CompareOp::Equal, 0)
        } else {
            Compare::value(head.as_str(), CompareOp::Equal, to_text(&entry.after))
        };
        let first = entry.head.size / BLOCK - entry.blocks.len() as u64;
        let blocks = (first..).zip(&entry.blocks);
        let blocks = blocks.map(|(number, hash)| {
            TxnOp::put(self.keys.block(tenant, number), hash.as_bytes().to_vec(), None)
        });
        let events = self.keys.events(tenant, entry.after.size);
        let mut puts = vec![
            TxnOp::put(events, entry.lines.to_vec(), None),
            TxnOp::put(head, to_text(&entry.head), None),
        ];
        puts.extend(blocks);
        LogChange { is_next, puts }
    }

    async fn append(&self, tenant: &TenantId, entry: &LogEntry) -> Result<(), WriteError> {
        let head = self.keys.log_head(tenant);
        let asked = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let LogChange { is_next, puts } = self.log_change(tenant, entry);
            let found = TxnOp::get(head.as_str(), None);
            let change = Txn::new().when([is_next]).and_then(puts).or_else([found]);
            async move { keys.txn(change).await }
        });
        let unwritable =
            |failure| WriteError::Refused(DocumentError::LogUnwritable(Box::new(failure)));
        let Reply { answer, .. } =
            asked.await.map_err(|failure| unwritable(self.refused(tenant, failure)))?;
        // Asked again after an answer was lost, it finds what it put itself.
        let is_there = answer.op_responses().into_iter().any(|response| {
            matches!(response, TxnOpResponse::Get(found)
                if found.kvs().first().is_some_and(|kv| kv.value() == to_text(&entry.head)))
        });
        if answer.succeeded() || is_there { Ok(()) } else { Err(WriteError::Conflict) }
    }

    async fn find_head(&self, tenant: &TenantId) -> Result<LogHead, DocumentError> {
        let key = self.keys.log_head(tenant);
        let mut found = self.find(tenant, &key).await?;
        if found.is_none() {
            let [first, end] = [0, u64::MAX].map(|it| self.keys.events(tenant, it));
            if self.range(tenant, first, end, 1).await?.is_empty() {
                return Ok(LogHead::default());
            }
            // Lines come with the head, and nothing of ours takes it away.
            found = self.find(tenant, &key).await?;
        }
        let damaged = |location, reason| DocumentError::LogDamaged { location, reason };
        let missing = || damaged(self.place_of_line(tenant, 0), "has no head, though it is there");
        let kv = found.ok_or_else(missing)?;
        serde_json::from_slice(kv.value()).map_err(|_error| {
            damaged(format!("{} (key {key})", self.place), "is not the head of a log")
        })
    }

    async fn find(&self, tenant: &TenantId, key: &str) -> Result<Option<KeyValue>, DocumentError> {
        let asked =
            self.members.ask(READ_PATIENCE, |mut keys| async move { keys.get(key, None).await });
        let mut found = asked.await.map_err(|failure| self.no_log("read", tenant, failure))?.answer;
        Ok(found.take_kvs().into_iter().next())
    }

    async fn lines(&self, tenant: &TenantId, from: u64) -> Result<Vec<Bytes>, DocumentError> {
        let end = (from / BLOCK + 1) * BLOCK;
        // The batch that the first line is in began before it, or with it.
        let (first, next) = (self.keys.events(tenant, 0), self.keys.events(tenant, from + 1));
        let before = self.range(tenant, first, next, 1).await?;
        let Some(batch) = before.first() else { return Ok(Vec::new()) };
        let sequence = batch.key_str().ok().and_then(|key| key.rsplit('/').next()?.parse().ok());
        let Some(mut sequence) = sequence.filter(|first: &u64| *first <= from) else {
            return Ok(Vec::new());
        };
        let first = self.keys.events(tenant, sequence);
        let batches = self.range(tenant, first, self.keys.events(tenant, end), 0).await?;
        let mut lines = Vec::new();
        for batch in batches {
            for line in each_line(&Bytes::copy_from_slice(batch.value())) {
                if (from..end).contains(&sequence) {
                    lines.push(line);
                }
                sequence += 1;
            }
        }
        Ok(lines)
    }

    /// The keys of a range, in order; or only the last of it.
    async fn range(
        &self,
        tenant: &TenantId,
        first: String,
        end: String,
        most: i64,
    ) -> Result<Vec<KeyValue>, DocumentError> {
        let order = if most == 0 { SortOrder::Ascend } else { SortOrder::Descend };
        let asked = self.members.ask(READ_PATIENCE, |mut keys| {
            let options = GetOptions::new().with_range(end.as_str()).with_limit(most);
            let options = options.with_sort(SortTarget::Key, order);
            let first = first.as_str();
            async move { keys.get(first, Some(options)).await }
        });
        let mut found = asked.await.map_err(|failure| self.no_log("read", tenant, failure))?.answer;
        Ok(found.take_kvs())
    }

    fn no_log(&self, action: &'static str, tenant: &TenantId, failure: Failure) -> DocumentError {
        let location = format!("{} (key {})", self.place, self.keys.log_head(tenant));
        DocumentError::Unreachable { action, location, source: failure.into() }
    }

    fn place_of_line(&self, tenant: &TenantId, sequence: u64) -> String {
        let key = self.keys.log_head(tenant);
        format!("{} (key {key}, line {sequence})", self.place)
    }
}

#[expect(clippy::expect_used, reason = "a head has texts and numbers, which JSON can hold")]
fn to_text(head: &LogHead) -> Vec<u8> {
    serde_json::to_vec(head).expect("a head is JSON")
}
