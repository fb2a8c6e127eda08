//! Documents as a majority of the members has them, and changes to them.
//!
//! A document that is known is not sent again, provided that the write which made it is the same: a
//! revision alone does not tell, since an etcd that was restored to an earlier state counts its
//! revisions anew. Documents that others wrote, who leave no id, are always sent.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use etcd_client::{
    Compare, CompareOp, GetOptions, KeyValue, ResponseHeader, Txn, TxnOp, TxnOpResponse,
};

use super::failover::Reply;
use super::version::EtcdVersion;
use super::write::{ChangeOutcome, Expected, WRITE_PATIENCE, found};
use super::{Cluster, READ_PATIENCE, is_new};
use crate::domain::{StoreHealth, TenantId};
use crate::storage::document_store::{
    AuditLog, CreateTenantError, DOCUMENT_NAME, DocumentError, Reading, StoredDocument, UsageName,
    Version, WriteError,
};
use crate::storage::remote::{RemoteDocuments, RemoteStore};
use crate::storage::write_ids::WriteId;

/// Names that are listed in one request.
const PAGE: i64 = 1000;
/// Edits by others that are looked through for a change of ours.
const EDITS_BY_OTHERS: usize = 16;

impl RemoteDocuments for Cluster {
    const USAGE_PERIOD: Duration = Duration::from_secs(5 * 60);

    fn vouches_for(&self, tenant: &TenantId, known: &Version) -> bool {
        known.state().is_some_and(|known| self.changes.vouches_for(tenant.as_str(), known))
    }

    async fn read(
        &self,
        tenant: &TenantId,
        version: Option<&Version>,
    ) -> Result<Reading, DocumentError> {
        // Before anything is asked: what is read while another watch begins may be older than it.
        let watch = self.changes.watch();
        let known = version.and_then(Version::state::<EtcdVersion>).copied();
        let (key, written) = (self.keys.document(tenant), self.keys.written(tenant));
        let (key, written) = (key.as_str(), written.as_str());
        let found = self.members.ask(READ_PATIENCE, |mut keys| {
            let all = || [TxnOp::get(key, None), TxnOp::get(written, None)];
            let equal = CompareOp::Equal;
            let question = match known.and_then(|known| Some((known.modified, known.id?))) {
                Some((modified, id)) => Txn::new()
                    .when([
                        Compare::mod_revision(key, equal, modified),
                        Compare::value(written, equal, id.to_bytes()),
                    ])
                    .and_then([TxnOp::get(key, Some(GetOptions::new().with_count_only()))])
                    .or_else(all()),
                None => Txn::new().and_then(all()),
            };
            async move { keys.txn(question).await }
        });
        let found = found.await;
        // Readiness says what the last request met; the watch tells of it in the log.
        self.is_reached.store(found.is_ok(), Ordering::Relaxed);
        let found = found.map_err(|failure| self.unreachable("read", tenant, failure))?;
        let found = found.answer;
        let as_of = found.header().map_or(0, ResponseHeader::revision);
        if let Some(known) = known.filter(|known| known.id.is_some() && found.succeeded()) {
            return Ok(Reading::Confirmed(Version::of(EtcdVersion { as_of, watch, ..known })));
        }
        let mut responses = found.op_responses().into_iter();
        let mut next = || match responses.next() {
            Some(TxnOpResponse::Get(mut found)) => found.take_kvs().pop(),
            Some(TxnOpResponse::Put(_) | TxnOpResponse::Delete(_) | TxnOpResponse::Txn(_))
            | None => None,
        };
        let (document, written) = (next(), next());
        Ok(match document {
            None => Reading::NoSuchTenant,
            Some(kv) if is_new(&kv) && version.is_some_and(Version::is_absent) => {
                Reading::Unchanged
            }
            Some(kv) if is_new(&kv) => Reading::Found(StoredDocument::absent(Duration::MAX)),
            Some(kv) => {
                let modified = kv.mod_revision();
                let is_ours = |written: &KeyValue| written.mod_revision() == modified;
                let written = written.filter(is_ours);
                let id = written.and_then(|written| WriteId::of_bytes(written.value()));
                Reading::Found(self.found(
                    tenant,
                    &kv,
                    EtcdVersion { modified, as_of, watch, id },
                )?)
            }
        })
    }

    /// Takes for ours whatever the history no longer tells.
    async fn is_last_acknowledged(
        &self,
        tenant: &TenantId,
        good: &Version,
        found: &Version,
    ) -> bool {
        let states = good.state::<EtcdVersion>().zip(found.state::<EtcdVersion>());
        let Some((good, found)) = states else { return false };
        let key = self.keys.document(tenant);
        let mut after = found.modified;
        for _ in 0..EDITS_BY_OTHERS {
            let state = if after > 1 { self.as_of(&key, after - 1).await } else { return false };
            let Ok(Some(state)) = state else { return false };
            if state.mod_revision() <= good.modified {
                return state.mod_revision() == good.modified;
            }
            after = state.mod_revision();
            let changed = self.as_of(&self.keys.changed(), after).await;
            if !changed.is_ok_and(|it| it.is_none_or(|it| it.mod_revision() != after)) {
                return false;
            }
        }
        false
    }

