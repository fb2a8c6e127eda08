//! Changing documents in etcd, and finding out what became of a change that nobody answered.
//!
//! Each change compares the revision that made the document and writes the new document together
//! with an id of its own. Asking again is safe: of all that expect one revision, one is done. Where
//! an answer was lost and the repetition finds another document, the history is read back: the
//! change that was done on the expected revision has an id, and it is ours or it is not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use etcd_client::{Compare, CompareOp, GetOptions, KeyValue, Txn, TxnOp, TxnOpResponse};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::members::{Answer, Failure};
use super::revision::Known;
use super::{Cluster, is_new};
use crate::domain::TenantId;
use crate::storage::document_store::{CreateTenantError, DocumentError, Version, WriteError};

/// How long a change waits for an answer: long enough for the members to find a new leader.
const WRITE_PATIENCE: Duration = Duration::from_secs(8);
/// How many later changes of a document are looked through for one of ours.
const LATER_CHANGES: usize = 1000;

/// Ids of changes that nobody else gives.
#[derive(Debug)]
pub(super) struct WriteIds {
    process: [u8; 16],
    count: AtomicU64,
}

impl WriteIds {
    /// None where the system gives no random numbers.
    pub(super) fn new() -> Option<Self> {
        let mut process = [0; 16];
        SystemRandom::new().fill(&mut process).ok()?;
        Some(Self { process, count: AtomicU64::new(0) })
    }

    fn next(&self) -> Vec<u8> {
        let mut id = self.process.to_vec();
        id.extend(self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        id
    }
}

/// What a change came to.
enum Done {
    /// It was done at this revision.
    At(i64),
    /// It was not done: the document is another one, made by `0`, or not there.
    Not(Option<KeyValue>),
}

/// What a change expects.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// No key.
    Nothing,
    /// The key of a tenant without a document.
    New,
    /// The document that this revision made.
    MadeBy(i64),
}

impl Expected {
    fn compares(self, key: &str) -> Vec<Compare> {
        let equal = CompareOp::Equal;
        match self {
            Self::Nothing => vec![Compare::create_revision(key, equal, 0)],
            Self::New => {
                vec![Compare::version(key, equal, 1), Compare::value(key, equal, "")]
            }
            Self::MadeBy(revision) => vec![Compare::mod_revision(key, equal, revision)],
        }
    }

    /// Whether a state of the document is the expected one.
    fn is(self, state: &KeyValue) -> bool {
        match self {
            Self::Nothing => false,
            Self::New => is_new(state),
            Self::MadeBy(revision) => state.mod_revision() <= revision,
        }
    }
}

impl Cluster {
    /// Puts a document in the place of another.
    pub(super) async fn write(
        &self,
        tenant: &TenantId,
        expected: Version,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        let history = self.knowledge.history();
        let expected = match Known::of(&expected) {
            Some(known) => Expected::MadeBy(known.modified),
            None => Expected::New,
        };
        match self.change(tenant, expected, bytes).await {
            Ok(Done::At(revision)) => {
                Ok(Known { modified: revision, as_of: revision, history }.version())
            }
            Ok(Done::Not(Some(_))) => Err(WriteError::Conflict),
            Ok(Done::Not(None)) => Err(WriteError::NoSuchTenant),
            Err(failure) => {
                let in_doubt = failure.in_doubt;
                let error = self.refused(tenant, failure);
                Err(if in_doubt {
                    WriteError::Uncertain(error)
                } else {
                    WriteError::Refused(error)
                })
            }
        }
    }

    /// Makes the key of a tenant without a document.
    pub(super) async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        match self.change(tenant, Expected::Nothing, Bytes::new()).await {
            Ok(Done::At(_)) => Ok(()),
            Ok(Done::Not(_)) => Err(CreateTenantError::Exists),
            Err(failure) => Err(CreateTenantError::Failed(self.refused(tenant, failure))),
        }
    }

    async fn change(
        &self,
        tenant: &TenantId,
        expected: Expected,
        bytes: Bytes,
    ) -> Result<Done, Failure> {
        let key = self.keys.document(tenant);
        let id = self.write_ids.next();
        let asked = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let change = Txn::new()
                .when(expected.compares(&key))
                // The document first: whoever sees the second one of a revision saw the first.
                .and_then([
                    TxnOp::put(key.as_str(), bytes.to_vec(), None),
                    TxnOp::put(self.keys.changed(), id.clone(), None),
                ])
                .or_else([TxnOp::get(key.as_str(), Some(GetOptions::new().with_keys_only()))]);
            async move { keys.txn(change).await }
        });
        let Answer { answer, in_doubt } = asked.await.inspect_err(|failure| {
            if failure.is_out_of_space() {
                self.is_out_of_space.store(true, Ordering::Relaxed);
            }
        })?;
        let revision = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        if answer.succeeded() {
            self.is_out_of_space.store(false, Ordering::Relaxed);
            return Ok(Done::At(revision));
        }
        if in_doubt && let Some(revision) = self.find_own(&key, expected, &id).await? {
            return Ok(Done::At(revision));
        }
        let found = answer.op_responses().into_iter().next().and_then(|response| match response {
            TxnOpResponse::Get(mut found) => found.take_kvs().pop(),
            TxnOpResponse::Put(_) | TxnOpResponse::Delete(_) | TxnOpResponse::Txn(_) => None,
        });
        Ok(Done::Not(found))
    }

    /// The revision of our own change, if that is the one that was done on what it expected.
    async fn find_own(
        &self,
        key: &str,
        expected: Expected,
        id: &[u8],
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
                    changed.mod_revision() == first.mod_revision() && changed.value() == id
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

    /// A key as of a revision, or now. What was compacted away is a failure in doubt.
    async fn as_of(&self, key: &str, revision: i64) -> Result<Option<KeyValue>, Failure> {
        let found = self.members.ask(WRITE_PATIENCE, |mut keys| {
            let options = GetOptions::new().with_revision(revision);
            async move { keys.get(key, Some(options)).await }
        });
        Ok(found.await.map_err(Failure::in_doubt)?.answer.take_kvs().pop())
    }

    fn refused(&self, tenant: &TenantId, failure: Failure) -> DocumentError {
        let location = self.locate(tenant);
        if failure.is_too_large() {
            let reason = "is larger than a request to etcd may be; raise etcd's \
                          --max-request-bytes, or part the tenant's keys";
            return DocumentError::NotReplaceable { location, reason };
        }
        self.unreachable("write", tenant, failure)
    }
}
