//! The forms that a setting's value takes: how it is read and shown.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, Visitor};
use serde::ser::Serialize;

use crate::contract::{PublicUrl, PublicUrlError};
use crate::domain::TokenPrefix;
use crate::storage::{StoreUrl, StoreUrlError, without_credentials, without_secrets};

/// How a value is written.
pub(super) trait Form {
    type Value;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self::Value, D::Error>;

    fn show(value: &Self::Value) -> String;
}

/// Any text.
pub(super) struct Verbatim;

impl Form for Verbatim {
    type Value = String;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
        String::deserialize(source)
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// What has a text of its own.
pub(super) struct Text<T>(PhantomData<T>);

/// A value that is parsed from text by its own rules.
pub(super) trait Parsed: Sized {
    fn parse(text: &str) -> Result<Self, String>;

    fn text(&self) -> String;
}

impl<T: Parsed> Form for Text<T> {
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
        parsed(source, T::parse)
    }

    fn show(value: &T) -> String {
        value.text()
    }
}

/// What has a text of its own, or `null`.
pub(super) struct OptionalText<T>(PhantomData<T>);

impl<T: Parsed> Form for OptionalText<T> {
    type Value = Option<T>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<Given<T>>::deserialize(source)?.map(|Given(value)| value))
    }

    fn show(value: &Option<T>) -> String {
        value.as_ref().map_or_else(|| "null".to_owned(), T::text)
    }
}

struct Given<T>(T);

impl<'de, T: Parsed> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        parsed(source, T::parse).map(Self)
    }
}

impl Parsed for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        let form = "an address is an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080";
        text.parse().or(Err(form.to_owned()))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Parsed for PublicUrl {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: PublicUrlError| error.to_string())
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Parsed for StoreUrl {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: StoreUrlError| error.to_string())
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Parsed for TokenPrefix {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

/// What serde reads and writes.
pub(super) struct Yaml<T>(PhantomData<T>);

impl<T: DeserializeOwned + Serialize> Form for Yaml<T> {
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
        T::deserialize(source)
    }

    fn show(value: &T) -> String {
        serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
    }
}

/// The path of a file, or `null`.
pub(super) struct OptionalPath;

impl Form for OptionalPath {
    type Value = Option<PathBuf>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Option<PathBuf>, D::Error> {
        Option::<PathBuf>::deserialize(source)
    }

    fn show(value: &Option<PathBuf>) -> String {
        value.as_ref().map_or_else(|| "null".to_owned(), |path| path.display().to_string())
    }
}

/// Reads a text by the rules of `parse`. It does so inside the visitor: only errors that arise
/// there are given the value's line.
pub(super) fn parsed<'de, D: Deserializer<'de>, T, E: Display>(
    source: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    struct Parse<F>(F);

    impl<T, E: Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Parse<F> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("one word")
        }

        fn visit_str<D: Error>(self, text: &str) -> Result<T, D> {
            self.0(text).map_err(|error| {
                let error = error.to_string();
                let names = |text: &str| error.contains(&format!("{text:?}"));
                if names(text) || names(&without_secrets(text)) {
                    return D::custom(error);
                }
                D::custom(format!("{:?} is refused: {error}", without_credentials(text)))
            })
        }
    }

    source.deserialize_str(Parse(parse))
}
