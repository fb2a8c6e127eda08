//! How a request body is read: member by member, so that all its faults are told at once.

use serde_json::Value;

/// A body that the contract describes. The types that implement it are generated; every field of
/// them is an `Option`, `None` where the member is absent or faulty.
pub trait RequestBody: Default + 'static {
    /// The members that the contract demands.
    const REQUIRED: &'static [&'static str];

    /// Reads a member.
    ///
    /// # Errors
    /// A sentence for each fault: there is no such member, or its value is of another type.
    fn read_member(&mut self, name: &str, value: &Value) -> Result<(), Vec<String>>;
}

/// The value of a member; never `null`.
pub(super) trait MemberValue: Sized {
    fn read(value: &Value) -> Result<Self, Vec<String>>;
}

impl MemberValue for String {
    fn read(value: &Value) -> Result<Self, Vec<String>> {
        value.as_str().map(str::to_owned).ok_or_else(|| mistyped("a string", value))
    }
}

impl MemberValue for bool {
    fn read(value: &Value) -> Result<Self, Vec<String>> {
        value.as_bool().ok_or_else(|| mistyped("true or false", value))
    }
}

impl MemberValue for Vec<String> {
    fn read(value: &Value) -> Result<Self, Vec<String>> {
        let items = value.as_array().ok_or_else(|| mistyped("an array of strings", value))?;
        let is_text = |(_, item): &(_, &Value)| item.is_string();
        let (texts, others): (Vec<_>, Vec<_>) = (1..).zip(items).partition(is_text);
        if others.is_empty() {
            Ok(texts.into_iter().filter_map(|(_, text)| text.as_str().map(str::to_owned)).collect())
        } else {
            let sentence = |(place, item): (usize, &Value)| {
                format!("Item {place} must be a string, not {}.", type_of(item))
            };
            Err(others.into_iter().map(sentence).collect())
        }
    }
}

fn mistyped(wanted: &str, value: &Value) -> Vec<String> {
    vec![format!("The value must be {wanted}, not {}.", type_of(value))]
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
