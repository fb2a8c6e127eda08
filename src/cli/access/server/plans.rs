//! Plans on a server: made and carried out by one operation, on the state that its list has.

use serde::Deserialize;

use super::client::Call;
use super::refusal::{ProblemAnswer, Refusal};
use super::{ServerAccess, members};
use crate::cli::access::{NotApplied, PlanFault, PlanStepDescription, PlannedSteps, TokenFile};
use crate::cli::failure::Failure;
use crate::domain::{DesiredKeys, PlanReach, TenantId};
use crate::http::{ApplyApiKeyPlan, ListApiKeyDetails};
use crate::problem::ProblemType;
use secrecy::{ExposeSecret as _, SecretString};

/// How often keys may change while a plan is made before it is given up.
const ATTEMPTS: usize = 5;

/// The answer to a plan.
#[derive(Deserialize)]
struct Plan {
    steps: Vec<PlanStepDescription>,
}

/// The tokens in it.
#[derive(Deserialize)]
struct Issued {
    steps: Vec<IssuedStep>,
}

#[derive(Deserialize)]
struct IssuedStep {
    name: String,
    token: Option<SecretString>,
}

impl ServerAccess {
    pub(super) async fn planned_steps(
        &self,
        tenant: &TenantId,
        desired: &DesiredKeys,
        reach: PlanReach,
    ) -> Result<Result<PlannedSteps, Vec<PlanFault>>, Failure> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.plan_once(tenant, desired, reach).await {
                Ok(planned) => return Ok(Ok(planned)),
                Err(refusal) => {
                    if let Some(problem) = refusal.problem(ProblemType::PlanRefused) {
                        return Ok(Err(faults(problem)));
                    }
                    if refusal.problem(ProblemType::TenantNotFound).is_some() {
                        return Ok(Err(vec![PlanFault::no_such_tenant(tenant)]));
                    }
                    let is_other = refusal.problem(ProblemType::PreconditionFailed).is_some();
                    if !is_other || attempts == ATTEMPTS {
                        return Err(refusal.into());
                    }
                }
            }
        }
    }

    async fn plan_once(
        &self,
        tenant: &TenantId,
        desired: &DesiredKeys,
        reach: PlanReach,
    ) -> Result<PlannedSteps, Refusal> {
        let list = Call::of::<ListApiKeyDetails>(tenant).query("limit", "1");
        let state = self.client.ask(list).await?.state;
        let state = state.ok_or_else(|| {
            Refusal::Foreign(super::refusal::foreign("the list of keys has no ETag"))
        })?;
        let body = members::of_plan(desired, reach, true);
        let plan = Call::of::<ApplyApiKeyPlan>(tenant).on(&state).body(body);
        let Plan { steps } = self.client.ask(plan).await?.json().map_err(Refusal::Foreign)?;
        Ok(PlannedSteps { state, steps })
    }

    pub(super) async fn carry_out(
        &self,
        tenant: &TenantId,
        (desired, reach): (&DesiredKeys, PlanReach),
        state: &str,
        tokens: Option<&mut TokenFile>,
    ) -> Result<Result<(), NotApplied>, Failure> {
        let body = members::of_plan(desired, reach, false);
        let call = Call::of::<ApplyApiKeyPlan>(tenant).on(state).body(body);
        let answer = match self.client.ask(call).await {
            Ok(answer) => answer,
            Err(refusal) if refusal.problem(ProblemType::PreconditionFailed).is_some() => {
                return Ok(Err(NotApplied::Older));
            }
            Err(refusal) => {
                let is_uncertain = refusal.is_uncertain();
                let told = Failure::from(refusal).message().to_owned();
                return Ok(Err(if is_uncertain {
                    let next = "rotate those of the new keys that `neokeys keys list` shows";
                    NotApplied::Uncertain(format!(
                        "{told}; it may be done, without its tokens: {next}"
                    ))
                } else {
                    NotApplied::Refused(told)
                }));
            }
        };
        let issued: Issued = answer.json()?;
        let issued: Vec<_> = issued
            .steps
            .iter()
            .filter_map(|step| Some((step.name.as_str(), step.token.as_ref()?.expose_secret())))
            .collect();
        if issued.is_empty() {
            return Ok(Ok(()));
        }
        let lost = |failure: Failure| {
            failure.hint(format!(
                "the new keys of {tenant} are made, and their tokens are lost: rotate them"
            ))
        };
        let file = tokens.ok_or_else(|| {
            lost(Failure::because("the server made tokens that were not asked for"))
        })?;
        file.add(tenant, issued).map_err(lost)?;
        Ok(Ok(()))
    }
}

/// The refusals of wanted keys, by their places.
fn faults(problem: &ProblemAnswer) -> Vec<PlanFault> {
    let position = |member: &str| member.strip_prefix("apiKeys[")?.strip_suffix(']')?.parse().ok();
    let told = problem.errors().iter().flat_map(|(member, sentences)| {
        sentences.iter().map(move |sentence| {
            let (fault, hint) = sentence.rsplit_once("; ").unwrap_or((sentence, ""));
            PlanFault {
                position: position(member),
                fault: fault.to_owned(),
                hint: hint.trim_end_matches('.').to_owned(),
            }
        })
    });
    let mut told: Vec<_> = told.collect();
    told.sort_by_key(|fault| fault.position);
    told
}
