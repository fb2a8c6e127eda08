//! Reading documents as a majority of the members has them.
//!
//! A document that is known is not sent again, provided that the write which made it is the same: a
//! revision alone does not tell, since an etcd that was restored to an earlier state counts its
//! revisions anew. Documents that others wrote, who leave no id, are always sent.

use std::sync::atomic::Ordering;

use std::time::Duration;

use bytes::Bytes;
use etcd_client::{Compare, CompareOp, GetOptions, KeyValue, Txn, TxnOp, TxnOpResponse};

use super::version::{EtcdVersion, WriteId};
use super::{Cluster, READ_PATIENCE, is_new};
use crate::domain::TenantId;
use crate::storage::document_store::{DocumentError, Reading, StoredDocument, Version};

impl Cluster {
    /// The document, unless it is still the one of this version.
    pub(super) async fn read(
        &self,
        tenant: &TenantId,
        version: Option<Version>,
    ) -> Result<Reading, DocumentError> {
        // Before anything is asked: what is read while another watch begins may be older than it.
        let watch = self.changes.watch();
        let known = version.as_ref().and_then(EtcdVersion::of);
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
        let as_of = found.header().map_or(0, etcd_client::ResponseHeader::revision);
        if let Some(known) = known.filter(|known| known.id.is_some() && found.succeeded()) {
            return Ok(Reading::Confirmed(EtcdVersion { as_of, watch, ..known }.version()));
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
            Some(kv) if is_new(&kv) && version == Some(Version::ABSENT) => Reading::Unchanged,
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
            version: known.version(),
            unchanged_for: Duration::MAX,
        })
    }
}
