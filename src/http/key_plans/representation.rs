//! Plans as answers.

use serde::Serialize;

use crate::domain::{KeyName, KeyringPlan, MemberChange, PlanAction, PlanStep, Token};
use crate::http::key_details::schemas;

/// A plan, and the tokens of keys that were made by it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({"steps": [{
    "name": "crm-sync", "action": "change", "needsToken": false,
    "changes": [{"member": "permissions", "before": "orders:read", "after": "orders:read orders:write"}],
}]}))]
pub(in crate::http) struct ApiKeyPlan<'p> {
    /// The step for each key: deletions, changes, then new keys.
    #[schema(max_items = 100_000)]
    steps: Vec<ApiKeyPlanStep<'p>>,
}

/// The step of a plan for a key.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"name": "nightly", "action": "delete", "needsToken": false, "changes": []}))]
pub(in crate::http) struct ApiKeyPlanStep<'p> {
    /// The key's name.
    #[schema(schema_with = schemas::name)]
    name: &'p str,
    /// Whether it comes, changes or goes.
    #[schema(schema_with = schemas::action)]
    action: &'static str,
    /// Whether a token is made for it.
    needs_token: bool,
    /// The members that change; of a new key, those that it has.
    #[schema(max_items = 16)]
    changes: Vec<MemberChangeDescription<'p>>,
    /// The token that was made. It is in this answer, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::token, required = false)]
    token: Option<&'p str>,
}

/// The change of a member. Of a hash, neither value is shown.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ApiKeyMemberChange, example = json!({"member": "enabled", "before": "false", "after": "true"}))]
pub(in crate::http) struct MemberChangeDescription<'p> {
    /// The member's name.
    #[schema(schema_with = schemas::member)]
    member: &'static str,
    /// Its value before, as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::any_text, required = false)]
    before: Option<&'p str>,
    /// Its value after, as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::any_text, required = false)]
    after: Option<&'p str>,
}

impl<'p> ApiKeyPlan<'p> {
    pub(super) fn of(plan: &'p KeyringPlan, tokens: &'p [(KeyName, Token)]) -> Self {
        let mut tokens = tokens.iter().map(|(_, token)| token.expose());
        let steps = plan.steps.iter().map(|step| {
            // They are in the order of the steps that need one.
            let token = if step.needs_token() { tokens.next() } else { None };
            ApiKeyPlanStep::of(step, token)
        });
        Self { steps: steps.collect() }
    }
}

impl<'p> ApiKeyPlanStep<'p> {
    fn of(step: &'p PlanStep, token: Option<&'p str>) -> Self {
        let change = |it: &'p MemberChange| MemberChangeDescription {
            member: it.member,
            before: it.before.as_deref(),
            after: it.after.as_deref(),
        };
        Self {
            name: step.name.as_str(),
            action: match step.action {
                PlanAction::Create => "create",
                PlanAction::Change => "change",
                PlanAction::Delete => "delete",
            },
            needs_token: step.needs_token(),
            changes: step.changes.iter().map(change).collect(),
            token,
        }
    }
}
