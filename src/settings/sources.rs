//! Where settings come from: a file and the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::error::nearest;
use super::opentelemetry;
use super::service_links::is_service_link;
use super::table::{SETTINGS, Setting, VARIABLE_PREFIX, assign};
use super::variable_text::VariableText;
use super::{Settings, SettingsError};
use crate::storage::without_credentials;

/// The file that is read when none is named.
pub(super) const DEFAULT_FILE: &str = "neokeys.yml";

/// The server that commands ask. It and the credentials for it are no settings, and never stand in a file of
/// them.
pub(crate) const SERVER: &str = "NEOKEYS_SERVER";
/// A bearer token for the server.
pub(crate) const TOKEN: &str = "NEOKEYS_TOKEN";
/// An API key for the server.
pub(crate) const API_KEY: &str = "NEOKEYS_API_KEY";

/// The named file's path and text, or those of the default file if that is there.
pub(super) fn read_file(file: Option<&Path>) -> Result<Option<(PathBuf, String)>, SettingsError> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Unreadable { path: path.to_owned(), source }),
    }
}

/// Applies the environment to the settings.
pub(super) fn apply_environment(
    settings: &mut Settings,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), SettingsError> {
    let (ours, others): (Vec<(String, OsString)>, Vec<_>) = environment
        .into_iter()
        .map(|(variable, value)| (variable.to_string_lossy().into_owned(), value))
        .filter(|(variable, _)| ![SERVER, TOKEN, API_KEY].contains(&variable.as_str()))
        .partition(|(variable, _)| variable.starts_with(VARIABLE_PREFIX));
    let texts = |variables: &[(String, OsString)]| -> Vec<(String, String)> {
        let text = |value: &OsString| value.to_string_lossy().into_owned();
        variables.iter().map(|(variable, value)| (variable.clone(), text(value))).collect()
    };
    settings.traces.standard = opentelemetry::read(&texts(&others));
    let texts = texts(&ours);
    for ((variable, value), (_, text)) in ours.into_iter().zip(&texts) {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == variable) else {
            if is_service_link(&variable, text, &texts) {
                settings.ignored_variables.push(variable);
                continue;
            }
            let rest = variable.strip_prefix(VARIABLE_PREFIX).unwrap_or(&variable);
            let name = rest.replace("__", ".").to_ascii_lowercase();
            let suggestion = nearest(&name).map(Setting::variable);
            return Err(SettingsError::UnknownVariable { variable, suggestion });
        };
        let refuse = |message: &str| {
            // The value is one line as a rule: where in it the fault is helps nobody.
            let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
            let message = message.trim_start_matches('.');
            let mut message = without_credentials(message);
            if setting.name == "auth.bearer.issuers" && message.contains("invalid type") {
                message.push_str("; write [{ issuer: https://…, audience: https://… }]");
            }
            SettingsError::Variable { variable: variable.clone(), message }
        };
        let value = value.to_str().ok_or_else(|| refuse("the value is not UTF-8"))?;
        assign(settings, setting.name, VariableText(value))
            .map_err(|error| refuse(&error.to_string()))?;
    }
    Ok(())
}