    async fn write(
        &self,
        tenant: &TenantId,
        expected: &Version,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        self.replace(tenant, expected, bytes, None).await
    }

    /// A page at a time, and all pages as of one revision.
    async fn tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        let mut tenants = Vec::new();
        let mut from = self.keys.first_document().into_bytes();
        // The first key after all that begin with the prefix: its last byte is a slash.
        let mut end = self.keys.all().into_bytes();
        end.pop();
        end.push(b'/' + 1);
        let mut revision = 0;
        loop {
            let found = self.members.ask(READ_PATIENCE, |mut keys| {
                let options = GetOptions::new()
                    .with_range(end.clone())
                    .with_keys_only()
                    .with_limit(PAGE)
                    .with_revision(revision);
                let from = from.clone();
                async move { keys.get(from, Some(options)).await }
            });
            let found = found.await.map_err(|failure| DocumentError::Unreachable {
                action: "list",
                location: self.place.clone(),
                source: failure.into(),
            })?;
            let found = found.answer;
            if revision == 0 {
                revision = found.header().map_or(0, ResponseHeader::revision);
            }
            let names = found.kvs().iter().filter_map(|kv| self.keys.tenant(kv.key_str().ok()?));
            tenants.extend(names.filter_map(|name| TenantId::parse(name).ok()));
            match found.kvs().last() {
                Some(last) if found.more() => {
                    from = last.key().to_vec();
                    from.push(0);
                }
                _ => break,
            }
        }
        tenants.sort_unstable();
        Ok(tenants)
    }

    async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        let id = self.write_ids.next();
        match self.change(tenant, Expected::Nothing, Bytes::new(), id, None).await {
            Ok(ChangeOutcome::At(_)) => Ok(()),
            Ok(ChangeOutcome::Not(_)) => Err(CreateTenantError::Exists),
            Err(failure) => Err(CreateTenantError::Failed(self.refused(tenant, failure))),
        }
    }

    async fn remove_tenant(&self, tenant: &TenantId, expected: &Version) -> Result<(), WriteError> {
        let (key, written) = (self.keys.document(tenant), self.keys.written(tenant));
        let (expected, id) = (Expected::of(expected), self.write_ids.next());
        let asked = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let change = Txn::new()
                .when(expected.compares(&key, &written))
                .and_then([
                    TxnOp::delete(key.as_str(), None),
                    TxnOp::delete(written.as_str(), None),
                    TxnOp::delete(self.keys.usage(&UsageName::of(tenant)), None),
                    TxnOp::put(self.keys.changed(), id.to_bytes(), None),
                ])
                .or_else([TxnOp::get(key.as_str(), Some(GetOptions::new().with_keys_only()))]);
            async move { keys.txn(change).await }
        });
        let Reply { answer, in_doubt } =
            asked.await.map_err(|failure| self.failed(tenant, failure))?;
        if answer.succeeded() {
            return Ok(());
        }
        match found(&answer) {
            Some(_) => Err(WriteError::Conflict),
            // It is gone, and that may be our doing.
            None if in_doubt => Ok(()),
            None => Err(WriteError::NoSuchTenant),
        }
    }

    async fn read_usage(
        &self,
        name: &UsageName,
    ) -> Result<Option<(Bytes, Version)>, DocumentError> {
        self.find_usage(name).await
    }

    async fn write_usage(
        &self,
        name: &UsageName,
        expected: &Version,
        bytes: Bytes,
    ) -> Result<(), WriteError> {
        self.replace_usage(name, expected, &bytes).await
    }

    fn audit_log(store: &RemoteStore<Self>) -> Option<&dyn AuditLog> {
        Some(store)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        format!("{}/{tenant}/{DOCUMENT_NAME}", self.place)
    }

    fn health(&self) -> StoreHealth {
        let is_cut_off = !self.is_reached.load(Ordering::Relaxed);
        let is_out_of_space = self.is_out_of_space.load(Ordering::Relaxed);
        let sentences = [
            (is_cut_off, "no majority of etcd's members answers this node"),
            (is_out_of_space, "etcd is out of space and takes no changes"),
        ];
        let faults = sentences.into_iter().filter(|(is_so, _)| *is_so);
        StoreHealth {
            is_cut_off,
            knowledge_age: self.changes.age(),
            faults: faults.map(|(_, told)| told.to_owned()).collect(),
        }
    }
}

impl Cluster {
    fn found(
        &self,
        tenant: &TenantId,
        kv: &KeyValue,
        known: EtcdVersion,
    ) -> Result<StoredDocument, DocumentError> {
        let (size, limit) = (kv.value().len() as u64, self.document_limit);
        if size > limit {
            return Err(DocumentError::TooLarge { location: self.locate(tenant), size, limit });
        }
        Ok(StoredDocument {
            bytes: Bytes::copy_from_slice(kv.value()),
            version: Version::of(known),
            unchanged_for: Duration::MAX,
        })
    }
}
