//! Errors in settings, as one message each.

use std::io;
use std::path::PathBuf;

use super::table::{SETTINGS, Setting};
use crate::domain::DefaultBeyondMaximum;

/// A setting that cannot be used, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the settings file {} cannot be read; choose another with --config", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file is not YAML, or a value in it is malformed. The message names setting and line.
    #[error("{}: {message}", path.display())]
    File {
        path: PathBuf,
        /// The problem, with the setting's dotted name and its line.
        message: String,
    },
    #[error(
        "the environment variable {variable} is not a setting{}",
        suggestion.as_ref().map_or_else(
            || "; `neokeys serve --help` lists them".to_owned(),
            |known| format!("; did you mean {known}?")
        )
    )]
    UnknownVariable {
        variable: String,
        /// The nearest name of a setting's variable.
        suggestion: Option<String>,
    },
    #[error(transparent)]
    Lifetimes(#[from] DefaultBeyondMaximum),
    #[error("the environment variable {variable}: {message}")]
    Variable {
        variable: String,
        /// The problem with its value.
        message: String,
    },
}

/// The setting that a name may have been meant for: one with the same last part, or a few letters
/// away.
pub(super) fn nearest(name: &str) -> Option<&'static Setting> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let candidate = SETTINGS
        .iter()
        .map(|setting| (strsim::levenshtein(setting.name, name), setting))
        .min_by_key(|(distance, _)| *distance)?;
    match candidate {
        (0..=3, setting) => Some(setting),
        _ => SETTINGS.iter().find(|setting| last(setting.name) == last(name)),
    }
}
