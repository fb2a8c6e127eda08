//! Changes that a node has seen: which documents it knows without asking, and up to when.
//!
//! A version carries the watch under which its document was read, and the revision as of which. It is
//! vouched for while that watch goes on and no change of the tenant after that revision was seen,
//! provided that the watch was proven complete a short while ago. Changes are kept by a hash of the
//! tenant, so that what is known needs no room a tenant; that two tenants share a place costs a read,
//! never a stale answer.
//!
//! Invariants: only the watch moves knowledge on; a watch is within one history of etcd, since etcd
//! cannot be set back while a connection to a member lasts. What was read under one watch is not
//! vouched for under another before etcd confirmed it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::version::EtcdVersion;
use crate::storage::boot_time::BootTime;

/// Places for changes.
const PLACES: usize = 1 << 16;

/// The changes that were seen, and up to when all were.
#[derive(Debug)]
pub(super) struct ChangeTracker {
    max_staleness: Duration,
    /// Counts the watches.
    watch: AtomicU64,
    /// The revision from which on every change is seen.
    since: AtomicI64,
    /// The newest revision of which the changes were seen.
    seen: AtomicI64,
    /// The moment up to which all changes were seen.
    proven: AtomicU64,
    /// The newest change seen of a tenant with this hash.
    changed: Box<[AtomicI64]>,
}

impl ChangeTracker {
    /// Nothing is known.
    pub(super) fn none(max_staleness: Duration) -> Self {
        Self {
            max_staleness,
            watch: AtomicU64::new(1),
            since: AtomicI64::new(i64::MAX),
            seen: AtomicI64::new(0),
            proven: AtomicU64::new(BootTime::NEVER.to_number()),
            changed: (0..PLACES).map(|_| AtomicI64::new(0)).collect(),
        }
    }

    /// How old knowledge may be that is served.
    pub(super) fn max_staleness(&self) -> Duration {
        self.max_staleness
    }

    /// Whether the tenant's document is surely the one of this version, but for changes younger than
    /// the bound.
    pub(super) fn vouches_for(&self, tenant: &str, known: &EtcdVersion) -> bool {
        !self.max_staleness.is_zero()
            && self.age() <= self.max_staleness
            && known.watch == self.watch()
            && known.as_of >= self.since.load(Ordering::Acquire)
            && self.place(tenant).load(Ordering::Acquire) <= known.as_of
    }

    /// How old the knowledge is.
    pub(super) fn age(&self) -> Duration {
        BootTime::from_number(self.proven.load(Ordering::Acquire)).age()
    }

    /// The watch that versions belong to now.
    pub(super) fn watch(&self) -> u64 {
        self.watch.load(Ordering::Acquire)
    }

    /// The newest revision of which the changes were seen.
    pub(super) fn seen(&self) -> i64 {
        self.seen.load(Ordering::Acquire)
    }

    /// Nothing is vouched for any more.
    pub(super) fn lose(&self) {
        self.proven.store(BootTime::NEVER.to_number(), Ordering::Release);
        self.since.store(i64::MAX, Ordering::Release);
        self.watch.fetch_add(1, Ordering::AcqRel);
    }

    /// Another watch sees every change from this revision on. What is known of older ones has to be
    /// confirmed.
    pub(super) fn begin(&self, revision: i64) {
        self.since.store(i64::MAX, Ordering::Release);
        self.watch.fetch_add(1, Ordering::AcqRel);
        for place in &self.changed {
            place.store(0, Ordering::Release);
        }
        self.seen.store(revision, Ordering::Release);
        self.since.store(revision, Ordering::Release);
    }

    /// A tenant's document changed.
    pub(super) fn change(&self, tenant: &str, revision: i64) {
        self.place(tenant).fetch_max(revision, Ordering::AcqRel);
    }

    /// The changes up to this revision were seen.
    pub(super) fn see(&self, revision: i64) {
        self.seen.fetch_max(revision, Ordering::AcqRel);
    }

    /// All changes before this moment were seen.
    pub(super) fn prove(&self, moment: BootTime) {
        self.proven.fetch_max(moment.to_number(), Ordering::AcqRel);
    }

    fn place(&self, tenant: &str) -> &AtomicI64 {
        let mut hasher = DefaultHasher::new();
        tenant.hash(&mut hasher);
        // The remainder is below the number of places.
        &self.changed[usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::ChangeTracker;
    use crate::storage::boot_time::BootTime;
    use crate::storage::etcd::version::EtcdVersion;

    fn known(changes: &ChangeTracker, as_of: i64) -> EtcdVersion {
        EtcdVersion { modified: as_of, as_of, watch: changes.watch(), id: None }
    }

    #[test]
    fn what_did_not_change_since_it_was_read_is_vouched_for() {
        let changes = ChangeTracker::none(Duration::from_secs(60));
        let before = known(&changes, 10);
        assert!(!changes.vouches_for("a", &before), "before anything was proven");
        changes.begin(10);
        let early = known(&changes, 10);
        assert!(!changes.vouches_for("a", &early), "before anything was proven");
        changes.prove(BootTime::now());
        assert!(changes.vouches_for("a", &early));
        assert!(!changes.vouches_for("a", &before), "read under no watch");
        assert!(!changes.vouches_for("a", &known(&changes, 9)), "read before the watch began");
        changes.change("a", 11);
        changes.see(11);
        assert!(!changes.vouches_for("a", &early));
        assert!(changes.vouches_for("b", &early));
        assert!(changes.vouches_for("a", &known(&changes, 11)));
    }

    #[test]
    fn nothing_that_was_read_under_one_watch_is_vouched_for_under_another() {
        let changes = ChangeTracker::none(Duration::from_secs(60));
        changes.begin(10);
        changes.prove(BootTime::now());
        let before = known(&changes, 12);
        assert!(changes.vouches_for("a", &before));
        changes.change("b", 20);
        changes.begin(11);
        changes.prove(BootTime::now());
        assert!(!changes.vouches_for("a", &before), "it may be of another history");
        assert!(changes.vouches_for("a", &known(&changes, 11)));
        assert!(changes.vouches_for("b", &known(&changes, 11)), "another history's change");
        let now = known(&changes, 11);
        changes.lose();
        assert!(!changes.vouches_for("a", &now));
    }

    #[test]
    fn knowledge_grows_old() {
        let changes = ChangeTracker::none(Duration::from_nanos(1));
        changes.begin(1);
        changes.prove(BootTime::now());
        let known_now = known(&changes, 1);
        while changes.age() <= Duration::from_nanos(1) {}
        assert!(!changes.vouches_for("a", &known_now));
        let linearizable = ChangeTracker::none(Duration::ZERO);
        linearizable.begin(1);
        linearizable.prove(BootTime::now());
        assert!(!linearizable.vouches_for("a", &known(&linearizable, 1)));
    }
}
