//! The plans of all documents, each on its tenant's keys as they are.

use super::wanted::{Faults, FileFault, Wanted};
use crate::causes::in_full;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{
    KeyPolicy, KeyRepository as _, KeyringPlan, ManagedBy, PlanReach, ReadError, TenantId,
};
use crate::storage::{DesiredDocument, Diagnostic, DocumentRepository};

/// A tenant's plan.
pub(super) struct Planned {
    pub(super) tenant: TenantId,
    pub(super) managed_by: ManagedBy,
    pub(super) plan: KeyringPlan,
}

/// Plans all documents.
pub(super) async fn plan_all(
    store: &DocumentRepository,
    wanted: &Wanted,
    reach: PlanReach,
    policy: &KeyPolicy,
) -> Result<Vec<Planned>, Faults> {
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    for (path, document) in &wanted.documents {
        match plan(store, document, reach, policy).await {
            Ok(it) => planned.push(it),
            Err(all) => {
                let of_file = |fault| FileFault { path: path.clone(), fault };
                faults.extend(all.into_iter().map(of_file));
            }
        }
    }
    if faults.is_empty() { Ok(planned) } else { Err(Faults(faults)) }
}

async fn plan(
    store: &DocumentRepository,
    document: &DesiredDocument,
    reach: PlanReach,
    policy: &KeyPolicy,
) -> Result<Planned, Vec<Diagnostic>> {
    let tenant = &document.tenant;
    let at = |(line, column): (u64, u64), fault: String, hint: String| Diagnostic {
        line,
        column,
        fault,
        hint,
    };
    let keyring = store.get_keyring(tenant).await.map_err(|error| {
        let (fault, hint) = match &error {
            ReadError::NoSuchTenant => (
                format!("there is no tenant {}", tenant.as_str()),
                format!("`neokeys tenants create {}` creates it", tenant.as_str()),
            ),
            ReadError::Unavailable(_) => (
                in_full(&error),
                format!("`neokeys check --tenant {}` says what is wrong", tenant.as_str()),
            ),
        };
        vec![at(document.place, fault, hint)]
    })?;
    let plan = KeyringPlan::of(&keyring, &document.keys, reach, policy, SystemClock.now());
    let plan = plan.map_err(|refusals| {
        let told = refusals.into_iter().map(|refusal| {
            let place = document.places.get(refusal.position).copied().unwrap_or(document.place);
            let fault = format!("{}: {}", refusal.name.as_str(), refusal.reason);
            at(place, fault, refusal.reason.hint().to_owned())
        });
        told.collect::<Vec<_>>()
    })?;
    let managed_by = document.keys.managed_by.clone();
    Ok(Planned { tenant: tenant.clone(), managed_by, plan })
}
