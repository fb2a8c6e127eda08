//! `audit list`: events as a table or JSON, the newest first.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Log;
use crate::audit::{Action, EventFilter, Record};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::cli::times::Moment;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Timestamp;

/// The events that are wanted: those of which all holds.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArguments {
    #[command(flatten)]
    of: Log,
    /// Only events since then: a time ago, such as 14d, or a date and time.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    from: Option<Moment>,
    /// Only events before then.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    to: Option<Moment>,
    /// Only events of the key of this name.
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Only events by the actor of this name.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only events of this kind, as the table has it, such as Rotate or 'End overlap'.
    #[arg(long, value_name = "ACTION", value_parser = Action::parse_name)]
    action: Option<&'static str>,
    /// Only changes that were made, or that were refused.
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<Outcome>,
    /// The largest number of events.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Outcome {
    Success,
    Failure,
}

impl ListArguments {
    fn filter(&self) -> EventFilter {
        let now = SystemClock.now();
        let time = |moment: Option<Moment>| moment.map(|it| since_epoch(it.before(now)));
        EventFilter {
            from: time(self.from),
            to: time(self.to),
            key: self.key.clone(),
            actor: self.actor.clone(),
            action: self.action.map(str::to_owned),
            is_done: self.outcome.map(|outcome| outcome == Outcome::Success),
        }
    }
}

fn since_epoch(time: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(time.seconds_since_epoch()).unwrap_or(0))
}

/// Runs the command.
pub(super) async fn list(
    arguments: &ListArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let ListArguments { of, limit, json, .. } = arguments;
    let access = of.access.open().await?;
    // One more tells whether there are more.
    let wanted = limit.saturating_add(1);
    let mut lines = access.list_events(&of.tenant, &arguments.filter(), wanted).await?;
    if lines.len() > *limit {
        lines.truncate(*limit);
        output
            .say(&"There are more events: raise --limit, or narrow the list by --from and --to.\n");
    }
    if *json {
        let events: Result<Vec<Value>, _> =
            lines.iter().map(|line| serde_json::from_slice(line)).collect();
        return output.write_json(&events.map_err(|error| Failure::refused(&error))?);
    }
    let records: Result<Vec<_>, _> = lines.iter().map(|line| Record::parse(line)).collect();
    let records = records.map_err(|error| Failure::refused(&error))?;
    let rows: Vec<_> = records.into_iter().map(row).collect();
    output.write(&table(["TIME", "ACTION", "OF", "BY", "OUTCOME", "SEQUENCE"], &rows))
}

fn row(record: Record) -> [String; 6] {
    let outcome = if record.is_done { "success" } else { "failure" };
    [
        Timestamp::from_epoch(record.at).to_string(),
        record.action,
        record.subject,
        record.actor,
        outcome.to_owned(),
        record.sequence.to_string(),
    ]
}
