//! A plan in a file, between `plan` and `apply`.
//!
//! It has what was shown, and neither token nor hash: carrying it out reads the files of wanted keys again,
//! which have to be the same.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::description::{PlanDescription, VERSION};
use super::wanted::{Wanted, shown};
use crate::cli::failure::Failure;
use crate::cli::files::read_file;
use crate::cli::output::to_json;

/// Writes a plan.
pub(super) fn write(path: &Path, plan: &PlanDescription) -> Result<(), Failure> {
    let text = to_json(plan)?;
    let written = File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::because(format!("{} cannot be written: {error}", shown(path))))
}

/// Reads a plan.
pub(super) fn read(path: &Path) -> Result<PlanDescription, Failure> {
    let plan: PlanDescription = serde_json::from_slice(&read_file(path)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::because(format!("{}:{line}:{column}: this is not a plan", shown(path)))
            .hint("create one with `neokeys plan -f FILE --out plan.json`")
    })?;
    if plan.version != VERSION {
        return Err(Failure::because(format!(
            "{} is a plan of version {}, and this program carries out version {VERSION}",
            shown(path),
            plan.version
        ))
        .hint("plan again with this program"));
    }
    Ok(plan)
}

impl PlanDescription {
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| PathBuf::from(&file.path)).collect()
    }

    /// Refuses files that are not those that the plan was made from.
    pub(super) fn demand_same_files(&self, wanted: &Wanted) -> Result<(), Failure> {
        let planned = self.files.iter().map(|file| (&file.path, &file.sha256));
        let changed = planned.zip(&wanted.files).find(|((_, planned), (_, now))| *planned != now);
        match changed {
            Some(((path, _), _)) => {
                Err(Failure::because(format!("{path} has changed since the plan was made"))
                    .hint("plan again"))
            }
            None => Ok(()),
        }
    }
}
