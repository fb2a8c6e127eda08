//! `neokeys completions` and `neokeys man`: what a shell and `man` are told of the commands, made from the
//! same declarations that read them.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Arguments;
use super::failure::Failure;
use super::output::Output;

/// The shell to complete for.
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// The pages to write.
#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// Write a page for each command into this folder, instead of the page of neokeys to standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes the script of a shell.
pub(super) fn write_completions(
    arguments: &CompletionsArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (mut command, mut script) = (Arguments::command(), Vec::new());
    clap_complete::generate(arguments.shell, &mut command, "neokeys", &mut script);
    output.write(&String::from_utf8_lossy(&script))
}

/// Writes pages of the manual.
pub(super) fn write_pages(
    arguments: &ManArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    if let Some(folder) = &arguments.out {
        return clap_mangen::generate_to(Arguments::command(), folder)
            .map_err(|error| unwritten(folder, &error));
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Arguments::command()).render(&mut page);
    rendered.map_err(|error| Failure::refused(&error))?;
    output.write(&String::from_utf8_lossy(&page))
}

fn unwritten(folder: &Path, error: &std::io::Error) -> Failure {
    let told = format!("the pages cannot be written to {}: {error}", folder.display());
    Failure::because(told).hint("name a folder that exists")
}
