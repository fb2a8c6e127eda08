//! `neokeys copy`: documents from one store to another.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use super::failure::{Failure, chain};
use super::output::{Output, table};
use super::{Place, StoreAddress};
use crate::domain::TenantId;
use crate::storage::{self, Copied, CopyError, CopyOptions, DocumentStore};

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
    /// Take tenants away from the target that the source does not have. Without this they are named.
    #[arg(long)]
    delete: bool,
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
        Some(tenant) => BTreeSet::from([tenant.clone()]),
        None => all_tenants(&*from, &*to, arguments.delete).await?,
    };
    let options = CopyOptions { replace: arguments.force, delete: arguments.delete };
    let (mut outcomes, mut faults) = (Vec::new(), BTreeSet::new());
    for tenant in &tenants {
        let copied = storage::copy(&*from, &*to, tenant, options).await;
        faults.extend(copied.as_ref().err().map(Fault::of));
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
    if faults.is_empty() {
        return Ok(());
    }
    let hints: Vec<_> = faults.iter().map(Fault::hint).collect();
    Err(Failure::because("the target is not as the source is").hint(hints.join("; ")))
}

/// The tenants of either end.
async fn all_tenants(
    from: &dyn DocumentStore,
    to: &dyn DocumentStore,
    delete: bool,
) -> Result<BTreeSet<TenantId>, Failure> {
    let list = async |store: &dyn DocumentStore| {
        store.tenants().await.map_err(|error| Failure::refused(&error))
    };
    let (source, target) = (list(from).await?, list(to).await?);
    if delete && source.is_empty() && !target.is_empty() {
        let told = "the source has no tenants, so --delete would take all from the target";
        return Err(
            Failure::because(told).hint("look at --from; --tenant ID takes a single one away")
        );
    }
    Ok(source.into_iter().chain(target).collect())
}

/// What kept the target from being as the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Another,
    Gone,
    Failed,
}

impl Fault {
    fn of(error: &CopyError) -> Self {
        match error {
            CopyError::Another { .. } => Self::Another,
            CopyError::Gone { .. } => Self::Gone,
            CopyError::NoSuchTenant
            | CopyError::Restless
            | CopyError::NotVerified { .. }
            | CopyError::Source(_)
            | CopyError::Target(_)
            | CopyError::Write(_)
            | CopyError::Create(_)
            | CopyError::Delete(_) => Self::Failed,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Another => {
                "--force replaces documents at the target that are others; look at both first"
            }
            Self::Gone => {
                "--delete takes tenants away from the target that the source does not have; look at \
                 them first"
            }
            Self::Failed => "what was not copied is tried again by the same command",
        }
    }
}

fn outcome(tenant: &TenantId, copied: Result<Copied, CopyError>) -> Outcome {
    let (outcome, reason) = match copied {
        Ok(Copied::Written) => ("copied", None),
        Ok(Copied::Same) => ("same", None),
        Ok(Copied::Deleted) => ("deleted", None),
        Err(error @ CopyError::Gone { .. }) => ("not at the source", Some(chain(&error))),
        Err(error) => ("not copied", Some(chain(&error))),
    };
    Outcome { tenant: tenant.as_str().to_owned(), outcome, reason }
}
