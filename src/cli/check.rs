//! `neokeys check`: the problems of every document.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::Place;
use super::failure::Failure;
use super::output::{Output, table};
use crate::domain::{Scope, TenantId, parse_span_or_zero};
use crate::http::ScopeCatalogue;
use crate::storage::{CheckError, Finding, Severity};

/// The documents to check.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Check only this tenant's file.
    #[arg(long, value_name = "ID", value_parser = TenantId::parse)]
    tenant: Option<TenantId>,
    /// Report every enabled key that expires within this time, or has expired, as an error: for alerting.
    #[arg(long, value_name = "TIME", value_parser = parse_span_or_zero)]
    expiring_within: Option<Duration>,
    #[command(flatten)]
    place: Place,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// A finding as JSON.
#[derive(Serialize)]
struct FindingDescription<'a> {
    tenant: &'a str,
    file: &'a str,
    line: u64,
    column: u64,
    severity: &'static str,
    fault: &'a str,
    hint: &'a str,
}

/// Prints the problems, and fails if any of them is an error.
pub(super) async fn run(
    arguments: &CheckArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let settings = arguments.place.settings()?;
    let store = Place::open_as(&settings, false)?;
    let (tenant, within) = (arguments.tenant.as_ref(), arguments.expiring_within);
    let catalogue = ScopeCatalogue::new(&settings.scopes);
    let unlisted = move |scope: &Scope| catalogue.advice_on(scope);
    let checked = store.check_expecting(tenant, &settings.keys, within, &unlisted).await;
    let findings = checked.map_err(|error| match error {
        CheckError::NoSuchTenant(_) => {
            Failure::refused(&error).hint("`neokeys tenants list` lists the tenants")
        }
        CheckError::Listing(_) => Failure::refused(&error),
    })?;
    if arguments.json {
        output.write_json(&findings.iter().map(describe).collect::<Vec<_>>())?;
    } else if findings.is_empty() {
        output.say(&"No problems found.\n");
    } else {
        let rows: Vec<_> = findings.iter().map(row).collect();
        output.write(&table(["PLACE", "SEVERITY", "PROBLEM", "FIX"], &rows))?;
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure::silent());
    }
    Ok(())
}

fn row(finding: &Finding) -> [String; 4] {
    let Finding { path, line, column, fault, hint, .. } = finding;
    let severity = severity(finding).to_owned();
    [format!("{path}:{line}:{column}"), severity, fault.clone(), hint.clone()]
}

fn describe(finding: &Finding) -> FindingDescription<'_> {
    FindingDescription {
        tenant: finding.tenant.as_str(),
        file: &finding.path,
        line: finding.line,
        column: finding.column,
        severity: severity(finding),
        fault: &finding.fault,
        hint: &finding.hint,
    }
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
