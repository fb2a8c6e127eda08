//! The plans of all documents, each on its tenant's keys as they are.

use super::wanted::{Faults, FileFault, Wanted};
use crate::cli::access::{KeyAccess, PlanFault, PlannedSteps};
use crate::cli::failure::Failure;
use crate::domain::PlanReach;
use crate::storage::{DesiredDocument, Diagnostic};

/// A tenant's plan, and what it was made from.
pub(super) struct Planned<'w> {
    pub(super) document: &'w DesiredDocument,
    pub(super) plan: PlannedSteps,
}

/// Plans all documents; the inner error has all that keeps them from being carried out.
pub(super) async fn plan_all<'w>(
    access: &dyn KeyAccess,
    wanted: &'w Wanted,
    reach: PlanReach,
) -> Result<Result<Vec<Planned<'w>>, Faults>, Failure> {
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    for (path, document) in &wanted.documents {
        match access.plan_keys(&document.tenant, &document.keys, reach).await? {
            Ok(plan) => planned.push(Planned { document, plan }),
            Err(all) => {
                let of_file = |it| FileFault { path: path.clone(), fault: located(it, document) };
                faults.extend(all.into_iter().map(of_file));
            }
        }
    }
    Ok(if faults.is_empty() { Ok(planned) } else { Err(Faults(faults)) })
}

/// A fault with its place in the document.
fn located(
    PlanFault { position, fault, hint }: PlanFault,
    document: &DesiredDocument,
) -> Diagnostic {
    let key = position.and_then(|at| document.keys.keys.get(at).zip(document.places.get(at)));
    let (place, fault) = match key {
        Some((key, place)) => (*place, format!("{}: {fault}", key.name)),
        None => (document.place, fault),
    };
    Diagnostic { line: place.0, column: place.1, fault, hint }
}
