//! `neokeys copy`: documents from one store to another.

use clap::Args;
use serde::Serialize;

use super::failure::{Failure, chain};
use super::output::{Output, table};
use super::{Place, StoreAddress};
use crate::domain::TenantId;
use crate::storage::{self, Copied, CopyError};

/// What to copy where.
#[derive(Debug, Args)]
pub(super) struct CopyArguments {
    /// The store to copy from.
    #[arg(long, value_name = "URL")]
    from: StoreAddress,
    /// The store to copy to; a folder is made if it is not there.
    #[arg(long, value_name = "URL")]
    to: StoreAddress,
    /// The one tenant to copy, in place of all.
    #[arg(long, value_name = "ID", value_parser = TenantId::parse)]
    tenant: Option<TenantId>,
    /// Replace documents at the target that are others than those at the source. They may be newer.
    #[arg(long)]
    force: bool,
    /// The file of settings [default: neokeys.yml, if it is there].
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Write JSON in place of a table.
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

/// Copies, tells what became of each tenant, and fails if any was not copied.
pub(super) async fn run(arguments: &CopyArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    if arguments.from.parse()? == arguments.to.parse()? {
        return Err(Failure::because("--from and --to name the same store"));
    }
    let place = |store: &StoreAddress| Place {
        config: arguments.config.clone(),
        store: Some(store.clone()),
    };
    let from = place(&arguments.from).open_documents(false)?;
    let to = place(&arguments.to).open_documents(true)?;
    let tenants = match &arguments.tenant {
        Some(tenant) => vec![tenant.clone()],
        None => from.tenants().await.map_err(|error| Failure::refused(&error))?,
    };
    let (mut outcomes, mut has_another, mut has_failed) = (Vec::new(), false, false);
    for tenant in &tenants {
        let copied = storage::copy(&*from, &*to, tenant, arguments.force).await;
        has_failed |= copied.is_err();
        has_another |= matches!(copied, Err(CopyError::Another { .. }));
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
    if has_another {
        return Err(Failure::because("not every document was copied")
            .hint("--force replaces those at the target; look at both first"));
    }
    if has_failed {
        return Err(Failure::because("not every document was copied")
            .hint("the same command goes on where it was"));
    }
    Ok(())
}

fn outcome(tenant: &TenantId, copied: Result<Copied, CopyError>) -> Outcome {
    let (outcome, reason) = match copied {
        Ok(Copied::Written) => ("copied", None),
        Ok(Copied::Same) => ("same", None),
        Err(error) => ("not copied", Some(chain(&error))),
    };
    Outcome { tenant: tenant.as_str().to_owned(), outcome, reason }
}
