//! Changing documents in etcd, and finding out what became of a change that nobody answered.
//!
//! Each change compares the revision that made the document and writes the new document together
//! with an id of its own. Asking again is safe: of all that expect one revision, one is done. Where
//! an answer was lost and the repetition finds another document, the history is read back: the
//! change that was done on the expected revision has an id, and it is ours or it is not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use etcd_client::{
    Compare, CompareOp, GetOptions, KeyValue, Txn, TxnOp, TxnOpResponse, TxnResponse,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::failover::{Failure, Reply};
use super::version::EtcdVersion;
use super::{Cluster, is_new};
use crate::domain::TenantId;
use crate::storage::document_store::{DocumentError, LogEntry, Version, WriteError};
use crate::storage::remote::RemoteDocuments as _;
use crate::storage::write_ids::WriteId;

/// How long a change waits for an answer: long enough for the members to find a new leader.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(8);
/// How many later changes of a document are looked through for one of ours.
const LATER_CHANGES: usize = 1000;
/// How often an etcd that was out of space is asked whether it still is.
const SPACE_PAUSE: Duration = Duration::from_secs(1);

/// The outcome of a change.
pub(super) enum ChangeOutcome {
    /// It was done at this revision.
    At(i64),
    /// It was not done: the document is another one, made by `0`, or not there.
    Not(Option<KeyValue>),
}

/// The state that a change expects.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// No key.
    Nothing,
    /// The key of a tenant without a document.
    New,
    /// The document that this revision made, and this write if it was one of ours.
    MadeBy(i64, Option<WriteId>),
}

impl Expected {
    pub(super) fn of(version: &Version) -> Self {
        match version.state::<EtcdVersion>() {
            Some(known) => Self::MadeBy(known.modified, known.id),
            None => Self::New,
        }
    }

    /// The comparisons with the key of the document and the one of the write that made it.
    pub(super) fn compares(self, key: &str, written: &str) -> Vec<Compare> {
        let equal = CompareOp::Equal;
        match self {
            Self::Nothing => vec![Compare::create_revision(key, equal, 0)],
            Self::New => {
                vec![Compare::version(key, equal, 1), Compare::value(key, equal, "")]
            }
            Self::MadeBy(revision, id) => {
                let is_that_write = id.map(|id| Compare::value(written, equal, id.to_bytes()));
                let is_that_revision = Compare::mod_revision(key, equal, revision);
                std::iter::once(is_that_revision).chain(is_that_write).collect()
            }
        }
    }

    /// Whether a state of the document is the expected one.
    fn is(self, state: &KeyValue) -> bool {
        match self {
            Self::Nothing => false,
            Self::New => is_new(state),
            Self::MadeBy(revision, _) => state.mod_revision() <= revision,
        }
    }
}

impl Cluster {
    pub(super) fn failed(&self, tenant: &TenantId, failure: Failure) -> WriteError {
        let in_doubt = failure.in_doubt;
        WriteError::of(self.refused(tenant, failure), in_doubt)
    }

