//! The repository of keys: where keyrings come from and where edits go.

use std::collections::HashSet;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::refused_change::RefusedChange;
use super::{
    ApiKey, Digest, EditError, EntityTag, Initiator, Keyring, KeyringEdit, MaybeReady, Minute,
    Precondition, Right, RightError, TenantId, Usage,
};

/// The keys of every tenant.
///
/// A keyring that is handed out is fresh: it holds whatever was acknowledged, by anyone, before the
/// call, or, where several machines share the store, earlier than its bound of staleness before the
/// call. A commit that is acknowledged is durable, and every later call sees it.
pub trait KeyRepository: Send + Sync {
    /// The tenant's keys as they are now. Ready at once where the repository knows that nothing
    /// changed.
    fn get_keyring<'a>(&'a self, tenant: &'a TenantId) -> KeyringFuture<'a>;

    /// Takes the steps that a tenant which is not there would have taken beyond those of this one, which
    /// is: a refusal says nothing of which of the two it was, and so does the work that it makes.
    fn feign_absence(&self, tenant: &TenantId) {
        let _ = tenant;
    }

    /// Takes note that a token was used in a minute, which [`LastUse::note`](super::LastUse::note) found
    /// to be worth telling. It is written down by and by.
    fn note_use(&self, tenant: &TenantId, token: &Digest, minute: Minute) {
        let _ = (tenant, token, minute);
    }

    /// When the tenant's tokens were used last, by this process and, as far as they have written it
    /// down, by others.
    fn usage<'a>(&'a self, tenant: &'a TenantId) -> UsageFuture<'a> {
        let _ = tenant;
        UsageFuture::ready(Ok(Usage::since(Minute::default())))
    }

    /// The tenants there are, in order.
    fn tenants(&self) -> TenantsFuture<'_>;

    /// The tenants that may have a token of one of these digests.
    fn find_holders(&self, digests: HashSet<Digest>) -> HoldersFuture {
        drop(digests);
        Box::pin(async { Ok(Holders { tenants: Vec::new(), is_complete: true }) })
    }

    /// Does one edit, durably, on the keyring as it is when its turn comes. An edit that was not begun
    /// when its caller stops waiting is not done; one that was goes on to its end.
    fn commit(&self, commit: Commit) -> CommitFuture;

    /// The same for a caller who may go meanwhile: an edit that still waits for its turn then is not
    /// done. One whose turn comes at once is, and so is one that was begun. A repository in which nobody
    /// waits need not look.
    fn commit_unless_gone(&self, commit: Commit, gone: CallerGone) -> CommitFuture {
        drop(gone);
        self.commit(commit)
    }

    /// Records by and by a change that was refused before it was asked for. A repository that keeps no record
    /// lets it go.
    fn note_refusal(&self, refused: RefusedChange) {
        drop(refused);
    }

    /// The faults that limit the store, for readiness.
    fn health(&self) -> StoreHealth;
}

/// An edit with where it goes, what must hold, and by what right it is made.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Whose keys.
    pub tenant: TenantId,
    /// The edit.
    pub edit: KeyringEdit,
    /// The edits that are made with it, or not at all.
    pub together: Option<Together>,
    /// The condition that must hold of the key or list when the change is made.
    pub precondition: Precondition,
    /// The right to it when its turn comes.
    pub right: Right,
    /// Who asks for it, for the record.
    pub initiator: Initiator,
    /// Since when whoever asks for it waits: its time runs from then.
    pub asked_at: Instant,
}

/// Edits of one plan beyond its first: all are made with it, one after another, or none is.
#[derive(Debug, Clone)]
pub struct Together {
    /// The state of all keys with their details that the plan was made on.
    pub on: EntityTag,
    /// The other edits.
    pub edits: Vec<KeyringEdit>,
}

/// The outcome of a commit.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The key as it is now, or as it was before it went.
    pub key: Arc<ApiKey>,
}

/// A keyring that is often there already: reading one that did not change costs no allocation.
pub type KeyringFuture<'a> = MaybeReady<'a, Result<Arc<Keyring>, ReadError>>;

/// The last uses of a tenant's tokens.
pub type UsageFuture<'a> = MaybeReady<'a, Result<Usage, Unavailable>>;

