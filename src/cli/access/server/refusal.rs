//! Refusals of a server: problem objects (RFC 9457), told with a way out, and answers of others.

use std::collections::BTreeMap;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde::Deserialize;

use crate::cli::failure::Failure;
use crate::cli::web;
use crate::problem::ProblemType;

/// Why there is no successful answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server answered with a problem.
    Problem(Box<ProblemAnswer>),
    /// An answer that is no problem of neokeys.
    Foreign(Failure),
    /// No whole answer came: what was asked for may have been done.
    Unanswered(Failure),
}

/// A problem as it came.
#[derive(Debug)]
pub(super) struct ProblemAnswer {
    status: u16,
    members: Members,
    /// After how many seconds to try again, if it says so.
    retry_after: Option<u32>,
}

/// Members that a later version adds are passed over.
#[derive(Debug, Deserialize)]
struct Members {
    r#type: String,
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
    #[serde(rename = "requestId")]
    request_id: Option<String>,
}

impl Refusal {
    /// Reads an answer that is no success.
    pub(super) async fn read(answer: Response) -> Self {
        let status = answer.status().as_u16();
        let header = |name| answer.headers().get(name).and_then(|it| it.to_str().ok());
        let retry_after = header(RETRY_AFTER).and_then(|it| it.parse().ok());
        let media_type = header(CONTENT_TYPE).unwrap_or("no media type").to_owned();
        let body = match web::read(answer).await {
            Ok(body) => body,
            Err(failure) => return Self::Unanswered(failure),
        };
        match serde_json::from_slice(&body) {
            Ok(members) => Self::Problem(Box::new(ProblemAnswer { status, members, retry_after })),
            Err(_) => Self::Foreign(foreign(&format!("its status is {status}, with {media_type}"))),
        }
    }

    /// The problem, if it is one of this kind.
    pub(super) fn problem(&self, kind: ProblemType) -> Option<&ProblemAnswer> {
        match self {
            Self::Problem(problem) if problem.is(kind) => Some(problem),
            Self::Problem(_) | Self::Foreign(_) | Self::Unanswered(_) => None,
        }
    }

    /// Whether what was asked for may have been done nevertheless.
    pub(super) fn is_uncertain(&self) -> bool {
        match self {
            Self::Problem(problem) => {
                problem.is(ProblemType::OutcomeUncertain) || problem.status == 500
            }
            // A proxy may have lost the server's answer.
            Self::Foreign(_) | Self::Unanswered(_) => true,
        }
    }
}

impl ProblemAnswer {
    /// Whether it is of this kind. The page that its type leads to may be at any address.
    pub(super) fn is(&self, kind: ProblemType) -> bool {
        self.members.r#type.rsplit('/').next() == Some(kind.slug())
    }

    /// The sentences about members of the request.
    pub(super) fn errors(&self) -> &BTreeMap<String, Vec<String>> {
        &self.members.errors
    }

    fn message(&self) -> String {
        let Members { title, detail, errors, .. } = &self.members;
        let told = errors.iter().flat_map(|(member, all)| {
            all.iter().map(move |sentence| format!("{member}: {sentence}"))
        });
        let told: Vec<_> = told.collect();
        let told = if told.is_empty() { detail.clone() } else { told.join(" ") };
        if told.is_empty() { title.clone() } else { format!("{title}: {told}") }
    }

    fn hint(&self) -> String {
        let when = match self.retry_after {
            Some(seconds) => format!("try again in {seconds} seconds"),
            None => "try again later".to_owned(),
        };
        match self.status {
            401 => "set NEOKEYS_TOKEN or NEOKEYS_API_KEY to a valid credential, name a file with \
                    --credential-file, or sign in with `neokeys login`"
                .to_owned(),
            403 => "use a credential of this tenant that has the permission".to_owned(),
            404 if self.is(ProblemType::KeyNotFound) => {
                "`neokeys keys list` lists the tenant's keys".to_owned()
            }
            404 if self.is(ProblemType::TenantNotFound) => {
                "`neokeys tenants list` lists the tenants".to_owned()
            }
            404 => {
                "check that --server is the address of neokeys, and that the server is not older \
                    than this program"
                    .to_owned()
            }
            409 if self.is(ProblemType::NameTaken) => {
                "choose another name, or change the key with `neokeys keys update`".to_owned()
            }
            409 => "`neokeys keys list` shows the keys as they are".to_owned(),
            412 => "somebody changed it since; look at it as it is now, and try again".to_owned(),
            413 => "the server's setting limits.body says how much it takes".to_owned(),
            429 => format!("a valid credential is refused too for now; {when}"),
            503 if self.is(ProblemType::OutcomeUncertain) => {
                "`neokeys keys list` shows whether the change was made".to_owned()
            }
            503 => format!("nothing was changed; {when}"),
            _ => match &self.members.request_id {
                Some(id) => {
                    format!("whoever runs the server finds the cause in its log by the id {id}")
                }
                None => when,
            },
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Problem(problem) => Self::because(problem.message()).hint(problem.hint()),
            Refusal::Foreign(failure) | Refusal::Unanswered(failure) => failure,
        }
    }
}

/// An answer is none that neokeys gives.
pub(super) fn foreign(told: &str) -> Failure {
    Failure::because(format!("the answer does not come from neokeys: {told}")).hint(
        "a proxy may have answered, or another service; check the address that --server or NEOKEYS_SERVER names",
    )
}
