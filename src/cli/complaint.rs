//! Errors in arguments.

use std::ffi::{OsStr, OsString};

use clap::Parser as _;

use super::Arguments;
use super::escape::escaped;
use super::output::Output;
use crate::storage::without_credentials;

/// Says why arguments were not taken, or gives the help that they ask for. The parser repeats an
/// argument as it came, so what could speak to a terminal is written out first, and parsed once more:
/// the complaint is about that then.
pub(super) fn say(error: &clap::Error, arguments: &[OsString], output: &mut Output<'_>) {
    let visible: Vec<_> = arguments.iter().map(|argument| visible(argument)).collect();
    if visible == arguments {
        // Whoever closed the pipe does not want to read it.
        let _ = error.print();
        return;
    }
    match Arguments::try_parse_from(visible) {
        Err(same) if same.kind() == error.kind() => drop(same.print()),
        // It is about what is not seen itself.
        _ => {
            let said = without_credentials(&error.render().to_string());
            let lines: Vec<_> = said.lines().map(escaped).collect();
            output.say(&format!("{}\n", lines.join("\n")));
        }
    }
}

/// An argument in which everything is seen but a secret. Bytes that are no text are nothing to read.
fn visible(argument: &OsStr) -> OsString {
    OsString::from(without_credentials(&escaped(&argument.to_string_lossy())))
}
