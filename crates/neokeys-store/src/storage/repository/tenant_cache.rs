//! The tenants that are in memory: loaded when first asked for, dropped by least use when their
//! documents need more room than there is.
//!
//! Who finds a tenant waits for nobody and writes to nothing that others read: the map is one that
//! readers do not lock, and a tenant's use is noted only where it is not noted yet.
//!
//! `ARCHITECTURE.md` (Caches of our own) compares this with the libraries for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use papaya::ResizeMode;

use super::footprint::Footprint;
use super::loaded_tenant::LoadedTenant;
use crate::domain::{KeyEnds, TenantId, Timestamp};

/// Tenants in memory.
#[derive(Debug)]
pub(super) struct TenantCache {
    /// Bytes that the documents may have together.
    room: u64,
    loaded: papaya::HashMap<TenantId, Arc<LoadedTenant>, RandomState>,
    /// The footprints of their documents. Held by who weighs a tenant or drops one: a tenant that is
    /// dropped is weighed no more.
    footprints: Mutex<Footprints>,
    /// Counts the loads: the clock by which use is told.
    loads: AtomicU64,
}

#[derive(Debug, Default)]
struct Footprints {
    of: HashMap<TenantId, Footprint>,
    total: Footprint,
}

impl Footprints {
    fn exchange(&mut self, id: &TenantId, now: Option<Footprint>) {
        let before = match now {
            Some(now) => self.of.insert(id.clone(), now),
            None => self.of.remove(id),
        };
        self.total += now.unwrap_or_default();
        self.total -= before.unwrap_or_default();
    }
}

impl TenantCache {
    /// No tenants, and room for documents of so many bytes.
    pub(super) fn new(room: u64) -> Self {
        Self {
            room,
            // A map that is between two sizes is searched in both until it is written to again.
            loaded: papaya::HashMap::builder()
                .hasher(RandomState::default())
                .resize_mode(ResizeMode::Blocking)
                .build(),
            footprints: Mutex::default(),
            loads: AtomicU64::new(0),
        }
    }

    /// Looks something up in a tenant, if it is in memory.
    pub(super) fn find<T>(
        &self,
        id: &TenantId,
        found: impl FnOnce(&LoadedTenant) -> T,
    ) -> Option<T> {
        let loaded = self.loaded.pin();
        let tenant = loaded.get(id)?;
        self.note_use(tenant);
        Some(found(tenant))
    }

    /// A tenant, in memory from now on.
    pub(super) fn get(&self, id: &TenantId) -> Arc<LoadedTenant> {
        let loaded = self.loaded.pin();
        let known = loaded.get(id);
        let tenant = known.unwrap_or_else(|| {
            loaded.get_or_insert_with(id.clone(), || Arc::new(LoadedTenant::new(id.clone())))
        });
        self.note_use(tenant);
        Arc::clone(tenant)
    }

    /// A tenant that is asked for again and again is not written to.
    fn note_use(&self, tenant: &LoadedTenant) {
        let now = self.loads.load(Ordering::Relaxed);
        if tenant.used.load(Ordering::Relaxed) != now {
            tenant.used.store(now, Ordering::Relaxed);
        }
    }

    fn footprints(&self) -> MutexGuard<'_, Footprints> {
        // Nothing between the steps of a change can panic.
        self.footprints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps nothing of a tenant.
    pub(super) fn forget(&self, id: &TenantId) {
        self.drop_tenant(&mut self.footprints(), id);
    }

    fn drop_tenant(&self, footprints: &mut Footprints, id: &TenantId) {
        self.loaded.pin().remove(id);
        footprints.exchange(id, None);
    }

    /// The number of tenants in memory, and the footprint of their documents.
    pub(super) fn footprint(&self) -> (usize, Footprint) {
        (self.loaded.len(), self.footprints().total)
    }

    /// How soon the keys in memory end.
    pub(super) fn key_ends(&self, now: Timestamp) -> KeyEnds {
        let mut ends = KeyEnds::default();
        for tenant in self.loaded.pin().values() {
            let snapshot = tenant.latest.look();
            let document = snapshot.as_ref().and_then(|snapshot| snapshot.document.as_ref());
            for key in document.iter().flat_map(|document| document.keyring().keys()) {
                ends.count(key, now);
            }
        }
        ends
    }