    pub(super) async fn change(
        &self,
        tenant: &TenantId,
        expected: Expected,
        bytes: Bytes,
        id: WriteId,
        entry: Option<&LogEntry>,
    ) -> Result<ChangeOutcome, Failure> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        let (key, written) = (self.keys.document(tenant), self.keys.written(tenant));
        let asked = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let log = entry.map(|entry| self.log_change(tenant, entry));
            let (is_next, lines) = log.map(|it| (it.is_next, it.puts)).unzip();
            let mut compares = expected.compares(&key, &written);
            compares.extend(is_next);
            // The document first: whoever sees another one of a revision saw it.
            let mut puts = vec![
                TxnOp::put(key.as_str(), bytes.to_vec(), None),
                TxnOp::put(written.as_str(), id.to_bytes(), None),
                TxnOp::put(self.keys.changed(), id.to_bytes(), None),
            ];
            puts.extend(lines.into_iter().flatten());
            let change = Txn::new()
                .when(compares)
                .and_then(puts)
                .or_else([TxnOp::get(key.as_str(), Some(GetOptions::new().with_keys_only()))]);
            async move { keys.txn(change).await }
        });
        let Reply { answer, in_doubt } = asked.await.inspect_err(|failure| {
            if failure.is_out_of_space() {
                self.is_out_of_space.store(true, Ordering::Relaxed);
            }
        })?;
        let revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        if answer.succeeded() {
            self.is_out_of_space.store(false, Ordering::Relaxed);
            return Ok(ChangeOutcome::At(revision));
        }
        if in_doubt {
            let found = timeout_at(deadline, self.find_own(&key, expected, id)).await;
            if let Some(revision) = found.unwrap_or_else(|_elapsed| Err(Failure::lost()))? {
                return Ok(ChangeOutcome::At(revision));
            }
        }
        Ok(ChangeOutcome::Not(found(&answer)))
    }

    /// The revision of our own change, if that is the one that was done on what it expected.
    async fn find_own(
        &self,
        key: &str,
        expected: Expected,
        id: WriteId,
    ) -> Result<Option<i64>, Failure> {
        let mut as_of = 0;
        let mut after: Option<KeyValue> = None;
        for _ in 0..LATER_CHANGES {
            let state = self.as_of(key, as_of).await?;
            let is_first = match (&state, &after) {
                (None, Some(_)) if matches!(expected, Expected::Nothing) => true,
                // Whoever took the tenant away took our change with it, if it was done.
                (None, _) => return Err(Failure::lost()),
                (Some(state), _) => expected.is(state),
            };
            if is_first {
                // Nothing was done on what was expected: then ours was not either.
                let Some(first) = after else { return Ok(None) };
                let changed = self.as_of(&self.keys.changed(), first.mod_revision()).await?;
                let is_own = changed.is_some_and(|changed| {
                    changed.mod_revision() == first.mod_revision()
                        && WriteId::of_bytes(changed.value()) == Some(id)
                });
                return Ok(is_own.then(|| first.mod_revision()));
            }
            let Some(state) = state else { return Err(Failure::lost()) };
            as_of = state.mod_revision() - 1;
            if as_of == 0 {
                return Err(Failure::lost());
            }
            after = Some(state);
        }
        Err(Failure::lost())
    }

    /// Finds out, while etcd is out of space, when it no longer is: nothing is written, but room for
    /// it is asked for.
    pub(super) async fn watch_space(&self) {
        loop {
            sleep(SPACE_PAUSE).await;
            if !self.is_out_of_space.load(Ordering::Relaxed) {
                continue;
            }
            let key = self.keys.changed();
            let asked = self.members.ask(WRITE_PATIENCE, |mut keys| {
                // No key has a version below zero.
                let never = Compare::version(key.as_str(), CompareOp::Less, 0);
                let put = TxnOp::put(key.as_str(), Vec::new(), None);
                let probe = Txn::new().when([never]).and_then([put]);
                async move { keys.txn(probe).await }
            });
            if asked.await.is_ok() {
                self.is_out_of_space.store(false, Ordering::Relaxed);
                tracing::info!(store = self.place, "etcd takes changes again");
            }
        }
    }

    /// A key as of a revision, or now. What was compacted away is a failure in doubt.
    pub(super) async fn as_of(
        &self,
        key: &str,
        revision: i64,
    ) -> Result<Option<KeyValue>, Failure> {
        let found = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let options = GetOptions::new().with_revision(revision);
            async move { keys.get(key, Some(options)).await }
        });
        Ok(found.await.map_err(Failure::in_doubt)?.answer.take_kvs().pop())
    }

    pub(super) fn refused(&self, tenant: &TenantId, failure: Failure) -> DocumentError {
        let location = self.locate(tenant);
        if failure.is_too_large() {
            let reason = "is larger than a request to etcd may be; raise etcd's \
                          --max-request-bytes, or part the tenant's keys";
            return DocumentError::NotReplaceable { location, reason };
        }
        self.unreachable("write", tenant, failure)
    }
}

/// The document that stood against a change.
pub(super) fn found(answer: &TxnResponse) -> Option<KeyValue> {
    answer.op_responses().into_iter().next().and_then(|response| match response {
        TxnOpResponse::Get(mut found) => found.take_kvs().pop(),
        TxnOpResponse::Put(_) | TxnOpResponse::Delete(_) | TxnOpResponse::Txn(_) => None,
    })
}
