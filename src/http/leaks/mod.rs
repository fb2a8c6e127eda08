//! `POST /leaks/github`: reports of tokens that GitHub's secret scanning found (its partner protocol).
//!
//! Invariants: a report whose signature is not good has no effect; one that comes again has no further one. A
//! match that is answered as a true one has ended when the answer leaves, unless the setting says to report alone.
//! To be reported is no use of a key.

mod config;
mod matches;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::ThinData;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use utoipa::IntoResponses;
use utoipa::openapi::{ArrayBuilder, ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::key_service::Keys;
use super::operations::ReportLeaks;
use super::refusals::{PublicBodyRefused, PublicRefused};
use super::request::body;
use super::request::request_id::{self, X_REQUEST_ID};
use crate::auth::{HeldToken, LeakReporter};
use crate::clock::SystemClock;
use crate::contract::Operation as _;
use crate::domain::{Commit, CommitError, Digest, KeyRepository, TenantId};
use crate::problem::{Problem, ProblemType};

pub use config::{LeakAction, LeaksConfig};
use matches::Match;

/// The largest report, in bytes.
const LARGEST: usize = 1024 * 1024;
/// The longest place where a token was found that a record has, in bytes.
const LONGEST_PLACE: usize = 2048;
/// How long a report is worked on before it is answered with what is known by then; GitHub waits for 30 s.
const ANSWERED_AFTER: Duration = Duration::from_secs(25);
/// The name of the reporter, for the record.
const REPORTER: &str = "github-secret-scanning";

/// The work on reports, where any are taken.
#[derive(Clone)]
pub(crate) struct Leaks {
    reporter: Arc<LeakReporter>,
    token_type: Arc<str>,
    action: LeakAction,
}

impl Leaks {
    /// The work on reports by these settings; none where they name no type of token.
    ///
    /// # Errors
    /// The fault that keeps the client for the reporter's keys from being created.
    pub(crate) fn new(config: &LeaksConfig) -> Result<Option<Self>, reqwest::Error> {
        let Some(token_type) = &config.token_type else { return Ok(None) };
        let reporter = Arc::new(LeakReporter::new(config.keys.clone(), Arc::new(SystemClock))?);
        Ok(Some(Self { reporter, token_type: token_type.as_str().into(), action: config.action }))
    }
}

/// A report as it came.
pub(crate) struct Report(actix_web::web::Bytes);

impl FromRequest for Report {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = body::take_at_most::<ReportLeaks>(request, payload, LARGEST);
        Box::pin(async move { bytes.await.map(Self) })
    }
}

/// The finding on a match. A match of which nothing is known yet is left out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "token_hash": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "token_type": "example_api_key",
    "label": "true_positive",
}))]
pub(super) struct MatchLabel {
    /// The SHA-256 of the token, in hexadecimal digits.
    token_hash: String,
    /// The type as it was reported.
    token_type: String,
    /// `true_positive` for a key's token, `false_positive` for what is none.
    label: &'static str,
}

/// The answer to a report.
pub(super) struct Labelled;

impl IntoResponses for Labelled {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let labels = ArrayBuilder::new().items(Ref::from_schema_name("MatchLabel"));
        let example = serde_json::json!([{
            "token_hash": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
            "token_type": "example_api_key",
            "label": "true_positive",
        }]);
        let content = ContentBuilder::new().schema(Some(labels)).example(Some(example)).build();
        let response = ResponseBuilder::new()
            .description("The result for each match.")
            .content("application/json", content);
        [("200".to_owned(), response.build().into())].into()
    }
}

/// The headers of a report that say who signed it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the document alone")]
pub(super) struct SignatureHeaders {
    /// The id of the key that signed the report, as GitHub publishes it.
    #[param(
        rename = "GitHub-Public-Key-Identifier",
        max_length = 256,
        pattern = "^[0-9A-Za-z]+$",
        example = "k1"
    )]
    key: String,
    /// The signature of the body as it came: ECDSA on P-256 with SHA-256, DER, in Base64.
    #[param(
        rename = "GitHub-Public-Key-Signature",
        max_length = 256,
        pattern = "^[0-9A-Za-z+/=]+$",
        example = "MEUC"
    )]
    signature: String,
}

/// The matches as they are documented.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
#[schema(example = json!({
    "token": "nsk_EXAMPLEdoNotUse0000000000000000000000000000000000000",
    "type": "example_api_key",
    "url": "https://github.com/example/example/blob/main/a.txt",
    "source": "content",
}))]
pub(super) struct LeakMatch {
    /// The token.
    #[schema(min_length = 1, max_length = 65536, pattern = "^[\\x20-\\x7E]+$")]
    token: String,
    /// The type of the tokens of this deployment, as GitHub knows it.
    #[schema(max_length = 256, pattern = "^[\\x20-\\x7E]*$")]
    r#type: String,
    /// Where it was found; may be empty.
    #[schema(value_type = String, required = false, max_length = 8192, pattern = "^[^\\x00-\\x1F]*$")]
    url: Option<String>,
    /// The kind of place.
    #[schema(value_type = String, required = false, max_length = 256, pattern = "^[^\\x00-\\x1F]*$")]
    source: Option<String>,
}

