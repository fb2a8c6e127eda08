//! `keys list`: the keys as a table or JSON, with when they end.

use clap::Args;

use super::Tenant;
use super::times::Moment;
use crate::cli::access::{KeyFilter, ShownKey};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::KeyStatus;

/// The keys that are wanted: those of which all holds.
#[derive(Debug, Args)]
pub(in crate::cli) struct Filter {
    /// Only keys of this status: active, disabled or expired.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<KeyStatus>,
    /// Only keys that expire, or have expired, by then: within a time, such as 14d, or by a date and time.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    expires_before: Option<Moment>,
    /// Only keys created before then of which no token was used since: a time ago, such as 90d, or a date
    /// and time.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    unused_since: Option<Moment>,
}

fn status(text: &str) -> Result<KeyStatus, String> {
    KeyStatus::find(text).ok_or_else(|| "write active, disabled or expired".to_owned())
}

/// Runs the command.
pub(super) async fn list(
    of: &Tenant,
    filter: &Filter,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let now = SystemClock.now();
    let filter = KeyFilter {
        status: filter.status,
        expires_before: filter.expires_before.map(|it| it.from(now)),
        unused_since: filter.unused_since.map(|it| it.before(now)),
    };
    let listed = of.access.open().await?.list_keys(&of.tenant, &filter).await?;
    if listed.invalid_entries > 0 {
        output.say(&format_args!(
            "{} invalid entries are left out; `neokeys check --tenant {}` says why.\n",
            listed.invalid_entries, of.tenant
        ));
    }
    ShownKey::write_all(&listed.keys, of.json, output)
}
