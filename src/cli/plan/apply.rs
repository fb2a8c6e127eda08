//! Carrying out plans: a commit a tenant.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::description::state;
use super::planned::{Planned, plan_all};
use super::token_file::TokenFile;
use super::{Files, plan_file, read};
use crate::causes::in_full;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::cli::{Place, system_user};
use crate::domain::{
    Commit, CommitError, EditError, KeyName, KeyRepository as _, PlanAction, PlanReach,
    Precondition, Right, Together, Token, TokenPrefix,
};
use crate::storage::DocumentRepository;

/// The plan to carry out.
#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArguments {
    /// A plan that `neokeys plan --out` wrote. The files that it was made from are read again.
    #[arg(value_name = "PLAN", conflicts_with_all = ["paths", "prune", "adopt"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
    /// The file that the tokens of new keys are added to, a JSON object a line; it is made with mode 0600.
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What became of a tenant.
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
    let settings = arguments.place.settings()?;
    let store = Place::open_as(&settings, false)?;
    let planned = plan_all(&store, &wanted, reach, &settings.keys).await;
    let planned = planned.map_err(|faults| faults.tell(arguments.json, output))?;
    if let Some(plan) = &saved {
        let seen = plan.tenants.iter().map(|tenant| tenant.state.as_str());
        if !seen.eq(planned.iter().map(|it| state(&it.plan.on))) {
            return Err(older());
        }
    }
    let mut tokens = open_tokens(arguments, &planned)?;
    let mut outcomes = Vec::new();
    for it in &planned {
        outcomes.push(carry_out(&store, it, tokens.as_mut(), &settings.auth.token_prefix).await?);
    }
    if arguments.json {
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
    planned: &[Planned],
) -> Result<Option<TokenFile>, Failure> {
    let mut names = planned.iter().flat_map(|it| it.plan.without_token());
    let Some(name) = names.next() else { return Ok(None) };
    let path = arguments.tokens.as_deref().ok_or_else(|| {
        let name = name.as_str();
        Failure::because(format!("the key {name} is new, and there is no place for its token"))
            .hint("name a file with --tokens, or write its hash (`neokeys token`)")
    })?;
    TokenFile::open(path).map(Some)
}

async fn carry_out(
    store: &DocumentRepository,
    planned: &Planned,
    tokens: Option<&mut TokenFile>,
    prefix: &TokenPrefix,
) -> Result<Outcome, Failure> {
    let Planned { tenant, plan, .. } = planned;
    let made: Result<Vec<_>, _> =
        plan.without_token().map(|name| Ok((name.clone(), Token::generate(prefix)?))).collect();
    let made: Vec<(KeyName, Token)> = made.map_err(|ring::error::Unspecified| {
        Failure::because("the operating system provides no randomness for a token")
    })?;
    let digests: HashMap<_, _> = made.iter().map(|(name, token)| (name, token.digest())).collect();
    let mut edits = plan.edits(|name| digests[name]).into_iter();
    let Some(edit) = edits.next() else { return Ok(Outcome::of(planned, None)) };
    let mut kept = None;
    if let Some(file) = tokens.filter(|_| !made.is_empty()) {
        let mark = file.add(tenant, &made)?;
        kept = Some((file, mark));
    }
    let commit = Commit {
        tenant: tenant.clone(),
        edit,
        together: Some(Together { on: plan.on, edits: edits.collect() }),
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: system_user::initiator(),
        asked_at: Instant::now(),
    };
    let error = store.commit(commit).await.err();
    if let (Some((file, mark)), Some(error)) = (kept, &error)
        && !matches!(error, CommitError::Uncertain(_))
    {
        file.take_back(&mark)?;
    }
    Ok(Outcome::of(planned, error.as_ref()))
}

impl Outcome {
    fn of(planned: &Planned, error: Option<&CommitError>) -> Self {
        let steps = &planned.plan.steps;
        let result = match error {
            Some(CommitError::Uncertain(_)) => "uncertain",
            Some(_) => "refused",
            None if steps.is_empty() => "unchanged",
            None => "applied",
        };
        let count = |action| {
            let done = steps.iter().filter(|step| step.action == action).count();
            if error.is_none() { done } else { 0 }
        };
        let is_older = |error: &&CommitError| {
            matches!(error, CommitError::Edit(EditError::PreconditionFailed))
        };
        let problem = match error.filter(is_older) {
            Some(_) => Some(OLDER.to_owned()),
            None => error.map(|error| in_full(error)),
        };
        Self {
            tenant: planned.tenant.as_str().to_owned(),
            result,
            created: count(PlanAction::Create),
            changed: count(PlanAction::Change),
            deleted: count(PlanAction::Delete),
            problem,
        }
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