#[utoipa::path(
    post,
    path = ReportLeaks::PATH,
    operation_id = "reportLeaks",
    tag = ReportLeaks::TAG,
    summary = ReportLeaks::SUMMARY,
    description = ReportLeaks::DESCRIPTION,
    params(SignatureHeaders),
    request_body(content((
        Vec<LeakMatch> = "application/json",
        example = json!([{
            "token": "nsk_EXAMPLEdoNotUse0000000000000000000000000000000000000",
            "type": "example_api_key",
            "url": "https://github.com/example/example/blob/main/a.txt",
            "source": "content",
        }])
    ))),
    responses(Labelled, PublicRefused, PublicBodyRefused),
    security(()),
)]
pub(super) async fn report_github(
    request: HttpRequest,
    leaks: ThinData<Leaks>,
    keys: Keys,
    report: Report,
) -> Result<HttpResponse, Problem> {
    let Report(bytes) = report;
    leaks.reporter.verify(request.headers(), &bytes).await?;
    let matches = matches::parse(&bytes)?;
    if request.headers().contains_key(X_REQUEST_ID) {
        matches.iter().for_each(|it| request_id::note_secret(&request, it.token.as_bytes()));
    }
    let deadline = tokio::time::sleep(ANSWERED_AFTER);
    let answer = label(leaks.0.clone(), matches, Arc::clone(&keys.repository), deadline).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

/// The labels that are known by a deadline. The work goes on when nobody waits any more.
async fn label(
    leaks: Leaks,
    matches: Vec<Match>,
    keys: Arc<dyn KeyRepository>,
    deadline: impl Future<Output = ()>,
) -> Result<Vec<MatchLabel>, Problem> {
    let labels = Arc::new(Mutex::new(vec![None; matches.len()]));
    let work = Work { leaks, matches: Arc::new(matches), labels: Arc::clone(&labels) };
    let matches = Arc::clone(&work.matches);
    let done = tokio::spawn(async move { work.run(&*keys).await });
    tokio::select! {
        done = done => match done {
            Ok(done) => done?,
            Err(error) => {
                let detail = "The work on the report ended early. Send it again.";
                return Err(Problem::new(ProblemType::Internal, detail).caused_by(error));
            }
        },
        () = deadline => {}
    }
    let labels = labels.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let told = |(found, label): (&Match, Option<bool>)| {
        Some(MatchLabel {
            token_hash: digest(found).to_hex(),
            token_type: found.token_type.clone(),
            label: if label? { "true_positive" } else { "false_positive" },
        })
    };
    Ok(matches.iter().zip(labels).filter_map(told).collect())
}

/// The work on one report.
struct Work {
    leaks: Leaks,
    matches: Arc<Vec<Match>>,
    /// Whether each match is a token; `None` where that is not known.
    labels: Arc<Mutex<Vec<Option<bool>>>>,
}

impl Work {
    async fn run(self, keys: &dyn KeyRepository) -> Result<(), Problem> {
        let ours = |it: &&Match| it.token_type == *self.leaks.token_type;
        let digests: HashSet<_> = self.matches.iter().filter(ours).map(digest).collect();
        let holders = keys.find_holders(digests).await.map_err(|cause| {
            crate::auth::denial::unavailable("The tenants cannot be listed now.", cause)
        })?;
        let mut found = HashSet::new();
        let mut unknown = HashSet::new();
        for tenant in &holders.tenants {
            self.end_in(keys, tenant, &mut found, &mut unknown).await;
        }
        // Where nothing was found, that is only known if everything was looked at.
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        for (label, reported) in labels.iter_mut().zip(self.matches.iter()) {
            let digest = digest(reported);
            let is_found = found.contains(&digest);
            let is_known = !unknown.contains(&digest) && (is_found || holders.is_complete);
            *label = is_known.then_some(is_found);
        }
        Ok(())
    }

    /// Ends the tokens that a tenant has.
    async fn end_in(
        &self,
        keys: &dyn KeyRepository,
        tenant: &TenantId,
        found: &mut HashSet<Digest>,
        unknown: &mut HashSet<Digest>,
    ) {
        let ours = |it: &&Match| it.token_type == *self.leaks.token_type;
        let keyring = match keys.get_keyring(tenant).await {
            Ok(keyring) => keyring,
            Err(error) => {
                tracing::warn!(tenant.id = %tenant, error = %error, "cannot search this tenant for leaked \
                    tokens: its keys cannot be read");
                unknown.extend(self.matches.iter().map(digest));
                return;
            }
        };
        for reported in self.matches.iter().filter(ours) {
            let digest = digest(reported);
            let Some(held) = HeldToken::find(&keyring, tenant, digest) else { continue };
            let mut commit = held.end(REPORTER);
            commit.initiator.reason = Some("a report of leaked tokens".into());
            commit.initiator.found_at = Some(recorded(&reported.place()).into());
            if self.leaks.action == LeakAction::Disable
                && let Err(error) = end(keys, commit).await
            {
                tracing::error!(tenant.id = %tenant, key.name = %held.key(), error = %error, "a leaked token \
                    could not be ended");
                unknown.insert(digest);
                continue;
            }
            found.insert(digest);
            tracing::warn!(
                tenant.id = %tenant,
                key.name = %held.key(),
                token.current = held.is_current(),
                leak.place = reported.place(),
                leak.ended = self.leaks.action == LeakAction::Disable,
                "a token leaked"
            );
        }
    }
}

fn digest(reported: &Match) -> Digest {
    Digest::of(reported.token.as_bytes())
}

/// As much of a place as a record has room for.
fn recorded(place: &str) -> &str {
    &place[..place.floor_char_boundary(LONGEST_PLACE)]
}

/// Ends a token; one that went meanwhile has ended.
async fn end(keys: &dyn KeyRepository, commit: Commit) -> Result<(), CommitError> {
    match keys.commit(commit).await {
        Ok(_)
        | Err(CommitError::Edit(_) | CommitError::NotAllowed(_) | CommitError::NoSuchTenant) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
