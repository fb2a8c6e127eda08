//! The refusals of what asks for a log.

use crate::audit::TrailHead;
use crate::auth::{RequiredScope, ScopedAuthorize, denial};
use crate::domain::Unavailable;
use crate::http::key_service::Keys;
use crate::problem::{Problem, ProblemType};

/// The log cannot be read.
pub(super) fn unreadable(cause: Unavailable) -> Problem {
    denial::unavailable("The tenant's audit log cannot be read now.", cause)
}

/// The log has no such part, or does not have it yet.
pub(super) fn not_logged(detail: &'static str) -> Problem {
    Problem::new(ProblemType::NotLogged, detail)
}

/// The head of the log of the caller's tenant, which exists.
pub(super) async fn head<S: RequiredScope>(
    caller: &ScopedAuthorize<S>,
    keys: &Keys,
) -> Result<Option<TrailHead>, Problem> {
    caller.get_keyring(&*keys.repository).await?;
    keys.trail.head(caller.tenant()).await.map_err(unreadable)
}
