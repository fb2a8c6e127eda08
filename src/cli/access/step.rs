//! A step of a plan as it is shown: what the documented operation answers.

use serde::{Deserialize, Serialize};

use crate::domain::{MemberChange, PlanAction, PlanStep};

/// The step of a plan for a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PlanStepDescription {
    pub(in crate::cli) name: String,
    pub(in crate::cli) action: String,
    /// Whether a token is made for it.
    pub(in crate::cli) needs_token: bool,
    pub(in crate::cli) changes: Vec<ChangeDescription>,
}

/// The change of a member. Of a hash, neither value is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::cli) struct ChangeDescription {
    pub(in crate::cli) member: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(in crate::cli) before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(in crate::cli) after: Option<String>,
}

impl PlanStepDescription {
    pub(in crate::cli) const CREATE: &'static str = "create";
    pub(in crate::cli) const CHANGE: &'static str = "change";
    pub(in crate::cli) const DELETE: &'static str = "delete";

    /// Describes a step.
    pub(super) fn of(step: &PlanStep) -> Self {
        let change = |MemberChange { member, before, after }: &MemberChange| ChangeDescription {
            member: (*member).to_owned(),
            before: before.clone(),
            after: after.clone(),
        };
        let action = match step.action {
            PlanAction::Create => Self::CREATE,
            PlanAction::Change => Self::CHANGE,
            PlanAction::Delete => Self::DELETE,
        };
        Self {
            name: step.name.as_str().to_owned(),
            action: action.to_owned(),
            needs_token: step.needs_token(),
            changes: step.changes.iter().map(change).collect(),
        }
    }

    /// The change, in a line.
    pub(in crate::cli) fn in_words(&self) -> String {
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
