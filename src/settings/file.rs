//! Settings from a YAML file.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};

use super::error::nearest;
use super::syntax;
use super::table::{SETTINGS, assign};
use super::{Settings, SettingsError};
use crate::storage::without_credentials;

/// Applies a file to the settings.
pub(super) fn apply(settings: &mut Settings, path: &Path, text: &str) -> Result<(), SettingsError> {
    let mut reading = Reading { settings, seen: HashSet::new(), fault: None };
    let section = Section { reading: &mut reading, prefix: "" };
    let outcome = section.deserialize(serde_yaml::Deserializer::from_str(text));
    let Err(error) = outcome else { return Ok(()) };
    let message = match (reading.fault, error.location()) {
        (Some(fault), Some(location)) => format!("line {}: {fault}", location.line()),
        (Some(fault), None) => fault,
        // A value in the wrong place is told as it is.
        (None, _) => syntax::hint(text, error.location().map(|it| it.line()))
            .unwrap_or_else(|| without_credentials(&error.to_string())),
    };
    Err(SettingsError::File { path: path.to_owned(), message })
}

struct Reading<'s> {
    settings: &'s mut Settings,
    seen: HashSet<String>,
    /// The problem with a name; the error that carries it out knows the line.
    fault: Option<String>,
}

/// A mapping of settings whose names start with the prefix.
struct Section<'r, 's, 'p> {
    reading: &'r mut Reading<'s>,
    prefix: &'p str,
}

impl<'de> DeserializeSeed<'de> for Section<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Section<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("settings as `name: value`")
    }

    /// A setting that is named as a section is, and given alone: `store: file:data`.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if is_setting(self.prefix) {
            assign(self.reading.settings, self.prefix, text.into_deserializer())
        } else {
            Err(E::invalid_type(serde::de::Unexpected::Str(text), &self))
        }
    }

    /// The same of a list: `scopes: [{ … }]`.
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        if is_setting(self.prefix) {
            assign(self.reading.settings, self.prefix, SeqAccessDeserializer::new(list))
        } else {
            Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self))
        }
    }

    /// A section whose settings are all commented out.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    /// An empty file.
    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        loop {
            let name = Name { reading: self.reading, prefix: self.prefix };
            let Some(name) = map.next_key_seed(name)? else { return Ok(()) };
            map.next_value_seed(Value { reading: self.reading, name: &name })?;
        }
    }
}

/// A key: gives the dotted name of a setting or a section, and refuses any other.
struct Name<'r, 's, 'p> {
    reading: &'r mut Reading<'s>,
    prefix: &'p str,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_, '_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a setting")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<String, E> {
        let name = match self.prefix {
            "" => key.to_owned(),
            prefix => format!("{prefix}.{key}"),
        };
        let known = is_setting(&name) || is_section(&name);
        let fault = if !known {
            let hint = nearest(&name).map_or_else(
                || "`neokeys serve --help` lists them".to_owned(),
                |setting| format!("did you mean {}?", setting.name),
            );
            Some(format!("{name} is not a setting; {hint}"))
        } else if !self.reading.seen.insert(name.clone()) {
            Some(format!("{name} is set twice; remove one of them"))
        } else {
            None
        };
        match fault {
            Some(fault) => {
                self.reading.fault = Some(fault);
                Err(E::custom("a name is refused"))
            }
            None => Ok(name),
        }
    }
}

fn is_setting(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name) || owner(name) != name
}

/// The setting that a section is named for, of its `url` or `list`: `store.url` is `store`.
fn owner(name: &str) -> &str {
    let section = match name {
        "scopes.list" => "scopes",
        _ => name.strip_suffix(".url").unwrap_or_default(),
    };
    let is_both = SETTINGS.iter().any(|setting| setting.name == section) && is_section(section);
    if is_both { section } else { name }
}

fn is_section(name: &str) -> bool {
    let inside =
        |setting: &str| setting.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    SETTINGS.iter().any(|setting| inside(setting.name))
}

struct Value<'r, 's, 'n> {
    reading: &'r mut Reading<'s>,
    name: &'n str,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if is_section(self.name) {
            Section { reading: self.reading, prefix: self.name }.deserialize(deserializer)
        } else {
            assign(self.reading.settings, owner(self.name), deserializer)
        }
    }
}
