//! What can be wrong with settings, as one message each.

use std::io;
use std::path::PathBuf;

use super::table::{SETTINGS, Setting};

/// A setting that cannot be used, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file that was asked for cannot be read.
    #[error("the settings in {} cannot be read; --config names another file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no YAML, or a value in it is malformed. The message names setting and line.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the setting's dotted name and its line.
        message: String,
    },
    /// There is a variable with the prefix of settings that is none.
    #[error(
        "the environment variable {variable} is no setting{}",
        suggestion.as_ref().map_or_else(
            || "; `neokeys serve --help` lists them".to_owned(),
            |known| format!("; did you mean {known}?")
        )
    )]
    UnknownVariable {
        /// Its name.
        variable: String,
        /// The nearest name of a setting's variable.
        suggestion: Option<String>,
    },
    /// The value of a variable is malformed.
    #[error("the environment variable {variable}: {message}")]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong with its value.
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
