//! A request body as the members of one JSON object, with every fault found at once.

use std::fmt;

use serde::de::{Deserialize as _, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use crate::contract::RequestBody;
use crate::problem::Faults;

/// Reads a body of the contract's type `T`. Members that are absent or faulty are `None` in it.
///
/// `faults` gets a sentence for each member that is unknown, repeated, missing or of a wrong type,
/// and under `$` one for a body that is no JSON object at all (RFC 8259: UTF-8 without a byte order
/// mark, nothing after the value).
pub(crate) fn read<T: RequestBody>(bytes: &[u8], faults: &mut Faults) -> T {
    let mut body = T::default();
    let members = match members(bytes) {
        Ok(members) => members,
        Err(sentence) => {
            faults.add(Faults::BODY, sentence);
            return body;
        }
    };
    if members.len() > MOST_MEMBERS {
        faults.add(Faults::BODY, format!("The object has more than {MOST_MEMBERS} members."));
        return body;
    }
    for (index, (name, value)) in members.iter().enumerate() {
        let earlier = members[..index].iter().filter(|(other, _)| other == name).count();
        match earlier {
            0 => {
                let told = body.read_member(name, value).err().into_iter().flatten();
                told.for_each(|sentence| faults.add(name, sentence));
            }
            1 => faults.add(name, "The member is repeated; send it once."),
            _ => {}
        }
    }
    for required in T::REQUIRED {
        if !members.iter().any(|(name, _)| name == required) {
            faults.add(required, "The member is required.");
        }
    }
    body
}

/// The members of the one object that the bytes hold, repeated ones too.
fn members(bytes: &[u8]) -> Result<Vec<(String, Value)>, String> {
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err("The body starts with a byte order mark (BOM); send it without one.".to_owned());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("The body is UTF-16; send it as UTF-8.".to_owned());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("The body is not UTF-8 (at byte {}).", error.valid_up_to() + 1))?;
    if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Err("The body is empty; send a JSON object.".to_owned());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let members = Members::deserialize(&mut json).and_then(|members| {
        json.end()?;
        Ok(members.0)
    });
    members.map_err(|error| {
        let at = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            // Only what stands at the top can have a wrong type: below it everything is taken.
            Category::Data => "The body must be a JSON object.".to_owned(),
            Category::Eof => format!("The body is not valid JSON: it ends too early ({at})."),
            Category::Syntax | Category::Io => format!("The body is not valid JSON ({at})."),
        }
    })
}

struct Members(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    members.push((name, map.next_value()?));
                    if members.len() > MOST_MEMBERS {
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// More members than any body of the contract has, so that finding repeated ones stays cheap
/// whatever the limit of a body's size.
const MOST_MEMBERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::read;
    use crate::contract::{CreateApiKeyRequest, UpdateApiKeyRequest};
    use crate::problem::Faults;

    fn faults(text: &[u8]) -> serde_json::Value {
        let mut faults = Faults::default();
        let _: CreateApiKeyRequest = read(text, &mut faults);
        serde_json::to_value(faults.by_member()).unwrap()
    }

    #[test]
    fn a_good_body_is_read_whole() {
        let mut faults = Faults::default();
        let text = br#" {"permissions": ["a", "b"], "enabled": false, "name": "n"} "#;
        let body: CreateApiKeyRequest = read(text, &mut faults);
        assert!(faults.is_empty());
        assert_eq!(body.name.as_deref(), Some("n"));
        assert_eq!(body.enabled, Some(false));
        assert_eq!(body.permissions, Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let text =
            br#"{"name": 7, "enabled": null, "permissions": [null, "a", 1], "hash": "x", "name": "n"}"#;
        let found = faults(text);
        assert_eq!(
            found,
            serde_json::json!({
                "name": ["The value must be a string, not a number.", "The member is repeated; send it once."],
                "enabled": ["The value must be true or false, not null."],
                "permissions": [
                    "Item 1 must be a string, not null.",
                    "Item 3 must be a string, not a number."
                ],
                "hash": ["There is no such member; the members are: name, enabled, permissions."],
            })
        );
    }

    #[test]
    fn what_is_required_is_missed() {
        assert_eq!(faults(b"{}"), serde_json::json!({"name": ["The member is required."]}));
        let mut faults = Faults::default();
        let _: UpdateApiKeyRequest = read(b"{}", &mut faults);
        assert!(faults.concern("enabled"));
    }

    #[test]
    fn what_is_no_object_is_the_bodys_fault() {
        let deep = "[".repeat(10_000);
        let deep_member = format!("{{\"name\": {}", "[".repeat(10_000));
        let many =
            format!("{{{}\"z\":1}}", (0..100).map(|n| format!("\"m{n}\":1,")).collect::<String>());
        let bodies: [&[u8]; 15] = [
            b"",
            b"  \n",
            b"null",
            b"[\"n\", true, [\"*\"]]",
            b"\"text\"",
            b"{",
            b"{\"name\": \"n\"} x",
            b"{\"name\": \"n\"}{}",
            b"\xef\xbb\xbf{}",
            b"{\"name\": \"\xff\"}",
            b"{'name': 'n'}",
            b"{\"name\": \"\\ud800\"}",
            deep.as_bytes(),
            deep_member.as_bytes(),
            many.as_bytes(),
        ];
        for body in bodies {
            let found = faults(body);
            let members: Vec<_> = found.as_object().unwrap().keys().collect();
            assert_eq!(
                members,
                ["$"],
                "{:?}",
                String::from_utf8_lossy(&body[..body.len().min(40)])
            );
        }
    }
}
