//! The values of details in a request's body.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::Value;

use crate::domain::{AllowedIps, Description, DetailsPatch, Label, Owner, Patch, Timestamp};

/// The members that are details.
pub(in crate::http) const MEMBERS: [&str; 5] =
    ["expiresAt", "allowedIps", "description", "owner", "labels"];

/// Reads a member that is a detail; none where it is another.
pub(in crate::http) fn read_detail(
    patch: &mut DetailsPatch,
    name: &str,
    value: &Value,
) -> Option<Result<(), Vec<String>>> {
    Some(match name {
        "expiresAt" => read(&mut patch.expires_at, value, timestamp),
        "allowedIps" => read(&mut patch.allowed_ips, value, allowed_ips),
        "description" => read(&mut patch.description, value, parsed(Description::parse)),
        "owner" => read(&mut patch.owner, value, parsed(Owner::parse)),
        "labels" => read(&mut patch.labels, value, labels),
        _ => return None,
    })
}

/// Reads a value, of which `null` says that there is none.
pub(super) fn read<T>(
    member: &mut Patch<T>,
    value: &Value,
    parse: impl Fn(&Value) -> Result<T, Vec<String>>,
) -> Result<(), Vec<String>> {
    *member = if value.is_null() { Patch::Remove } else { Patch::Set(parse(value)?) };
    Ok(())
}

/// A point in time.
pub(super) fn timestamp(value: &Value) -> Result<Timestamp, Vec<String>> {
    parsed(Timestamp::parse)(value)
}

/// A text that is parsed further.
fn parsed<T, E: Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(&Value) -> Result<T, Vec<String>> {
    move |value| {
        let text = value.as_str().ok_or_else(|| one("The value must be a string."))?;
        parse(text).map_err(|error| vec![format!("The value {error}.")])
    }
}

fn allowed_ips(value: &Value) -> Result<AllowedIps, Vec<String>> {
    let texts: Option<Vec<_>> =
        value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
    let texts = texts.ok_or_else(|| one("The value must be an array of strings."))?;
    AllowedIps::parse(&texts).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn labels(value: &Value) -> Result<BTreeMap<Label, Option<Label>>, Vec<String>> {
    let members = value.as_object().ok_or_else(|| one("The value must be an object."))?;
    let (mut labels, mut faults) = (BTreeMap::new(), Vec::new());
    for (name, value) in members {
        let label =
            Label::parse(name).map_err(|error| format!("The name of the label {name:?} {error}."));
        let text = match value {
            Value::Null => Ok(None),
            Value::String(text) => {
                Label::parse(text).map(Some).map_err(|error| format!("The label {name:?} {error}."))
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(format!("The label {name:?} must be a string."))
            }
        };
        match (label, text) {
            (Ok(label), Ok(text)) => {
                labels.insert(label, text);
            }
            (label, text) => faults.extend(label.err().into_iter().chain(text.err())),
        }
    }
    if faults.is_empty() { Ok(labels) } else { Err(faults) }
}

fn one(sentence: &str) -> Vec<String> {
    vec![sentence.to_owned()]
}