/// All tenants.
pub type TenantsFuture<'a> = MaybeReady<'a, Result<Vec<TenantId>, Unavailable>>;

/// The tenants that may have some tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holders {
    /// Every tenant that has one of them, and others perhaps.
    pub tenants: Vec<TenantId>,
    /// Whether every tenant's document could be searched.
    pub is_complete: bool,
}

/// A search for the tenants that have some tokens.
pub type HoldersFuture = Pin<Box<dyn Future<Output = Result<Holders, Unavailable>> + Send>>;

/// Ready once the caller has gone.
pub type CallerGone = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A commit under way.
pub type CommitFuture = Pin<Box<dyn Future<Output = Result<Committed, CommitError>> + Send>>;

/// Why a tenant's keys cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// The document cannot be read, and no good version of it is known.
    #[error("the tenant's keys cannot be read")]
    Unavailable(#[source] Unavailable),
}

/// Why a commit was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoSuchTenant,
    /// The caller has lost the right to the edit since its request began.
    #[error("the change is not made")]
    NotAllowed(#[from] RightError),
    /// The edit cannot be done on the keys as they are.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The document cannot be changed without touching more of it than the key. Nothing was
    /// written.
    #[error("the document cannot be edited safely at line {line}: {reason}")]
    NotEditable {
        /// Where the reason stands, counted from 1.
        line: u64,
        /// The obstacle and how to remove it.
        reason: String,
    },
    /// Nothing was written: the document is not readable, not writable, or the disk is full.
    #[error("the change was not written")]
    Unavailable(#[source] Unavailable),
    /// Nothing was written: the caller went while the change waited for its turn.
    #[error("the client has gone before its change had its turn")]
    CallerGone,
    /// The change may or may not last: the disk would not say that it is safe.
    #[error("whether the change lasts is not known")]
    Uncertain(#[source] Unavailable),
}

/// The chain of causes below the repository, shared by all who waited for the same thing.
#[derive(Debug, Clone)]
pub struct Unavailable {
    cause: Arc<dyn Error + Send + Sync>,
    remedy: Remedy,
}

/// A remedy where something is not available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// It may work in a moment.
    TryAgain,
    /// It works once the store answers, which does not.
    ReachStore,
    /// It works once what this sentence says is over. Callers may read it.
    TryLater(&'static str),
    /// It works once whoever is writing the document is done.
    WaitForEditor,
    /// It works once somebody has corrected the document, which is no YAML.
    CorrectDocument,
    /// It stays so until an operator does what this sentence says. Callers may read it: it names no
    /// path.
    Mend(Arc<str>),
}

impl Remedy {
    /// The words of [`ReachStore`](Self::ReachStore) for who runs the store.
    pub const REACH_STORE: &'static str =
        "check that the store runs and can be reached at its address, then try again";
}

impl Unavailable {
    /// Wraps a cause that may pass.
    pub fn new(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::with_remedy(cause, Remedy::TryAgain)
    }

    /// Wraps a cause with what helps.
    pub(crate) fn with_remedy(cause: impl Error + Send + Sync + 'static, remedy: Remedy) -> Self {
        Self { cause: Arc::new(cause), remedy }
    }

    /// The remedy.
    #[must_use]
    pub fn remedy(&self) -> &Remedy {
        &self.remedy
    }

    /// The cause, if it is of this kind.
    #[must_use]
    pub fn find<E: Error + 'static>(&self) -> Option<&E> {
        self.cause.downcast_ref()
    }

    /// Whether the cause is one of this kind.
    #[must_use]
    pub fn is<E: Error + 'static>(&self) -> bool {
        self.cause.is::<E>()
    }
}

impl std::fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cause.fmt(formatter)
    }
}

impl Error for Unavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

/// The health of a store. Without faults when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreHealth {
    /// This node does not reach the store, which others may: whoever spreads requests over several
    /// nodes does well to leave it out.
    pub is_cut_off: bool,
    /// How old what this node knows of the store is: nothing where it always asks.
    pub knowledge_age: Duration,
    /// One sentence a kind of fault. Anybody may read them: they name no tenant.
    pub faults: Vec<String>,
}
