//! Plans on a server: made and carried out by one operation, on the state that its list has.

use serde::Deserialize;

use super::client::Call;
use super::refusal::{ProblemAnswer, Refusal, foreign};
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
        let state =
            state.ok_or_else(|| Refusal::Foreign(foreign("the list of keys has no ETag")))?;
        let body = members::of_plan(desired, reach, true);
        let plan = Call::of::<ApplyApiKeyPlan>(tenant).on(&state).body(body);
        let Plan { steps } = self.client.ask(plan).await?.json().map_err(Refusal::Foreign)?;
        Ok(PlannedSteps { state, steps })
    }

    pub(super) async fn carry_out(
        &self,
        tenant: &TenantId,
        (desired, reach): (&DesiredKeys, PlanReach),
        plan: &PlannedSteps,
        tokens: Option<&mut TokenFile>,
    ) -> Result<Result<(), NotApplied>, Failure> {
        // What a server names as a new key and nobody wants has no place in a command to run.
        let is_wanted = |name: &&str| desired.keys.iter().any(|key| key.name.as_str() == *name);
        let new = NewTokens { tenant, names: plan.new_tokens().filter(is_wanted).collect() };
        if let Some(file) = tokens.as_ref().filter(|_| !new.names.is_empty()) {
            file.reserve(new.names.len())?;
        }
        let body = members::of_plan(desired, reach, false);
        let call = Call::of::<ApplyApiKeyPlan>(tenant).on(&plan.state).body(body);
        let issued = match self.client.ask(call).await {
            Ok(answer) => answer.json(),
            Err(refusal) if refusal.problem(ProblemType::PreconditionFailed).is_some() => {
                return Ok(Err(NotApplied::Older));
            }
            Err(refusal) if refusal.is_uncertain() => Err(refusal.into()),
            Err(refusal) => {
                let told = Failure::from(refusal).message().to_owned();
                return Ok(Err(NotApplied::Refused(told)));
            }
        };
        let issued: Issued = match issued {
            Ok(issued) => issued,
            Err(failure) => {
                let now = self.plan_once(tenant, desired, reach).await;
                return Ok(new.without_answer(&failure, now.ok().as_ref()));
            }
        };
        let issued: Vec<_> = issued
            .steps
            .iter()
            .filter_map(|step| Some((step.name.as_str(), step.token.as_ref()?.expose_secret())))
            .collect();
        let is_missing = |name: &&str| issued.iter().all(|(issued, _)| issued != name);
        let missing =
            NewTokens { tenant, names: new.names.iter().copied().filter(is_missing).collect() };
        let kept = match tokens {
            _ if issued.is_empty() => Ok(()),
            Some(file) => file.add(tenant, issued).map(drop),
            None => Err(Failure::because("the server made tokens that were not asked for")),
        };
        Ok(match kept {
            Err(failure) => Err(new.lost(&failure)),
            Ok(()) if missing.names.is_empty() => Ok(()),
            Ok(()) => Err(missing.lost(&foreign("it has no tokens of new keys"))),
        })
    }
}

/// The new keys of a plan whose tokens a server makes.
struct NewTokens<'p> {
    tenant: &'p TenantId,
    names: Vec<&'p str>,
}

impl NewTokens<'_> {
    /// The outcome of a plan whose answer did not come, as the plan from now on says, if it can be made.
    fn without_answer(
        &self,
        failure: &Failure,
        now: Option<&PlannedSteps>,
    ) -> Result<(), NotApplied> {
        let told = failure.message();
        let is_left = |now: &PlannedSteps| now.new_tokens().any(|it| self.names.contains(&it));
        match now {
            Some(now) if self.names.is_empty() && now.steps.is_empty() => Ok(()),
            Some(now) if !self.names.is_empty() && !is_left(now) => Err(self.lost(failure)),
            Some(_) => Err(NotApplied::Uncertain(format!(
                "{told}; it is not done so far: plan again in a while"
            ))),
            None if self.names.is_empty() => Err(NotApplied::Uncertain(format!(
                "{told}; it may be done nevertheless: plan again to see"
            ))),
            None => Err(NotApplied::Uncertain(format!(
                "{told}; it may be done nevertheless: plan again to see. If nothing is left to do, {}",
                self.way_out()
            ))),
        }
    }

    fn lost(&self, failure: &Failure) -> NotApplied {
        let told = failure.message();
        NotApplied::TokensLost(format!("{told}; the keys were created: {}", self.way_out()))
    }

    /// The commands that give tokens in the place of those that got lost.
    fn way_out(&self) -> String {
        let rotate = |name: &&str| {
            format!("`neokeys keys rotate {name} --tenant {} --overlap 0`", self.tenant)
        };
        let all: Vec<_> = self.names.iter().map(rotate).collect();
        format!("the tokens of new keys are lost; get new ones with {}", all.join(", "))
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
