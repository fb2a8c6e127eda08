//! When tokens were used last, for answers.

use crate::auth::denial;
use crate::domain::{Minute, TenantId, Unavailable, Usage};
use crate::http::key_service::KeyService;
use crate::problem::Problem;

/// Nobody can say when tokens were used last: an answer without it would say that they were not.
pub(super) fn usage_unreadable(cause: Unavailable) -> Problem {
    denial::unavailable("The last uses of the tenant's tokens cannot be read.", cause)
}

/// The last uses for the answer to a change: that they cannot be read makes no change undone.
pub(super) async fn usage_after_change(keys: &KeyService, tenant: &TenantId) -> Usage {
    let nothing = || Usage::since(Minute::of(keys.clock.since_epoch()));
    keys.repository.usage(tenant).await.unwrap_or_else(|_| nothing())
}
