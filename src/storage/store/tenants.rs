//! The tenants that are in memory: loaded when first asked for, dropped by least use when their
//! documents need more room than there is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::tenant::Tenant;
use super::weight::{Weighed, Weight};
use crate::domain::TenantId;

/// Tenants in memory.
#[derive(Debug)]
pub(super) struct Tenants {
    /// Bytes that the documents may have together.
    room: u64,
    loaded: RwLock<HashMap<TenantId, Arc<Tenant>>>,
    /// What they have together.
    weight: Weight,
    /// Counts the loads: the clock by which use is told.
    loads: AtomicU64,
}

impl Tenants {
    /// No tenants, and room for documents of so many bytes.
    pub(super) fn new(room: u64) -> Self {
        Self {
            room,
            loaded: RwLock::default(),
            weight: Weight::default(),
            loads: AtomicU64::new(0),
        }
    }

    /// A tenant in memory.
    pub(super) fn find(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        let tenant = self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()?;
        tenant.used.store(self.loads.load(Ordering::Relaxed), Ordering::Relaxed);
        Some(tenant)
    }

    /// A tenant, in memory from now on.
    pub(super) fn get(&self, id: &TenantId) -> Arc<Tenant> {
        self.find(id).unwrap_or_else(|| {
            let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
            let tenant = loaded.entry(id.clone()).or_default();
            tenant.used.store(self.loads.load(Ordering::Relaxed), Ordering::Relaxed);
            Arc::clone(tenant)
        })
    }

    /// Keeps nothing of a tenant.
    pub(super) fn forget(&self, id: &TenantId) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = loaded.remove(id) {
            self.weight.lose(&tenant.weight);
        }
    }

    /// How many tenants are in memory, and what their documents have together.
    pub(super) fn weighed(&self) -> (usize, Weighed) {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner).len();
        (loaded, self.weight.get())
    }

    /// A tenant's document has so much now. Where that is too much for all together, those
    /// used least lately go.
    pub(super) fn weigh(&self, id: &TenantId, tenant: &Arc<Tenant>, document: Weighed) {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        // One that was dropped meanwhile goes when its last user does.
        if !loaded.get(id).is_some_and(|there| Arc::ptr_eq(there, tenant)) {
            return;
        }
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.weight.exchange(&tenant.weight, document);
        drop(loaded);
        if self.weight.get().bytes > self.room {
            self.make_room(tenant);
        }
    }

    /// Drops a tenth more than it must, so that the next load need not do it again.
    fn make_room(&self, keep: &Tenant) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let mut by_use: Vec<(u64, TenantId)> = loaded
            .iter()
            .filter(|(_, tenant)| !std::ptr::eq(&***tenant, keep) && !tenant.queue().has_writer)
            .map(|(id, tenant)| (tenant.used.load(Ordering::Relaxed), id.clone()))
            .collect();
        by_use.sort_unstable();
        let enough = self.room - self.room / 10;
        for (_, id) in by_use {
            if self.weight.get().bytes <= enough {
                break;
            }
            if let Some(tenant) = loaded.remove(&id) {
                self.weight.lose(&tenant.weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tenants, Weighed};
    use crate::domain::TenantId;

    #[test]
    fn what_was_used_least_lately_goes_when_room_is_short() {
        let tenants = Tenants::new(300);
        let id = |name: &str| TenantId::parse(name).unwrap();
        let of = |bytes| Weighed { bytes, keys: 1, faulty: 0 };
        for name in ["a", "b", "c"] {
            let tenant = tenants.get(&id(name));
            tenants.weigh(&id(name), &tenant, of(90));
        }
        assert!(tenants.find(&id("a")).is_some());
        let tenant = tenants.get(&id("d"));
        tenants.weigh(&id("d"), &tenant, of(90));
        assert!(tenants.find(&id("b")).is_none());
        assert!(tenants.find(&id("a")).is_some() && tenants.find(&id("d")).is_some());
        let huge = tenants.get(&id("huge"));
        tenants.weigh(&id("huge"), &huge, of(1000));
        assert!(tenants.find(&id("huge")).is_some() && tenants.find(&id("d")).is_none());
        tenants.forget(&id("huge"));
        let small = tenants.get(&id("small"));
        tenants.weigh(&id("small"), &small, of(1));
        assert!(tenants.find(&id("small")).is_some());
        assert_eq!(tenants.weighed(), (1, of(1)));
    }
}
