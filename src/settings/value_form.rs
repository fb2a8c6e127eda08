//! The forms of a setting's value: one scalar, an optional one, a list of them, or what serde reads.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, Visitor};
use serde::ser::Serialize;

use crate::storage::{without_credentials, without_secrets};

/// How a value is written.
pub(super) trait Form {
    type Value;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self::Value, D::Error>;

    fn show(value: &Self::Value) -> String;
}

/// The grammar of a value that is one word.
pub(super) trait Scalar {
    type Value;

    /// Reads a text. The error says what to write in its place.
    fn parse(text: &str) -> Result<Self::Value, String>;

    fn show(value: &Self::Value) -> String;
}

/// Exactly one scalar.
pub(super) struct One<S>(PhantomData<S>);

impl<S: Scalar> Form for One<S> {
    type Value = S::Value;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<S::Value, D::Error> {
        Parsed::<S>::deserialize(source).map(|Parsed(value)| value)
    }

    fn show(value: &S::Value) -> String {
        S::show(value)
    }
}

/// A scalar, or `null`.
pub(super) struct Optional<S>(PhantomData<S>);

impl<S: Scalar> Form for Optional<S> {
    type Value = Option<S::Value>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self::Value, D::Error> {
        Ok(Option::<Parsed<S>>::deserialize(source)?.map(|Parsed(value)| value))
    }

    fn show(value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| "null".to_owned(), S::show)
    }
}

/// A list of scalars.
pub(super) struct List<S>(PhantomData<S>);

impl<S: Scalar> Form for List<S> {
    type Value = Vec<S::Value>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self::Value, D::Error> {
        let values = Vec::<Parsed<S>>::deserialize(source)?;
        Ok(values.into_iter().map(|Parsed(value)| value).collect())
    }

    fn show(values: &Self::Value) -> String {
        format!("[{}]", values.iter().map(S::show).collect::<Vec<_>>().join(", "))
    }
}

/// The form in which serde reads and writes.
pub(super) struct Yaml<T>(PhantomData<T>);

impl<T: DeserializeOwned + Serialize> Form for Yaml<T> {
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
        T::deserialize(source)
    }

    #[expect(clippy::expect_used, reason = "values are numbers, texts, lists and records of them")]
    fn show(value: &T) -> String {
        let json = serde_json::to_string(value).expect("a setting can be written as JSON");
        json.trim_matches('"').to_owned()
    }
}

struct Parsed<S: Scalar>(S::Value);

impl<'de, S: Scalar> Deserialize<'de> for Parsed<S> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_str(Parser::<S>(PhantomData))
    }
}

/// Parses inside the visitor: only errors that arise there are given the value's line.
struct Parser<S>(PhantomData<S>);

impl<S: Scalar> Visitor<'_> for Parser<S> {
    type Value = Parsed<S>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("one word")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Parsed<S>, E> {
        S::parse(text).map(Parsed).map_err(|error| {
            let names = |text: &str| error.contains(&format!("{text:?}"));
            if names(text) || names(&without_secrets(text)) {
                return E::custom(error);
            }
            E::custom(format!("{:?} is refused: {error}", without_credentials(text)))
        })
    }
}
