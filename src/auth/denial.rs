//! How a caller is turned away: 401 and 403 with their challenges (RFC 6750 §3), and 503 where it
//! cannot be known who is calling.
//!
//! No answer says which of unknown, disabled, refused for its client's address, or another tenant's a
//! credential was. That an API key has expired is told to who has it.

use std::time::Duration;

use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::contract::API_KEY_HEADER_TEXT;
use crate::domain::{ReadError, Remedy, Scope, Timestamp, Unavailable};
use crate::problem::{Problem, ProblemType};

const REALM: &str = r#"Bearer realm="neokeys""#;

/// How many scopes are named of those that a caller lacks.
const TOLD: usize = 10;

/// No credential came: a challenge without an error code (RFC 6750 §3.1).
pub(crate) fn not_authenticated() -> Problem {
    challenged(
        Problem::new(
            ProblemType::Unauthorized,
            format!("Send an Authorization header with a bearer token, or {API_KEY_HEADER_TEXT}."),
        ),
        REALM.to_owned(),
    )
}

/// The refusal of whoever could have said who it is by a client's secret: it is offered beside the
/// other ways, since many programs send one only where it is asked for (RFC 7617 §2).
pub(super) fn offering_client_secret(problem: Problem, is_presented: bool) -> Problem {
    let problem = if is_presented {
        problem
    } else {
        Problem::new(
            ProblemType::Unauthorized,
            format!(
                "Send an Authorization header with a bearer token, {API_KEY_HEADER_TEXT}, or an API key as \
                 the password of Authorization: Basic (client_secret_basic). A client_secret in the \
                 body (client_secret_post) is not looked at."
            ),
        )
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(REALM))
    };
    problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="neokeys""#))
}

/// A credential came that is not valid.
pub(crate) fn invalid_credential() -> Problem {
    challenged(
        Problem::new(
            ProblemType::Unauthorized,
            "A credential of this request is not valid for this address.",
        ),
        format!(r#"{REALM}, error="invalid_token""#),
    )
}

/// An API key came that has ended (RFC 6750 §3 has such a description as its example). Only who has the
/// token is told.
pub(crate) fn expired(at: Timestamp) -> Problem {
    let sentence = format!("The API key expired at {at}");
    challenged(
        Problem::new(ProblemType::Unauthorized, format!("{sentence}.")),
        format!(r#"{REALM}, error="invalid_token", error_description="{sentence}""#),
    )
}

/// The credential is valid and lacks the operation's scope.
pub(crate) fn insufficient_scope(scope: &str) -> Problem {
    challenged(
        Problem::new(
            ProblemType::InsufficientScope,
            format!("This operation demands the scope {scope}."),
        ),
        format!(r#"{REALM}, error="insufficient_scope", scope="{scope}""#),
    )
}

/// The credential is valid and does not hold what a gateway demands: all of some scopes, and one of
/// others. Whoever holds all that the challenge names is let in.
pub(crate) fn unmet_demand(all: &[&str], any: &[&str]) -> Problem {
    let sentence = match (all, any) {
        (_, []) => format!("This address demands every scope of: {}.", all.join(" ")),
        ([], _) => format!("This address demands one scope of: {}.", any.join(" ")),
        _ => format!(
            "This address demands every scope of: {}; and one of: {}.",
            all.join(" "),
            any.join(" ")
        ),
    };
    let named = [all, any].concat().join(" ");
    challenged(
        Problem::new(ProblemType::InsufficientScope, sentence),
        format!(r#"{REALM}, error="insufficient_scope", scope="{named}""#),
    )
}

/// The credential is valid and for other tenants.
pub(crate) fn foreign_tenant() -> Problem {
    challenged(
        Problem::new(ProblemType::TenantForbidden, "Use a credential for this tenant."),
        format!(r#"{REALM}, error="insufficient_scope""#),
    )
}

/// The caller wants to grant what it does not hold.
pub(crate) fn grant_exceeds_own(lacking: &[Scope]) -> Problem {
    // A challenge is a header: proxies refuse answers whose headers are long.
    let names: Vec<_> = lacking.iter().take(TOLD).map(Scope::as_str).collect();
    let names = names.join(" ");
    let more = match lacking.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    // Scope tokens have neither quotation marks nor backslashes, so they need no escape.
    challenged(
        Problem::new(
            ProblemType::GrantForbidden,
            format!("The credential does not hold, and so cannot grant: {names}{more}."),
        ),
        format!(r#"{REALM}, error="insufficient_scope", scope="{names}""#),
    )
}

/// Too many credentials that were not valid came from the caller's address.
pub(crate) fn too_many_failures(wait: Duration) -> Problem {
    // Whole seconds, rounded up: whoever waits them is let in (RFC 9110 §10.2.3).
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    Problem::new(
        ProblemType::TooManyFailures,
        format!("Wait {seconds} seconds before the next attempt."),
    )
    .with_header(RETRY_AFTER, HeaderValue::from(seconds))
}

/// The tenant's document cannot be read or written, and what helps.
pub(crate) fn unavailable(what: &'static str, cause: Unavailable) -> Problem {
    let problem = |kind, remedy: &str| Problem::new(kind, format!("{what} {remedy}"));
    let problem = match cause.remedy() {
        Remedy::TryAgain | Remedy::ReachStore => {
            problem(ProblemType::StoreUnavailable, "Try again later.").in_five_seconds()
        }
        Remedy::TryLater(why) => {
            problem(ProblemType::StoreUnavailable, &format!("{why} Try again later."))
                .in_five_seconds()
        }
        Remedy::WaitForEditor => problem(
            ProblemType::DocumentBeingEdited,
            "Somebody is editing the tenant's security.yml; try again when they are done.",
        )
        .in_five_seconds(),
        Remedy::CorrectDocument => problem(
            ProblemType::StoreUnavailable,
            "The tenant's security.yml is not valid YAML; an operator has to correct it (`neokeys check` says where).",
        )
        .in_five_seconds(),
        Remedy::Mend(sentence) => problem(ProblemType::StoreUnavailable, sentence),
    };
    problem.caused_by(cause)
}

/// The tenant's keys cannot be read, or there is no such tenant.
pub(crate) fn unreadable(error: ReadError) -> Problem {
    match error {
        ReadError::NoSuchTenant => no_such_tenant(),
        ReadError::Unavailable(cause) => {
            unavailable("The tenant's keys cannot be read now.", cause)
        }
    }
}

/// There is no tenant of this id, told to callers who may know.
pub(crate) fn no_such_tenant() -> Problem {
    Problem::new(ProblemType::TenantNotFound, "There is no tenant of this id.")
}

/// The request reached a handler without having been authenticated.
pub(crate) fn unauthenticated(operation: &str) -> Problem {
    Problem::new(
        ProblemType::Internal,
        "The request reached an operation without having been authenticated.",
    )
    .caused_by(format!("{operation} is routed past the authentication"))
}

fn challenged(problem: Problem, challenge: String) -> Problem {
    match HeaderValue::try_from(challenge) {
        Ok(value) => problem.with_header(WWW_AUTHENTICATE, value),
        // What a service of others demands may be no scope token: the refusal stands without.
        Err(_) => problem,
    }
}
