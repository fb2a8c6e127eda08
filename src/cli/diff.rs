//! `neokeys diff`: two states of a file of keys, compared key by key; for people and for git.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::escape::escaped;
use super::failure::Failure;
use super::files::read_file;
use super::output::Output;
use crate::storage::{Diagnostic, ReviewedKey, ReviewedKeys, read_for_review};

/// The states to compare.
#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// OLD and NEW; or one file, which is shown with a member a line (git: diff.NAME.textconv); or the seven
    /// or nine arguments that git gives to diff.NAME.command and GIT_EXTERNAL_DIFF.
    #[arg(value_name = "FILE", required = true, num_args = 1..=9)]
    files: Vec<PathBuf>,
}

/// Writes what differs.
pub(super) fn write(arguments: &DiffArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    match &arguments.files[..] {
        [file] => {
            let keys = read(file)?;
            output.write(&listing(&keys))
        }
        [old, new] => output.write(&difference(&read(old)?, &read(new)?)),
        // path old-file old-hex old-mode new-file new-hex new-mode, and for a renamed one its new path and
        // how alike they are.
        [path, old, _, _, new, _, _, ..] => {
            let (old, new) = match (read(old), read(new)) {
                (Ok(old), Ok(new)) => (old, new),
                // git stops at the first program that fails.
                (old, new) => {
                    let failed = old.err().into_iter().chain(new.err());
                    let told: Vec<_> = failed.map(|failure| failure.to_string()).collect();
                    let path = path.to_string_lossy();
                    return output.write(&format!(
                        "{}: not compared\n{}",
                        escaped(&path),
                        told.concat()
                    ));
                }
            };
            let told = difference(&old, &new);
            if told.is_empty() {
                return Ok(());
            }
            output.write(&format!("keys of {}\n{told}", escaped(&path.to_string_lossy())))
        }
        _ => Err(Failure::misused("neokeys diff compares two files").hint("name OLD and NEW")),
    }
}

fn read(path: &Path) -> Result<ReviewedKeys, Failure> {
    read_for_review(&read_file(path)?).map_err(|Diagnostic { line, column, fault, hint }| {
        Failure::because(format!("{}:{line}:{column}: {fault}", path.display())).hint(hint)
    })
}

fn listing(keys: &ReviewedKeys) -> String {
    let mut text = String::new();
    for ((tenant, name), key) in keys {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", title(tenant, name));
        members(&mut text, ' ', key);
    }
    text
}

fn difference(old: &ReviewedKeys, new: &ReviewedKeys) -> String {
    let mut text = String::new();
    let mut both: Vec<_> = old.keys().chain(new.keys()).collect();
    both.sort();
    both.dedup();
    for id in both {
        let title = title(&id.0, &id.1);
        match (old.get(id), new.get(id)) {
            (Some(old), None) => {
                let _ = writeln!(text, "- {title}");
                members(&mut text, '-', old);
            }
            (None, Some(new)) => {
                let _ = writeln!(text, "+ {title}");
                members(&mut text, '+', new);
            }
            (Some(old), Some(new)) if old != new => {
                let _ = writeln!(text, "~ {title}");
                changes(&mut text, old, new);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    text
}

fn title(tenant: &str, name: &str) -> String {
    match tenant {
        "" => escaped(name).into_owned(),
        tenant => format!("{} of {}", escaped(name), escaped(tenant)),
    }
}

fn members(text: &mut String, mark: char, key: &ReviewedKey) {
    for (member, value) in &key.members {
        let _ = writeln!(text, "{mark}     {}: {}", escaped(member), escaped(value));
    }
}

fn changes(text: &mut String, old: &ReviewedKey, new: &ReviewedKey) {
    let mut names: Vec<_> = old.members.keys().chain(new.members.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (was, is) = (old.members.get(name), new.members.get(name));
        for (mark, value) in [('-', was), ('+', is)] {
            if let Some(value) = value.filter(|_| was != is) {
                let _ = writeln!(text, "{mark}     {}: {}", escaped(name), escaped(value));
            }
        }
    }
    if old.has_other_tokens(new) {
        text.push_str("~     hash: other tokens\n");
    }
}
