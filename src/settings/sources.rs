//! Where settings come from: a file and the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::nearest;
use super::list;
use super::opentelemetry;
use super::service_links::is_service_link;
use super::table::{SETTINGS, Setting, VARIABLE_PREFIX, assign};
use super::{Settings, SettingsError};
use crate::storage::without_credentials;

/// The file that is read when none is named.
pub(super) const DEFAULT_FILE: &str = "neokeys.yml";

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

/// The value of a variable: text where a text is wanted, YAML where anything else is.
pub(super) struct VariableText<'de>(pub(super) &'de str);

impl<'de> IntoDeserializer<'de, serde_yaml::Error> for VariableText<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for VariableText<'de> {
    type Error = serde_yaml::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        serde_yaml::Deserializer::from_str(self.0).deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        // What is there is a text again: `[::1]:9464` is an address and no list.
        match self.0 {
            "" | "~" | "null" | "Null" | "NULL" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let text: StrDeserializer<'de, Self::Error> = self.0.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        list::read(self.0, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map struct identifier ignored_any
    }
}
