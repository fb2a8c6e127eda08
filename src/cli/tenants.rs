//! `neokeys tenants`: lists and creates tenants.

use clap::Subcommand;
use serde::Serialize;

use super::Place;
use super::access::AccessArguments;
use super::environment;
use super::failure::Failure;
use super::output::{Output, table};
use super::system_user;
use crate::domain::TenantId;
use crate::storage::CreateTenantError;

/// A command on tenants.
#[derive(Debug, Subcommand)]
pub(super) enum TenantsCommand {
    /// List the tenants.
    List {
        #[command(flatten)]
        access: AccessArguments,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Create a tenant without keys, and the folder of the store if it does not exist.
    Create {
        /// The id of the tenant.
        #[arg(value_name = "ID", value_parser = TenantId::parse)]
        id: TenantId,
        #[command(flatten)]
        place: Place,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
}

/// A tenant as JSON.
#[derive(Serialize)]
struct TenantDescription<'a> {
    id: &'a str,
}

/// Runs the command.
pub(super) async fn run(command: &TenantsCommand, output: &mut Output<'_>) -> Result<(), Failure> {
    match command {
        TenantsCommand::List { access, json } => {
            let tenants = access.open().await?.list_tenants().await?;
            if *json {
                output.write_json(&tenants.iter().map(describe).collect::<Vec<_>>())
            } else {
                output.write(&tenant_table(&tenants))
            }
        }
        TenantsCommand::Create { id, place, json } => {
            // Whoever works on a server would find nothing of it there.
            if environment::find(environment::SERVER).is_some() && !place.names_store() {
                return Err(Failure::misused(
                    "tenants are created in a store, and NEOKEYS_SERVER names a server",
                )
                .hint("name the store with --store"));
            }
            match place.open(true)?.create_tenant_by(id, system_user::initiator()).await {
                Ok(()) if *json => output.write_json(&describe(id)),
                Ok(()) => output.write(&tenant_table(std::slice::from_ref(id))),
                Err(error @ CreateTenantError::Exists) => Err(Failure::refused(&error)
                    .hint(format!("`neokeys keys list --tenant {}` lists its keys", id.as_str()))),
                Err(error @ CreateTenantError::Failed(_)) => Err(Failure::refused(&error)),
            }
        }
    }
}

fn describe(tenant: &TenantId) -> TenantDescription<'_> {
    TenantDescription { id: tenant.as_str() }
}

fn tenant_table(tenants: &[TenantId]) -> String {
    let rows: Vec<_> = tenants.iter().map(|tenant| [tenant.as_str().to_owned()]).collect();
    table(["TENANT"], &rows)
}
