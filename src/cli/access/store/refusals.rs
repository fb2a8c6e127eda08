//! The repository's refusals, with what to do next.

use crate::cli::failure::Failure;
use crate::domain::{CommitError, EditError, ReadError, Remedy, TenantId, Unavailable};
use crate::storage::DocumentError;

/// The keys cannot be read.
pub(super) fn unreadable(error: &ReadError, tenant: &TenantId) -> Failure {
    match error {
        ReadError::NoSuchTenant => no_such_tenant(tenant),
        ReadError::Unavailable(cause) => {
            Failure::refused(error).hint(unavailable_hint(cause, tenant))
        }
    }
}

/// The change is not done, or may not last.
pub(super) fn not_done(error: &CommitError, tenant: &TenantId) -> Failure {
    let failure = Failure::refused(error);
    match error {
        CommitError::NoSuchTenant => no_such_tenant(tenant),
        CommitError::Edit(EditError::NameTaken) => {
            failure.hint("choose another name, or change the key with `neokeys keys update`")
        }
        CommitError::Edit(EditError::NotFound) => {
            failure.hint(format!("`neokeys keys list --tenant {tenant}` lists the keys"))
        }
        CommitError::Edit(
            EditError::NameTakenByFaultyEntry { .. } | EditError::NoKeyButFaultyEntry { .. },
        )
        | CommitError::NotEditable { .. } => failure.hint("fix it in the file, then try again"),
        CommitError::Edit(EditError::TooManyTokens) => {
            failure.hint("end them with `neokeys keys end-overlap`, or rotate with --overlap 0")
        }
        CommitError::Edit(EditError::KeyExpired { .. }) => failure.hint(
            "give it an expiry in the future with --expires-in or --expires-at, or none with --never",
        ),
        CommitError::Edit(
            EditError::PreconditionFailed
            | EditError::NoSuchToken
            | EditError::TooManyLabels(_)
            | EditError::BeyondPolicy(_),
        )
        | CommitError::NotAllowed(_)
        | CommitError::CallerGone => failure,
        CommitError::Unavailable(cause) => failure.hint(unavailable_hint(cause, tenant)),
        CommitError::Uncertain(_) => failure.hint(format!(
            "check the disk; `neokeys keys list --tenant {tenant}` shows the current keys"
        )),
    }
}

fn no_such_tenant(tenant: &TenantId) -> Failure {
    Failure::because(format!("there is no tenant {tenant}")).hint(format!(
        "`neokeys tenants list` lists the tenants, `neokeys tenants create {tenant}` creates it"
    ))
}

/// Where to look: at the store where that is the fault, else at what the file says.
pub(super) fn unavailable_hint(cause: &Unavailable, tenant: &TenantId) -> String {
    match cause.remedy() {
        Remedy::Mend(sentence) => {
            return format!("the file is not at fault: {sentence}");
        }
        Remedy::WaitForEditor => {
            return "try again when nobody is writing to the file".to_owned();
        }
        Remedy::TryLater(_) => {
            return "nothing was changed, and the file is not at fault; try again later".to_owned();
        }
        Remedy::ReachStore => return Remedy::REACH_STORE.to_owned(),
        Remedy::TryAgain | Remedy::CorrectDocument => {}
    }
    if cause.is::<DocumentError>() {
        return "the file is not at fault: neokeys needs to read it and to write in its folder"
            .to_owned();
    }
    format!("`neokeys check --tenant {}` says what is wrong in the file", tenant.as_str())
}
