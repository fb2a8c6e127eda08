//! A plan as people and programs are shown it, and as its file has it.

use serde::{Deserialize, Serialize};

use super::planned::Planned;
use super::wanted::Wanted;
use crate::cli::access::PlanStepDescription;
use crate::cli::output::table;
use crate::domain::PlanReach;

/// The form of plans that this version writes, and the only one that it carries out.
pub(super) const VERSION: u32 = 1;

/// A plan.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanDescription {
    pub(super) version: u32,
    pub(super) prune: bool,
    pub(super) adopt: bool,
    pub(super) files: Vec<FileDescription>,
    pub(super) tenants: Vec<TenantDescription>,
}

/// A file that the plan was made from, with the SHA-256 of what was in it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileDescription {
    pub(super) path: String,
    pub(super) sha256: String,
}

/// A tenant's part of a plan.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantDescription {
    pub(super) tenant: String,
    pub(super) managed_by: String,
    /// The state of the keys that it was made on.
    pub(super) state: String,
    pub(super) steps: Vec<PlanStepDescription>,
}

impl PlanDescription {
    pub(super) fn of(wanted: &Wanted, planned: &[Planned<'_>], reach: PlanReach) -> Self {
        let file = |(path, sha256): &(String, String)| FileDescription {
            path: path.clone(),
            sha256: sha256.clone(),
        };
        Self {
            version: VERSION,
            prune: reach.prune,
            adopt: reach.adopt,
            files: wanted.files.iter().map(file).collect(),
            tenants: planned.iter().map(TenantDescription::of).collect(),
        }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.steps.is_empty())
    }
}

impl TenantDescription {
    fn of(planned: &Planned<'_>) -> Self {
        Self {
            tenant: planned.document.tenant.as_str().to_owned(),
            managed_by: planned.document.keys.managed_by.as_str().to_owned(),
            state: planned.plan.state.clone(),
            steps: planned.plan.steps.clone(),
        }
    }
}

/// The steps as a table.
pub(super) fn step_table(plan: &PlanDescription) -> String {
    let rows = plan.tenants.iter().flat_map(|tenant| {
        let row = |step: &PlanStepDescription| {
            [tenant.tenant.clone(), step.action.clone(), step.name.clone(), step.in_words()]
        };
        tenant.steps.iter().map(row)
    });
    table(["TENANT", "ACTION", "KEY", "CHANGES"], &rows.collect::<Vec<_>>())
}
