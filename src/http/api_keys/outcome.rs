//! The repository's refusals, as problems.

use crate::auth::denial;
use crate::domain::{CommitError, EditError, PolicyError, RightError};
use crate::http::request::preconditions;
use crate::problem::{Faults, Problem, ProblemType};

/// The problem for a commit that was not done, or that may not last.
pub(super) fn problem(error: CommitError) -> Problem {
    match error {
        CommitError::NoSuchTenant => denial::no_such_tenant(),
        CommitError::NotAllowed(RightError::CredentialInvalid) => denial::invalid_credential(),
        CommitError::NotAllowed(RightError::ScopeMissing { scope }) => {
            denial::insufficient_scope(scope)
        }
        CommitError::NotAllowed(RightError::GrantExceedsOwn { lacking }) => {
            denial::grant_exceeds_own(&lacking)
        }
        CommitError::Edit(error) => of_edit(error),
        CommitError::NotEditable { line, reason } => Problem::new(
            ProblemType::DocumentNotEditable,
            format!("Nothing was changed. Line {line} of the tenant's security.yml: {reason}."),
        ),
        CommitError::Unavailable(cause) => {
            denial::unavailable("The change could not be written, and nothing was changed.", cause)
        }
        // Only a client that ended its sending side, and reads on, has it.
        CommitError::CallerGone => Problem::new(
            ProblemType::StoreUnavailable,
            "The connection was closed by its client while the change waited for its turn. Nothing was changed.",
        ),
        CommitError::Uncertain(cause) => Problem::new(
            ProblemType::OutcomeUncertain,
            "The store did not confirm the change. Get the key to see its state.",
        )
        .caused_by(cause),
    }
}

/// The problem for an edit that the rules refuse, or for a key that is not there.
pub(in crate::http) fn of_edit(error: EditError) -> Problem {
    match error {
        EditError::NotFound => no_such_key(),
        EditError::NoKeyButFaultyEntry { line, fault } => Problem::new(
            ProblemType::KeyNotFound,
            format!(
                "The entry of this name in the tenant's security.yml, at line {line}, is invalid: {fault}. An \
                 operator has to fix or remove it."
            ),
        ),
        EditError::PreconditionFailed => preconditions::failed(),
        EditError::TooManyTokens => Problem::new(
            ProblemType::TooManyTokens,
            "Four older tokens of this key are still valid. End them first with DELETE …/previousTokens.",
        ),
        EditError::KeyExpired { at } => Problem::new(
            ProblemType::KeyExpired,
            format!("The key expired at {at}. Give it an \"expiresAt\" in the future."),
        ),
        EditError::NoSuchToken => denial::invalid_credential(),
        EditError::TooManyLabels(error) => {
            let mut faults = Faults::default();
            faults.add("labels", format!("In total, {error}."));
            Problem::validation(faults)
        }
        EditError::BeyondPolicy(error) => {
            let mut faults = Faults::default();
            let member = match error {
                PolicyError::NoEnd { .. } | PolicyError::EndTooLate { .. } => "expiresAt",
                PolicyError::OverlapTooLong { .. } => "overlapSeconds",
            };
            faults.add(member, format!("The policy is that {error}."));
            Problem::validation(faults)
        }
        EditError::NameTaken => Problem::new(
            ProblemType::NameTaken,
            "Choose another name, or update or delete the key of this name.",
        ),
        EditError::NameTakenByFaultyEntry { line, fault } => Problem::new(
            ProblemType::NameTaken,
            format!(
                "The tenant's security.yml has an invalid entry of this name, at line {line}: {fault}. An \
                 operator has to fix or remove it."
            ),
        ),
    }
}

/// The tenant has no key of the name in the path.
pub(super) fn no_such_key() -> Problem {
    Problem::new(ProblemType::KeyNotFound, "The tenant has no API key of this name.")
}
