//! Rows of exports, with where each stands: JSON, as one array or an object a line, and lines of CSV.

use serde_json::value::RawValue;
use serde_json::{Deserializer, Map, Value};

use super::fields::COLUMNS;
use super::{Fault, scope_of, time_of};
use crate::domain::Timestamp;
use crate::storage::Diagnostic;

/// A row. What is empty or null is not there.
pub(super) struct Row {
    /// Line and column, counted from 1.
    pub(super) place: (u64, u64),
    members: Map<String, Value>,
}

const JSON_HINT: &str = "export the rows as a JSON array of objects, or an object a line";

/// Reads JSON.
pub(super) fn json_rows(bytes: &[u8]) -> Result<Vec<Row>, Diagnostic> {
    let text = text_of(bytes)?;
    let whole = text.trim_start().starts_with('[');
    let read: Result<Vec<&RawValue>, _> = if whole {
        serde_json::from_str(text)
    } else {
        Deserializer::from_str(text).into_iter().collect()
    };
    // The parser's own text could repeat what it read.
    let read = read.map_err(|error| {
        let (line, column) = (error.line() as u64, error.column() as u64);
        Diagnostic { line, column, fault: "this is no JSON".to_owned(), hint: JSON_HINT.to_owned() }
    })?;
    let row = |raw: &RawValue| {
        let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        let before = &text[..offset];
        let line = before.matches('\n').count() as u64 + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let place = (line, before[start..].chars().count() as u64 + 1);
        let members: Option<Map<String, Value>> = serde_json::from_str(raw.get()).ok();
        let members = members.ok_or_else(|| Diagnostic {
            line: place.0,
            column: place.1,
            fault: "the row is no object".to_owned(),
            hint: JSON_HINT.to_owned(),
        })?;
        Ok(Row { place, members })
    };
    read.into_iter().map(row).collect()
}

/// Reads CSV (RFC 4180), whose first line names the columns.
pub(super) fn csv_rows(bytes: &[u8]) -> Result<Vec<Row>, Diagnostic> {
    let fault = |line, fault: String, hint: &str| Diagnostic {
        line,
        column: 1,
        fault,
        hint: hint.to_owned(),
    };
    let mut reader = csv::Reader::from_reader(text_of(bytes)?.as_bytes());
    let uneven = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        fault(
            line,
            "the line has another number of fields than the first".to_owned(),
            "quote fields that have commas in them",
        )
    };
    let columns = reader.headers().map_err(uneven)?.clone();
    if let Some(other) = columns.iter().find(|name| !COLUMNS.contains(name)) {
        let told = format!("there is no column {other:?}");
        let hint = format!("the columns are {}", COLUMNS.join(", "));
        return Err(fault(1, told, &hint));
    }
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(uneven)?;
        let line = record.position().map_or(1, csv::Position::line);
        let members = columns.iter().zip(&record);
        let members = members.map(|(name, text)| (name.to_owned(), Value::from(text.trim())));
        Ok(Row { place: (line, 1), members: members.collect() })
    };
    reader.records().map(row).collect()
}

fn text_of(bytes: &[u8]) -> Result<&str, Diagnostic> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    str::from_utf8(bytes).or(Err(Diagnostic {
        line: 1,
        column: 1,
        fault: "the file is no UTF-8".to_owned(),
        hint: "export it in UTF-8".to_owned(),
    }))
}

impl Row {
    pub(super) fn fault(&self, (fault, hint): Fault) -> Diagnostic {
        let (line, column) = self.place;
        Diagnostic { line, column, fault, hint: hint.to_owned() }
    }

    fn value(&self, member: &str) -> Option<&Value> {
        self.members.get(member).filter(|value| !value.is_null() && **value != "")
    }

    /// Whether a member is there.
    pub(super) fn has(&self, member: &str) -> bool {
        self.value(member).is_some()
    }

    /// A member that is a text.
    pub(super) fn text(&self, member: &str) -> Result<Option<String>, Fault> {
        self.value(member).map(|value| value.as_str().map(str::to_owned)).map_or(Ok(None), |text| {
            text.map(Some).ok_or_else(|| unreadable(member, "write it as a text"))
        })
    }

    /// The first of these members that is there.
    pub(super) fn first_text(&self, members: &[&str]) -> Result<Option<String>, Fault> {
        members.iter().find(|member| self.has(member)).map_or(Ok(None), |member| self.text(member))
    }

    /// A member that is true or false, as databases write them.
    pub(super) fn flag(&self, member: &str) -> Result<Option<bool>, Fault> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_ascii_lowercase);
        match text.as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(unreadable(member, "write true or false")),
        }
    }

    /// A member that is a time.
    pub(super) fn time(&self, member: &str) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        time_of(&text).map(Some).ok_or_else(|| {
            unreadable(
                member,
                "write milliseconds since 1970, or a time such as 2027-02-24T21:00:00Z",
            )
        })
    }

    /// Permissions: a list, an object of lists, JSON of either in a text, or words of a text.
    pub(super) fn scopes(&self, member: &str) -> Result<Option<Vec<String>>, Fault> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        let value: &Value = parsed.as_ref().unwrap_or(value);
        let texts = |items: &Value| -> Option<Vec<String>> {
            items.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let found = match value {
            Value::Null => return Ok(None),
            Value::String(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
            Value::Array(_) => texts(value),
            Value::Object(resources) => {
                let scopes = resources.iter().map(|(resource, actions)| {
                    let actions = texts(actions)?;
                    actions.iter().map(|action| scope_of(resource, action)).collect()
                });
                scopes.collect::<Option<Vec<Vec<String>>>>().map(|lists| lists.concat())
            }
            Value::Bool(_) | Value::Number(_) => None,
        };
        let found = found.ok_or_else(|| unreadable(member, "write a list of permissions"))?;
        Ok(Some(found).filter(|scopes| !scopes.is_empty()))
    }
}

/// A fault that does not repeat the value: a hash may be in the wrong place.
fn unreadable(member: &str, hint: &'static str) -> Fault {
    (format!("the member {member} cannot be read"), hint)
}
