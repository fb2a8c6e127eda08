//! Carrying out plans: a commit a tenant.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::planned::{Planned, plan_all};
use super::{Files, plan_file, read};
use crate::cli::access::{AccessArguments, KeyAccess, NotApplied, PlanStepDescription, TokenFile};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::domain::PlanReach;
use crate::storage::DesiredDocument;

/// The plan to carry out.
#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArguments {
    /// A plan that `neokeys plan --out` wrote. The files that it was made from are read again.
    #[arg(value_name = "PLAN", conflicts_with_all = ["paths", "prune", "adopt"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
    /// The file that the tokens of new keys are added to, a JSON object a line; it is created with mode 0600.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[command(flatten)]
    access: AccessArguments,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The outcome of a tenant's plan.
#[derive(Serialize)]
struct Outcome {
    tenant: String,
    result: &'static str,
    created: usize,
    changed: usize,
    deleted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

const OLDER: &str = "planned on an older document";

/// Carries it out.
pub(in crate::cli) async fn run(
    arguments: &ApplyArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let saved = arguments.plan.as_deref().map(plan_file::read).transpose()?;
    let (paths, reach) = match &saved {
        Some(plan) => (plan.paths(), PlanReach { prune: plan.prune, adopt: plan.adopt }),
        None if arguments.files.paths.is_empty() => {
            return Err(Failure::misused("neither a plan nor a file of wanted keys is named")
                .hint("name a plan, or a file with -f"));
        }
        None => (arguments.files.paths.clone(), arguments.files.reach()),
    };
    let wanted = read(&paths, arguments.json, output)?;
    if let Some(plan) = &saved {
        plan.demand_same_files(&wanted)?;
    }
    let access = arguments.access.open().await?;
    let planned = plan_all(&*access, &wanted, reach).await?;
    let planned = planned.map_err(|faults| faults.tell(arguments.json, output))?;
    if let Some(plan) = &saved {
        let seen = plan.tenants.iter().map(|tenant| tenant.state.as_str());
        if !seen.eq(planned.iter().map(|it| it.plan.state.as_str())) {
            return Err(older());
        }
    }
    let mut tokens = open_tokens(arguments, &planned)?;
    let shown = (arguments.json, output);
    carry_out_all(&*access, &planned, reach, tokens.as_mut(), shown).await
}

/// Carries out plans, and tells what became of each.
pub(super) async fn carry_out_all(
    access: &dyn KeyAccess,
    planned: &[Planned<'_>],
    reach: PlanReach,
    mut tokens: Option<&mut TokenFile>,
    (json, output): (bool, &mut Output<'_>),
) -> Result<(), Failure> {
    let mut outcomes = Vec::new();
    for it in planned {
        outcomes.push(carry_out(access, it, reach, tokens.as_deref_mut()).await);
    }
    if json {
        output.write_json(&outcomes)?;
    } else {
        output.write(&summary(&outcomes))?;
    }
    match outcomes.iter().find_map(|it| it.problem.as_deref()) {
        Some(OLDER) => Err(older()),
        Some(problem) => Err(Failure::because(problem)),
        None => Ok(()),
    }
}

fn older() -> Failure {
    Failure::because(OLDER).hint("somebody changed the keys since; plan again")
}

/// The file for the tokens of new keys, if there are any.
fn open_tokens(
    arguments: &ApplyArguments,
    planned: &[Planned<'_>],
) -> Result<Option<TokenFile>, Failure> {
    let mut steps = planned.iter().flat_map(|it| &it.plan.steps);
    let Some(PlanStepDescription { name, .. }) = steps.find(|step| step.needs_token) else {
        return Ok(None);
    };
    let path = arguments.tokens.as_deref().ok_or_else(|| {
        Failure::because(format!("the key {name} is new, and no file for its token is named"))
            .hint("name a file with --tokens, or write its hash (`neokeys token`)")
    })?;
    TokenFile::open(path).map(Some)
}

async fn carry_out(
    access: &dyn KeyAccess,
    Planned { document, plan }: &Planned<'_>,
    reach: PlanReach,
    tokens: Option<&mut TokenFile>,
) -> Outcome {
    let DesiredDocument { tenant, keys, .. } = document;
    let done = if plan.steps.is_empty() {
        Ok(())
    } else {
        // What became of the tenants before is told nevertheless.
        let applied = access.apply_plan(tenant, keys, reach, plan, tokens).await;
        applied.unwrap_or_else(|failure| Err(NotApplied::Refused(failure.message().to_owned())))
    };
    let (result, problem) = match done {
        Ok(()) if plan.steps.is_empty() => ("unchanged", None),
        Ok(()) => ("applied", None),
        Err(NotApplied::Older) => ("refused", Some(OLDER.to_owned())),
        Err(NotApplied::Refused(problem)) => ("refused", Some(problem)),
        Err(NotApplied::Uncertain(problem)) => ("uncertain", Some(problem)),
        Err(NotApplied::TokensLost(problem)) => ("tokens lost", Some(problem)),
    };
    let count = |action| {
        let done = plan.steps.iter().filter(|step| step.action == action).count();
        if problem.is_none() { done } else { 0 }
    };
    Outcome {
        tenant: tenant.as_str().to_owned(),
        result,
        created: count(PlanStepDescription::CREATE),
        changed: count(PlanStepDescription::CHANGE),
        deleted: count(PlanStepDescription::DELETE),
        problem,
    }
}

fn summary(outcomes: &[Outcome]) -> String {
    let row = |it: &Outcome| {
        let counts = [it.created, it.changed, it.deleted].map(|count| count.to_string());
        let [created, changed, deleted] = counts;
        let problem = it.problem.clone().unwrap_or_default();
        [it.tenant.clone(), it.result.to_owned(), created, changed, deleted, problem]
    };
    let rows: Vec<_> = outcomes.iter().map(row).collect();
    table(["TENANT", "RESULT", "CREATED", "CHANGED", "DELETED", "PROBLEM"], &rows)
}
