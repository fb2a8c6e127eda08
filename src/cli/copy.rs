//! `neokeys copy`: documents from one store to another.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, table};
use super::{Place, StoreAddress, system_user};
use crate::causes::in_full;
use crate::domain::TenantId;
use crate::storage::{Copied, CopyError, CopyOptions, DocumentError};

/// The source, the target, and which tenants.
#[derive(Debug, Args)]
pub(super) struct CopyArguments {
    /// The store to copy from.
    #[arg(long, value_name = "URL")]
    from: StoreAddress,
    /// The store to copy to; a folder is created if it does not exist.
    #[arg(long, value_name = "URL")]
    to: StoreAddress,
    /// Copy only this tenant.
    #[arg(long, value_name = "ID", value_parser = TenantId::parse)]
    tenant: Option<TenantId>,
    /// Replace documents at the target that differ from the source. They may be newer.
    #[arg(long)]
    force: bool,
    /// Delete tenants at the target that the source does not have. Without this, they are reported.
    #[arg(long)]
    delete: bool,
    /// The settings file [default: neokeys.yml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// A tenant's outcome as JSON.
#[derive(Serialize)]
struct Outcome {
    tenant: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Copies, prints the outcome for each tenant, and fails if any was not copied.
pub(super) async fn run(arguments: &CopyArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    if arguments.from.parse()? == arguments.to.parse()? {
        return Err(Failure::because("--from and --to name the same store"));
    }
    let place = |store: &StoreAddress| Place {
        config: arguments.config.clone(),
        store: Some(store.clone()),
    };
    let from = place(&arguments.from).open_documents(false)?;
    let to = place(&arguments.to).open(true)?;
    let tenants = match &arguments.tenant {
        Some(tenant) => BTreeSet::from([tenant.clone()]),
        None => {
            let (source, target) =
                (listed(from.tenants().await)?, listed(to.list_tenants().await)?);
            all_tenants(source, target, arguments.delete)?
        }
    };
    let options = CopyOptions { replace: arguments.force, delete: arguments.delete };
    let (mut outcomes, mut hints) = (Vec::new(), Vec::new());
    for tenant in &tenants {
        let copied = to.copy_from(&*from, tenant, options, system_user::initiator()).await;
        hints.extend(copied.as_ref().err().map(hint).filter(|hint| !hints.contains(hint)));
        outcomes.push(outcome(tenant, copied));
    }
    if arguments.json {
        output.write_json(&outcomes)?;
    } else {
        let rows: Vec<_> = outcomes
            .iter()
            .map(|it| {
                [it.tenant.clone(), it.outcome.to_owned(), it.reason.clone().unwrap_or_default()]
            })
            .collect();
        output.write(&table(["TENANT", "OUTCOME", "REASON"], &rows))?;
    }
    if hints.is_empty() {
        return Ok(());
    }
    Err(Failure::because("the target differs from the source").hint(hints.join("; ")))
}

fn listed(tenants: Result<Vec<TenantId>, DocumentError>) -> Result<Vec<TenantId>, Failure> {
    tenants.map_err(|error| Failure::refused(&error))
}

/// The tenants of source and target.
fn all_tenants(
    source: Vec<TenantId>,
    target: Vec<TenantId>,
    delete: bool,
) -> Result<BTreeSet<TenantId>, Failure> {
    if delete && source.is_empty() && !target.is_empty() {
        let told = "the source has no tenants, so --delete would delete all from the target";
        return Err(Failure::because(told).hint("check --from; --tenant ID deletes a single one"));
    }
    Ok(source.into_iter().chain(target).collect())
}

/// The way to get past an error.
fn hint(error: &CopyError) -> &'static str {
    match error {
        CopyError::Another { .. } => {
            "--force replaces documents at the target that differ; compare both first"
        }
        CopyError::Gone { .. } => {
            "--delete deletes tenants at the target that the source does not have; check them first"
        }
        CopyError::NoSuchTenant
        | CopyError::Restless
        | CopyError::NotVerified { .. }
        | CopyError::Source(_)
        | CopyError::Target(_)
        | CopyError::Write(_)
        | CopyError::Create(_)
        | CopyError::Delete(_) => "run the same command again to copy the rest",
    }
}

fn outcome(tenant: &TenantId, copied: Result<Copied, CopyError>) -> Outcome {
    let (outcome, reason) = match copied {
        Ok(Copied::Written) => ("copied", None),
        Ok(Copied::Same) => ("same", None),
        Ok(Copied::Deleted) => ("deleted", None),
        Err(error @ CopyError::Gone { .. }) => ("not at the source", Some(in_full(&error))),
        Err(error) => ("not copied", Some(in_full(&error))),
    };
    Outcome { tenant: tenant.as_str().to_owned(), outcome, reason }
}
