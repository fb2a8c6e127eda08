//! Files of wanted keys, with where in them each fault is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::files::read_file;
use crate::cli::output::{Output, table};
use crate::domain::Digest;
use crate::storage::{DesiredDocument, Diagnostic, read_desired};

/// The documents of files.
pub(super) struct Wanted {
    /// Each with the file that it is in.
    pub(super) documents: Vec<(String, DesiredDocument)>,
    /// The files, with the SHA-256 of what is in each.
    pub(super) files: Vec<(String, String)>,
}

/// A fault of a file.
pub(super) struct FileFault {
    pub(super) path: String,
    pub(super) fault: Diagnostic,
}

/// All that keeps a plan from being made.
pub(super) struct Faults(pub(super) Vec<FileFault>);

/// A fault as JSON, as `check` has it.
#[derive(Serialize)]
struct FaultDescription<'a> {
    file: &'a str,
    line: u64,
    column: u64,
    severity: &'static str,
    fault: &'a str,
    hint: &'a str,
}

const SEVERITY: &str = "error";

impl Wanted {
    /// Reads the files; the inner error has all that is wrong in them.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Result<Self, Vec<FileFault>>, Failure> {
        let mut wanted = Self { documents: Vec::new(), files: Vec::new() };
        let mut faults = Vec::new();
        for path in paths {
            let bytes = read_file(path)?;
            let path = path.to_string_lossy().into_owned();
            wanted.files.push((path.clone(), Digest::of(&bytes).to_hex()));
            match read_desired(&bytes) {
                Ok(documents) => {
                    wanted.documents.extend(documents.into_iter().map(|it| (path.clone(), it)));
                }
                Err(all) => {
                    faults.extend(
                        all.into_iter().map(|fault| FileFault { path: path.clone(), fault }),
                    );
                }
            }
        }
        faults.extend(wanted.repeated());
        Ok(if faults.is_empty() { Ok(wanted) } else { Err(faults) })
    }

    /// Documents of a tenant that has another one: the later would be planned on keys that are gone.
    fn repeated(&self) -> Vec<FileFault> {
        let mut first: BTreeMap<&str, String> = BTreeMap::new();
        let repeated = self.documents.iter().filter_map(|(path, document)| {
            let (line, column) = document.place;
            let here = format!("{path}:{line}");
            let other = first.insert(document.tenant.as_str(), here)?;
            let fault = format!("the tenant {} is at {other} already", document.tenant.as_str());
            let fault = Diagnostic {
                line,
                column,
                fault,
                hint: "write one document per tenant".to_owned(),
            };
            Some(FileFault { path: path.clone(), fault })
        });
        repeated.collect()
    }
}

impl Faults {
    /// Tells all of them, as `check` does.
    pub(super) fn tell(&self, json: bool, output: &mut Output<'_>) -> Failure {
        let told = if json {
            let all = self.0.iter().map(|FileFault { path, fault: it }| FaultDescription {
                file: path,
                line: it.line,
                column: it.column,
                severity: SEVERITY,
                fault: &it.fault,
                hint: &it.hint,
            });
            output.write_json(&all.collect::<Vec<_>>())
        } else {
            let row = |FileFault { path, fault: it }: &FileFault| {
                let place = format!("{path}:{}:{}", it.line, it.column);
                [place, SEVERITY.to_owned(), it.fault.clone(), it.hint.clone()]
            };
            let rows: Vec<_> = self.0.iter().map(row).collect();
            output.write(&table(["PLACE", "SEVERITY", "PROBLEM", "FIX"], &rows))
        };
        told.err().unwrap_or_else(Failure::silent)
    }
}

/// The path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
