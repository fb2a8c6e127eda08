//! Plans on a store: made on its keys as they are, and carried out in one commit.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::StoreAccess;
use crate::causes::in_full;
use crate::cli::access::{NotApplied, PlanFault, PlanStepDescription, PlannedSteps, TokenFile};
use crate::cli::failure::Failure;
use crate::cli::system_user;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{
    Commit, CommitError, DesiredKeys, EditError, EntityTag, KeyName, KeyRepository as _,
    KeyringPlan, NoRandomBytes, PlanReach, Precondition, ReadError, Right, TenantId, Together,
    Token,
};

impl StoreAccess {
    /// The steps of a plan, for people.
    pub(super) async fn planned_steps(
        &self,
        tenant: &TenantId,
        desired: &DesiredKeys,
        reach: PlanReach,
    ) -> Result<PlannedSteps, Vec<PlanFault>> {
        let plan = self.plan(tenant, desired, reach).await?;
        let steps = plan.steps.iter().map(PlanStepDescription::of).collect();
        Ok(PlannedSteps { state: state(&plan.on), steps })
    }

    async fn plan(
        &self,
        tenant: &TenantId,
        desired: &DesiredKeys,
        reach: PlanReach,
    ) -> Result<KeyringPlan, Vec<PlanFault>> {
        let keyring = self.store.get_keyring(tenant).await.map_err(|error| {
            let (fault, hint) = match &error {
                ReadError::NoSuchTenant => return vec![PlanFault::no_such_tenant(tenant)],
                ReadError::Unavailable(_) => (
                    in_full(&error),
                    format!("`neokeys check --tenant {tenant}` says what is wrong"),
                ),
            };
            vec![PlanFault { position: None, fault, hint }]
        })?;
        let policy = &self.settings.keys;
        let plan = KeyringPlan::of(&keyring, desired, reach, policy, SystemClock.now());
        plan.map_err(|refusals| {
            let told = refusals.into_iter().map(|refusal| PlanFault {
                position: Some(refusal.position),
                fault: refusal.reason.to_string(),
                hint: refusal.reason.hint().to_owned(),
            });
            told.collect()
        })
    }

    /// Carries out the plan, if the keys are those that it was made on.
    pub(super) async fn carry_out(
        &self,
        tenant: &TenantId,
        (desired, reach): (&DesiredKeys, PlanReach),
        seen: &str,
        tokens: Option<&mut TokenFile>,
    ) -> Result<Result<(), NotApplied>, Failure> {
        // What cannot be planned now could be when it was, so it is not the same document.
        let plan = self.plan(tenant, desired, reach).await.ok();
        let Some(plan) = plan.filter(|plan| state(&plan.on) == seen) else {
            return Ok(Err(NotApplied::Older));
        };
        let prefix = &self.settings.auth.token_prefix;
        let made: Result<Vec<(&KeyName, Token)>, NoRandomBytes> =
            plan.without_token().map(|name| Ok((name, Token::generate(prefix)?))).collect();
        let made = made.map_err(|error| Failure::refused(&error))?;
        let digests: HashMap<_, _> = made.iter().map(|(name, it)| (*name, it.digest())).collect();
        let mut edits = plan.edits(|name| digests[name]).into_iter();
        let Some(edit) = edits.next() else { return Ok(Ok(())) };
        let mut kept = None;
        if let Some(file) = tokens.filter(|_| !made.is_empty()) {
            let tokens = made.iter().map(|(name, token)| (name.as_str(), token.expose()));
            let mark = file.add(tenant, tokens)?;
            kept = Some((file, mark));
        }
        let commit = Commit {
            tenant: tenant.clone(),
            edit,
            together: Some(Together { on: plan.on, edits: edits.collect() }),
            precondition: Precondition::default(),
            right: Right::Operator,
            initiator: system_user::initiator(),
            asked_at: self.asked_at,
        };
        let Err(error) = self.store.commit(commit).await else { return Ok(Ok(())) };
        let is_uncertain = matches!(error, CommitError::Uncertain(_));
        if let (Some((file, mark)), false) = (kept, is_uncertain) {
            file.take_back(&mark)?;
        }
        let told = in_full(&error);
        Ok(Err(if matches!(error, CommitError::Edit(EditError::PreconditionFailed)) {
            NotApplied::Older
        } else if is_uncertain {
            NotApplied::Uncertain(told)
        } else {
            NotApplied::Refused(told)
        }))
    }
}

impl PlanFault {
    /// There is no such tenant.
    pub(in crate::cli::access) fn no_such_tenant(tenant: &TenantId) -> Self {
        let fault = format!("there is no tenant {tenant}");
        let hint = format!("`neokeys tenants create {tenant}` creates it");
        Self { position: None, fault, hint }
    }
}

/// A state as its entity tag has it.
fn state(tag: &EntityTag) -> String {
    URL_SAFE_NO_PAD.encode(tag.as_bytes())
}
