//! `keys list`: the keys as a table or JSON, with when they end.

use clap::Args;

use super::Tenant;
use super::refusals::{unavailable_hint, unreadable};
use super::times::Moment;
use crate::causes::in_full;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{ApiKey, KeyRepository as _, KeyStatus, Scope, Timestamp, Usage};
use crate::http::{ApiKeyDetails, in_seconds, is_unused_since};
use crate::storage::DocumentRepository;

/// The keys that are wanted: those of which all holds.
#[derive(Debug, Args)]
pub(in crate::cli) struct Filter {
    /// Only keys of this status: active, disabled or expired.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<KeyStatus>,
    /// Only keys that end, or have ended, by then: in so long, such as 14d, or at a time.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    expires_before: Option<Moment>,
    /// Only keys made before then of which no token was used since: for so long, such as 90d, or since a
    /// time.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    unused_since: Option<Moment>,
}

fn status(text: &str) -> Result<KeyStatus, String> {
    KeyStatus::find(text).ok_or_else(|| "write active, disabled or expired".to_owned())
}

impl Filter {
    fn takes(&self, key: &ApiKey, now: Timestamp, usage: &Usage) -> bool {
        let end = key.details().limits.expires_at;
        self.status.is_none_or(|status| key.status(now) == status)
            && self.unused_since.is_none_or(|since| is_unused_since(key, since.before(now), usage))
            && self
                .expires_before
                .is_none_or(|before| end.is_some_and(|end| end < before.from(now)))
    }
}

/// Runs the command.
pub(super) async fn list(
    of: &Tenant,
    filter: &Filter,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let store = of.place.open(false)?;
    let keyring = store.get_keyring(&of.tenant).await.map_err(|error| unreadable(&error, of))?;
    let faulty = keyring.faulty_entries().len();
    if faulty > 0 {
        let tenant = of.tenant.as_str();
        output.say(&format_args!(
            "{faulty} invalid entries are left out; `neokeys check --tenant {tenant}` says why.\n"
        ));
    }
    let now = SystemClock.now();
    let usage = usage(&store, of).await?;
    let wanted =
        keyring.keys().iter().map(AsRef::as_ref).filter(|key| filter.takes(key, now, &usage));
    if of.json {
        let keys: Vec<_> = wanted.map(|key| ApiKeyDetails::of(key, now, &usage)).collect();
        output.write_json(&keys)
    } else {
        output.write(&key_table(wanted, now, &usage))
    }
}

/// When the tenant's tokens were used last.
pub(super) async fn usage(store: &DocumentRepository, of: &Tenant) -> Result<Usage, Failure> {
    store.usage(&of.tenant).await.map_err(|cause| {
        let told =
            format!("the last uses of the tenant's tokens cannot be read: {}", in_full(&cause));
        Failure::because(told).hint(unavailable_hint(&cause, of))
    })
}

/// Keys as a table.
pub(super) fn key_table<'k>(
    keys: impl IntoIterator<Item = &'k ApiKey>,
    now: Timestamp,
    usage: &Usage,
) -> String {
    let row = |key: &ApiKey| {
        let end = key.details().limits.expires_at;
        let last = key.last_used(usage);
        let permissions: Vec<_> = key.scopes.iter().map(Scope::as_str).collect();
        [
            key.name.as_str().to_owned(),
            key.status(now).as_str().to_owned(),
            end.map_or_else(|| "never".to_owned(), |end| end.to_string()),
            last.map_or_else(|| "-".to_owned(), |last| in_seconds(last).to_string()),
            permissions.join(" "),
        ]
    };
    let rows: Vec<_> = keys.into_iter().map(row).collect();
    table(["NAME", "STATUS", "EXPIRES", "LAST USED", "PERMISSIONS"], &rows)
}
