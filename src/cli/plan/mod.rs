//! `neokeys plan`, `neokeys apply` and `neokeys import`: what it takes to make the keys of tenants those of files, and doing
//! it.
//!
//! Invariants: nothing is written unless all that is wanted can be planned; a tenant's keys change in one
//! write, and only if they are those that the plan saw; no token and no hash is in anything that is shown.

mod apply;
mod description;
mod export;
mod import;
mod plan_file;
mod planned;
mod wanted;

use std::path::PathBuf;

use clap::Args;

pub(super) use self::apply::{ApplyArguments, run as apply};
use self::description::{PlanDescription, step_table};
pub(super) use self::import::{ImportArguments, run as import};
use self::planned::plan_all;
use self::wanted::{Faults, Wanted};
use super::access::AccessArguments;
use super::failure::Failure;
use super::output::{Output, to_json};
use crate::domain::PlanReach;

/// The wanted keys, and where the keys are.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    access: AccessArguments,
    /// Write the plan to a file, for `neokeys apply FILE`. It holds no token and no hash.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// End with exit code 3 if there is something to do.
    #[arg(long)]
    exit_code: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The files of wanted keys, and how far they reach.
#[derive(Debug, Args)]
struct Files {
    /// A file of wanted keys; documents in it are separated by ---. Can be given several times.
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Delete keys of the same managedBy that are not in the file any more.
    #[arg(long)]
    prune: bool,
    /// Take over keys that others manage.
    #[arg(long)]
    adopt: bool,
}

impl Files {
    fn reach(&self) -> PlanReach {
        PlanReach { prune: self.prune, adopt: self.adopt }
    }
}

/// Shows what there is to do.
pub(super) async fn run(arguments: &PlanArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    if arguments.files.paths.is_empty() {
        return Err(Failure::misused("no file of wanted keys is named").hint("name it with -f"));
    }
    let wanted = read(&arguments.files.paths, arguments.json, output)?;
    let (access, reach) = (arguments.access.open().await?, arguments.files.reach());
    let planned = plan_all(&*access, &wanted, reach).await?;
    let planned = planned.map_err(|faults| faults.tell(arguments.json, output))?;
    let description = PlanDescription::of(&wanted, &planned, reach);
    if let Some(path) = &arguments.out {
        plan_file::write(path, &description)?;
    }
    if arguments.json {
        output.write(&to_json(&description)?)?;
    } else if description.is_empty() {
        output.say(&"Nothing to do.\n");
    } else {
        output.write(&step_table(&description))?;
    }
    if arguments.exit_code && !description.is_empty() {
        return Err(Failure::pending());
    }
    Ok(())
}

fn read(paths: &[PathBuf], json: bool, output: &mut Output<'_>) -> Result<Wanted, Failure> {
    match Wanted::read(paths)? {
        Ok(wanted) => Ok(wanted),
        Err(faults) => Err(Faults(faults).tell(json, output)),
    }
}
