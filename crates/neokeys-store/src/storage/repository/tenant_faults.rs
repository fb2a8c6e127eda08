//! Tenants whose document or log cannot be read or written now, and since when: logged once when that begins and
//! when it ends, and counted for health.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{StoreHealth, TenantId};

/// The faults there are now.
#[derive(Debug, Default)]
pub(super) struct TenantFaults(Mutex<BTreeMap<(TenantId, FaultKind), Fault>>);

/// A fault, and since when there is one.
#[derive(Debug)]
struct Fault {
    told: String,
    since: Instant,
}

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FaultKind {
    /// Its document cannot be read.
    Reading,
    /// Its document could not be written safely.
    Writing,
    /// Its audit log cannot be written.
    Recording,
    /// Its document was asked for, and did not come in time.
    Answering,
}

impl TenantFaults {
    /// Something does not work.
    pub(super) fn begin(&self, tenant: &TenantId, kind: FaultKind, fault: String) {
        let mut faults = self.faults();
        let known = faults.get(&(tenant.clone(), kind));
        if known.is_none_or(|known| known.told != fault) {
            tracing::error!(tenant.id = %tenant, fault, "tenant document cannot be read or written");
            let since = known.map_or_else(Instant::now, |known| known.since);
            faults.insert((tenant.clone(), kind), Fault { told: fault, since });
        }
    }

    /// It works again.
    pub(super) fn end(&self, tenant: &TenantId, kind: FaultKind) {
        let mut faults = self.faults();
        if !faults.is_empty() && faults.remove(&(tenant.clone(), kind)).is_some() {
            tracing::info!(tenant.id = %tenant, "tenant document can be read and written again");
        }
    }

    /// The tenant is no more.
    pub(super) fn forget(&self, tenant: &TenantId) {
        self.faults().retain(|(id, _), _| id != tenant);
    }

    /// How many tenants there are of each, for anybody: which ones is the log's to say.
    pub(super) fn health(&self) -> StoreHealth {
        let sentences = [
            (self.count(FaultKind::Reading), "cannot be read"),
            (self.count(FaultKind::Writing), "could not be written safely"),
            (
                self.count(FaultKind::Recording),
                "cannot be changed, since their audit log cannot be written",
            ),
            (self.count(FaultKind::Answering), "take too long to be read"),
        ];
        let told = sentences.into_iter().filter(|(tenants, _)| *tenants > 0);
        StoreHealth {
            faults: told
                .map(|(tenants, what)| format!("documents that {what}: {tenants}"))
                .collect(),
            ..StoreHealth::default()
        }
    }

    /// How many tenants have a fault there.
    pub(super) fn count(&self, kind: FaultKind) -> usize {
        self.faults().keys().filter(|(_, its)| *its == kind).count()
    }

    /// How long the tenant that has had a fault there longest has had it.
    pub(super) fn longest(&self, kind: FaultKind) -> Duration {
        let faults = self.faults();
        let there = faults.iter().filter(|((_, its), _)| *its == kind);
        there.map(|(_, fault)| fault.since.elapsed()).max().unwrap_or_default()
    }

    fn faults(&self) -> MutexGuard<'_, BTreeMap<(TenantId, FaultKind), Fault>> {
        // Each change is one insert or remove, so what a panic left behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
