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

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;
    use neokeys_testkit::book;

    /// `--tenant <ID>`, or `<NAME>`.
    fn written(argument: &Arg) -> String {
        let value = match argument.get_value_names() {
            Some(names) if argument.get_action().takes_values() => {
                names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        };
        let names = [
            argument.get_short().map(|short| format!("-{short}")),
            argument.get_long().map(|long| format!("--{long}")),
        ];
        let names = names.into_iter().flatten().collect::<Vec<_>>().join(", ");
        [names, value].join(" ").trim().to_owned()
    }

    fn meaning(argument: &Arg) -> String {
        let help = argument.get_long_help().or(argument.get_help());
        let mut text = help.map(ToString::to_string).unwrap_or_default().replace('\n', " ");
        let takes_a_value = argument.get_action().takes_values();
        let values = argument.get_possible_values();
        let values: Vec<_> = values.iter().map(|it| format!("`{}`", it.get_name())).collect();
        if takes_a_value && !values.is_empty() {
            text.push_str(&format!(": {}", values.join(", ")));
        }
        for default in argument.get_default_values().iter().filter(|_| takes_a_value) {
            text.push_str(&format!(" [default: {}]", default.display()));
        }
        text
    }

    fn section(command: &Command, name: &str, made: &mut String) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        made.push_str(&format!("## {name}\n\n{about}.\n\n"));
        let shown =
            |it: &&Arg| !it.is_hide_set() && !["help", "version"].contains(&it.get_id().as_str());
        let arguments: Vec<_> = command.get_arguments().filter(shown).collect();
        if !arguments.is_empty() {
            made.push_str("| argument | meaning |\n|---|---|\n");
        }
        for argument in arguments {
            let needed = if argument.is_required_set() { " (needed)" } else { "" };
            let named = format!("`{}`{needed}", written(argument));
            made.push_str(&book::row(&[&named, &meaning(argument)]));
        }
        if made.ends_with("|\n") {
            made.push('\n');
        }
        for command in command.get_subcommands().filter(|it| it.get_name() != "help") {
            section(command, &format!("{name} {}", command.get_name()), made);
        }
    }

    #[test]
    fn the_book_says_of_every_command_what_its_help_says() {
        let mut command = Arguments::command();
        command.build();
        let mut made = String::new();
        for command in command.get_subcommands().filter(|it| it.get_name() != "help") {
            section(command, &format!("neokeys {}", command.get_name()), &mut made);
        }
        book::hold("docs/reference/command-line.md", "commands", &made);
    }
}
