//! The parameters of a query, and those by which every list is read page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

use super::form;
use crate::problem::Faults;

/// The items of a page where the query names no number.
pub(in crate::http) const PAGE: usize = 100;
/// The most that it may name.
const MOST: usize = 1000;

/// Reads every parameter, and gives what is wrong with them. All but those that are named may come once.
pub(in crate::http) fn read(
    query: &str,
    repeatable: &[&str],
    mut take: impl FnMut(&str, &str) -> Result<(), String>,
) -> Faults {
    let (mut faults, mut seen) = (Faults::default(), Vec::new());
    for (name, value) in form::pairs(query.as_bytes()) {
        if seen.contains(&name) && !repeatable.contains(&&*name) {
            faults.add(&name, "The parameter is repeated; send it once.");
            continue;
        }
        if let Err(sentence) = take(&name, &value) {
            faults.add(&name, sentence);
        }
        seen.push(name);
    }
    faults
}

/// The fault of a parameter that the operation does not have.
pub(in crate::http) fn unknown() -> Result<(), String> {
    Err("There is no such parameter.".to_owned())
}

/// The number of items on a page.
///
/// # Errors
/// A sentence about a value that is no such number.
pub(in crate::http) fn limit(value: &str) -> Result<usize, String> {
    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| format!("The value must be a number from 1 to {MOST}."))
}

/// A place in a list as a cursor, which callers do not read.
pub(in crate::http) fn to_cursor(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// The text of the place that a cursor names.
pub(in crate::http) fn place_of(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

/// A parameter as the document describes it.
pub(in crate::http) fn parameter(
    name: &str,
    schema: ObjectBuilder,
    description: &str,
) -> Parameter {
    let schema: RefOr<Schema> = schema.build().into();
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
    parameter.description(Some(description)).schema(Some(schema)).build()
}

/// A text.
pub(in crate::http) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A time.
pub(in crate::http) fn time() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

/// The parameter for the number of items on a page.
pub(in crate::http) fn limit_parameter(items: &str) -> Parameter {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let number = number
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1))
        .maximum(Some(MOST));
    let description = format!("The largest number of {items} on a page; {PAGE} by default.");
    parameter("limit", number, &description)
}