    /// A tenant's document has so much now. Where that is too much for all together, those
    /// used least lately go.
    pub(super) fn weigh(&self, tenant: &Arc<LoadedTenant>, document: Footprint) {
        let mut footprints = self.footprints();
        // One that was dropped meanwhile goes when its last user does.
        if !self.loaded.pin().get(&tenant.id).is_some_and(|there| Arc::ptr_eq(there, tenant)) {
            return;
        }
        self.loads.fetch_add(1, Ordering::Relaxed);
        footprints.exchange(&tenant.id, Some(document));
        if footprints.total.bytes > self.room {
            self.make_room(&mut footprints, tenant);
        }
    }

    /// Drops a tenth more than it must, so that the next load need not do it again.
    fn make_room(&self, footprints: &mut Footprints, keep: &LoadedTenant) {
        let mut by_use: Vec<(u64, TenantId)> = self
            .loaded
            .pin()
            .iter()
            .filter(|(_, tenant)| !std::ptr::eq(&***tenant, keep) && !tenant.queue().has_writer)
            .map(|(id, tenant)| (tenant.used.load(Ordering::Relaxed), id.clone()))
            .collect();
        by_use.sort_unstable();
        let enough = self.room - self.room / 10;
        for (_, id) in by_use {
            if footprints.total.bytes <= enough {
                break;
            }
            self.drop_tenant(footprints, &id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::{Footprint, TenantCache};
    use crate::domain::TenantId;

    #[test]
    fn who_finds_a_tenant_waits_for_nobody_who_weighs_or_drops_one() {
        let tenants = TenantCache::new(0);
        let id = TenantId::parse("a").unwrap();
        tenants.get(&id);
        let _weighing = tenants.footprints();
        assert!(tenants.find(&id, |_| ()).is_some());
        assert!(tenants.find(&TenantId::parse("b").unwrap(), |_| ()).is_none());
    }

    #[test]
    fn what_is_dropped_and_weighed_at_once_leaves_no_weight() {
        let tenants = TenantCache::new(1_000);
        let one = Footprint { bytes: 90, keys: 1, faulty: 1 };
        std::thread::scope(|threads| {
            for turn in 0..4 {
                let tenants = &tenants;
                threads.spawn(move || {
                    for number in 0..2_000 {
                        let id = TenantId::parse(&format!("t{}", (number + turn) % 20)).unwrap();
                        let tenant = tenants.get(&id);
                        tenants.weigh(&tenant, one);
                        if number % 3 == 0 {
                            tenants.forget(&id);
                        }
                    }
                });
            }
        });
        let (loaded, all) = tenants.footprint();
        let ids: Vec<_> = tenants.loaded.pin().keys().cloned().collect();
        assert_eq!(ids.len(), loaded);
        assert!(all.bytes <= 1_000, "{all:?}");
        assert!(tenants.loads.load(Ordering::Relaxed) > 0);
        ids.iter().for_each(|id| tenants.forget(id));
        assert_eq!(tenants.footprint(), (0, Footprint::default()));
    }

    #[test]
    fn what_was_used_least_lately_goes_when_room_is_short() {
        let tenants = TenantCache::new(300);
        let id = |name: &str| TenantId::parse(name).unwrap();
        let is_there = |name: &str| tenants.find(&id(name), |_| ()).is_some();
        let of = |bytes| Footprint { bytes, keys: 1, faulty: 0 };
        for name in ["a", "b", "c"] {
            let tenant = tenants.get(&id(name));
            tenants.weigh(&tenant, of(90));
        }
        assert!(is_there("a"));
        let tenant = tenants.get(&id("d"));
        tenants.weigh(&tenant, of(90));
        assert!(!is_there("b"));
        assert!(is_there("a") && is_there("d"));
        let huge = tenants.get(&id("huge"));
        tenants.weigh(&huge, of(1000));
        assert!(is_there("huge") && !is_there("d"));
        tenants.forget(&id("huge"));
        let small = tenants.get(&id("small"));
        tenants.weigh(&small, of(1));
        assert!(is_there("small"));
        assert_eq!(tenants.footprint(), (1, of(1)));
    }
}
