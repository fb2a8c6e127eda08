//! Records of usage in etcd: a key each, replaced on condition of its revision.

use bytes::Bytes;
use etcd_client::{Compare, CompareOp, Txn, TxnOp};

use super::failover::Failure;
use super::write::WRITE_PATIENCE;
use super::{Cluster, READ_PATIENCE};
use crate::storage::document_store::{DocumentError, UsageName, Version, WriteError};

impl Cluster {
    pub(super) async fn find_usage(
        &self,
        name: &UsageName,
    ) -> Result<Option<(Bytes, Version)>, DocumentError> {
        let key = self.keys.usage(name);
        let found = self.members.ask(READ_PATIENCE, |mut keys| {
            let key = key.as_str();
            async move { keys.get(key, None).await }
        });
        let found = found.await.map_err(|failure| self.no_usage("read", &key, failure))?;
        let kv = found
            .answer
            .kvs()
            .first()
            .map(|kv| (Bytes::copy_from_slice(kv.value()), Version::of(kv.mod_revision())));
        Ok(kv)
    }

    /// A write that was done and not answered is found in its own way, and its uses in the record.
    pub(super) async fn replace_usage(
        &self,
        name: &UsageName,
        expected: &Version,
        bytes: &Bytes,
    ) -> Result<(), WriteError> {
        let key = self.keys.usage(name);
        // A key that is not there is of revision 0.
        let expected = expected.state::<i64>().copied().unwrap_or(0);
        let asked = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let change = Txn::new()
                .when([Compare::mod_revision(key.as_str(), CompareOp::Equal, expected)])
                .and_then([TxnOp::put(key.as_str(), bytes.to_vec(), None)]);
            async move { keys.txn(change).await }
        });
        match asked.await {
            Ok(reply) if reply.answer.succeeded() => Ok(()),
            Ok(_) => Err(WriteError::Conflict),
            Err(failure) => Err(WriteError::Refused(self.no_usage("write", &key, failure))),
        }
    }

    fn no_usage(&self, action: &'static str, key: &str, failure: Failure) -> DocumentError {
        let location = format!("{} (key {key})", self.place);
        DocumentError::Unreachable { action, location, source: failure.into() }
    }
}
