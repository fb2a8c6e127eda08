//! `neokeys import`: the keys of another store, planned and made as those of a file are. Their tokens go on
//! working, since their hashes are taken over.

use std::path::PathBuf;

use clap::Args;

use super::apply::carry_out_all;
use super::description::{PlanDescription, step_table};
use super::export::{Export, Format};
use super::planned::plan_all;
use super::wanted::{Faults, FileFault, Wanted};
use crate::cli::access::AccessArguments;
use crate::cli::failure::Failure;
use crate::cli::files::read_file;
use crate::cli::output::Output;
use crate::domain::{DesiredKeys, ManagedBy, PlanReach, Scope, Scopes, TenantId};
use crate::storage::DesiredDocument;

/// The export, and where its keys go.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArguments {
    /// The export.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The program that wrote it.
    #[arg(long, value_enum)]
    format: Format,
    /// The tenant that gets the keys.
    #[arg(long, value_name = "ID", value_parser = TenantId::parse)]
    tenant: TenantId,
    /// A permission of keys that have none in the export. Can be given several times.
    #[arg(long = "permission", value_name = "P", num_args = 1.., value_parser = Scope::parse)]
    permissions: Vec<Scope>,
    /// The managedBy of the keys, by which they can be planned later.
    #[arg(long, value_name = "NAME", value_parser = ManagedBy::parse, default_value = "import")]
    managed_by: ManagedBy,
    /// Show what there is to do, and do nothing.
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    access: AccessArguments,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Imports the keys.
pub(in crate::cli) async fn run(
    arguments: &ImportArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let wanted = match read(arguments)? {
        Ok((wanted, export)) => {
            tell_what_stays(&export, output);
            wanted
        }
        Err(faults) => return Err(faults.tell(arguments.json, output)),
    };
    let (access, reach) = (arguments.access.open().await?, PlanReach::default());
    let planned = plan_all(&*access, &wanted, reach).await?;
    let planned = planned.map_err(|faults| faults.tell(arguments.json, output))?;
    if !arguments.plan {
        return carry_out_all(&*access, &planned, reach, None, (arguments.json, output)).await;
    }
    let description = PlanDescription::of(&wanted, &planned, reach);
    if arguments.json {
        output.write_json(&description)
    } else {
        output.write(&step_table(&description))
    }
}

fn tell_what_stays(export: &Export, output: &mut Output<'_>) {
    let Export { deleted, limited, .. } = export;
    if *deleted > 0 {
        output.say(&format_args!("{deleted} keys are left out, since they were deleted there.\n"));
    }
    if *limited > 0 {
        output.say(&format_args!(
            "{limited} keys have limits of use there, which neokeys does not keep: here they have none.\n"
        ));
    }
}

fn read(arguments: &ImportArguments) -> Result<Result<(Wanted, Export), Faults>, Failure> {
    let bytes = read_file(&arguments.file)?;
    let path = arguments.file.display().to_string();
    let texts: Vec<_> = arguments.permissions.iter().map(Scope::as_str).collect();
    let scopes = (!texts.is_empty()).then(|| Scopes::parse(&texts)).transpose();
    let scopes = scopes.map_err(|errors| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::misused(told.join(" "))
    })?;
    let export = match Export::read(arguments.format, &bytes, scopes.as_ref()) {
        Ok(export) => export,
        Err(all) => {
            let of_file = |fault| FileFault { path: path.clone(), fault };
            return Ok(Err(Faults(all.into_iter().map(of_file).collect())));
        }
    };
    let document = DesiredDocument {
        tenant: arguments.tenant.clone(),
        keys: DesiredKeys { managed_by: arguments.managed_by.clone(), keys: export.keys.clone() },
        place: (1, 1),
        places: export.places.clone(),
    };
    Ok(Ok((Wanted { documents: vec![(path, document)], files: Vec::new() }, export)))
}
