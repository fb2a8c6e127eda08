//! `POST /api/{tenantId}/admin/apiKeyPlans`: the keys that an owner wants, planned and made in one change.

mod body;
mod description;
mod representation;

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse};

use self::body::PlanRequest;
pub(super) use self::representation::{ApiKeyPlan, ApiKeyPlanStep, MemberChangeDescription};
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::domain::{KeyName, KeyringPlan, PlanRefusal, Together, Token};
use crate::http::api_keys::{make, new_token};
use crate::http::key_service::{KeyService, Keys};
use crate::http::operations::ApplyApiKeyPlan;
use crate::http::request::json_body::JsonBody;
use crate::http::request::preconditions::{self, Preconditions};
use crate::problem::{Faults, Problem, ProblemType};

/// The most refusals that a detail names; `errors` has all.
const MOST_TOLD: usize = 10;

#[utoipa::path(
    post,
    path = ApplyApiKeyPlan::PATH,
    operation_id = "applyApiKeyPlan",
    tag = ApplyApiKeyPlan::TAG,
    summary = ApplyApiKeyPlan::SUMMARY,
    description = ApplyApiKeyPlan::DESCRIPTION,
    params(crate::contract::ListApiKeys, description::RequiredIfMatch),
    request_body(content((description::PlanSchema = "application/json"))),
    responses(
        description::Planned, description::NotPlanned,
        crate::http::refusals::Refused, crate::http::refusals::BodyRefused,
    ),
)]
pub(super) async fn apply_api_key_plan(
    caller: ScopedAuthorize<ApplyApiKeyPlan>,
    keys: Keys,
    preconditions: Preconditions,
    request: HttpRequest,
    body: JsonBody<ApplyApiKeyPlan>,
) -> Result<HttpResponse, Problem> {
    if !preconditions.names_a_state() {
        return Err(Problem::new(
            ProblemType::PreconditionRequired,
            "Send If-Match with the ETag of the list …/apiKeyDetails that the plan is meant for.",
        ));
    }
    let PlanRequest { desired, reach, dry_run } = body::wanted(body)?;
    let keyring = caller.get_keyring(&*keys.repository).await?;
    let state = keyring.details_entity_tag();
    let precondition = preconditions.into_precondition();
    if !precondition.holds(&state) {
        return Err(preconditions::failed());
    }
    let plan = KeyringPlan::of(&keyring, &desired, reach, &keys.policy, keys.clock.now());
    let plan = plan.map_err(|refusals| refused(&refusals))?;
    if dry_run {
        return Ok(HttpResponse::Ok().json(ApiKeyPlan::of(&plan, &[])));
    }
    let tokens = tokens(&keys, &plan)?;
    let digests: HashMap<_, _> = tokens.iter().map(|(name, it)| (name, it.digest())).collect();
    let mut edits = plan.edits(|name| digests[name]).into_iter();
    let Some(edit) = edits.next() else {
        return Ok(HttpResponse::Ok().json(ApiKeyPlan::of(&plan, &[])));
    };
    let mut commit = caller.commit(edit, Default::default(), keys.grants);
    commit.together = Some(Together { on: state, edits: edits.collect() });
    make(&request, &keys, commit).await?;
    Ok(HttpResponse::Ok().json(ApiKeyPlan::of(&plan, &tokens)))
}

/// Tokens for the new keys that have none.
fn tokens(keys: &KeyService, plan: &KeyringPlan) -> Result<Vec<(KeyName, Token)>, Problem> {
    plan.without_token().map(|name| Ok((name.clone(), new_token(keys)?))).collect()
}

fn refused(refusals: &[PlanRefusal]) -> Problem {
    let mut faults = Faults::default();
    let told = refusals.iter().map(|PlanRefusal { position, reason, .. }| {
        let (member, sentence) =
            (format!("apiKeys[{position}]"), format!("{reason}; {}.", reason.hint()));
        faults.add(&member, sentence.as_str());
        format!("{member}: {sentence}")
    });
    let mut told: Vec<_> = told.collect();
    let more = told.len().saturating_sub(MOST_TOLD);
    told.truncate(MOST_TOLD);
    told.extend((more > 0).then(|| format!("And {more} more.")));
    Problem::new(ProblemType::PlanRefused, told.join(" ")).with_faults(faults)
}
