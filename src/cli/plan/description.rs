//! A plan as people and programs are shown it, and as its file has it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::planned::Planned;
use super::wanted::Wanted;
use crate::cli::output::table;
use crate::domain::{EntityTag, MemberChange, PlanAction, PlanReach, PlanStep};

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
    pub(super) steps: Vec<StepDescription>,
}

/// What is done to a key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepDescription {
    pub(super) name: String,
    pub(super) action: String,
    /// Whether a token is made for it.
    pub(super) needs_token: bool,
    pub(super) changes: Vec<ChangeDescription>,
}

/// What becomes of a member. Of a hash, neither is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChangeDescription {
    pub(super) member: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) after: Option<String>,
}

impl PlanDescription {
    pub(super) fn of(wanted: &Wanted, planned: &[Planned], reach: PlanReach) -> Self {
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
    fn of(planned: &Planned) -> Self {
        Self {
            tenant: planned.tenant.as_str().to_owned(),
            managed_by: planned.managed_by.as_str().to_owned(),
            state: state(&planned.plan.on),
            steps: planned.plan.steps.iter().map(StepDescription::of).collect(),
        }
    }
}

impl StepDescription {
    fn of(step: &PlanStep) -> Self {
        let change = |MemberChange { member, before, after }: &MemberChange| ChangeDescription {
            member: (*member).to_owned(),
            before: before.clone(),
            after: after.clone(),
        };
        Self {
            name: step.name.as_str().to_owned(),
            action: action_word(step.action).to_owned(),
            needs_token: step.needs_token(),
            changes: step.changes.iter().map(change).collect(),
        }
    }

    fn in_words(&self) -> String {
        let change =
            |ChangeDescription { member, before, after }: &ChangeDescription| match (before, after)
            {
                (None, None) => format!("{member}: a new token"),
                (None, Some(after)) => format!("{member}: {after}"),
                (Some(before), None) => format!("{member}: {before} -> none"),
                (Some(before), Some(after)) => format!("{member}: {before} -> {after}"),
            };
        let token = self.needs_token.then(|| "a token is made".to_owned());
        let told: Vec<_> = self.changes.iter().map(change).chain(token).collect();
        told.join("; ")
    }
}

fn action_word(action: PlanAction) -> &'static str {
    match action {
        PlanAction::Create => "create",
        PlanAction::Change => "change",
        PlanAction::Delete => "delete",
    }
}

/// A state as its entity tag has it.
pub(super) fn state(tag: &EntityTag) -> String {
    URL_SAFE_NO_PAD.encode(tag.as_bytes())
}

/// The steps as a table.
pub(super) fn step_table(plan: &PlanDescription) -> String {
    let rows = plan.tenants.iter().flat_map(|tenant| {
        let row = |step: &StepDescription| {
            [tenant.tenant.clone(), step.action.clone(), step.name.clone(), step.in_words()]
        };
        tenant.steps.iter().map(row)
    });
    table(["TENANT", "ACTION", "KEY", "CHANGES"], &rows.collect::<Vec<_>>())
}
