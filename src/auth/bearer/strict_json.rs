//! JSON as tokens and key sets must hold it: one object, each member named once.
//!
//! Two parsers that disagree on which of two equal members counts are a way in, so at any depth a
//! repeated member is an error (RFC 7515 §4 and RFC 7519 §4 allow that choice). Depth is bounded
//! by `serde_json` (128), size by the callers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Members by name, in their order.
pub(super) type Object = Map<String, Value>;

/// Reads bytes that are one JSON object and nothing after it, in UTF-8.
pub(super) fn parse_object(bytes: &[u8]) -> Result<Object, serde_json::Error> {
    match serde_json::from_slice(bytes)? {
        Unambiguous(Value::Object(object)) => Ok(object),
        Unambiguous(_) => Err(serde_json::Error::custom("not an object")),
    }
}

/// A value in which no object names a member twice.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor).map(Self)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, _>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_object;

    #[test]
    fn an_object_is_read_with_its_members_in_order() {
        let object = parse_object(br#" {"b":[1,-2,0.5,null],"a":{"t":true}} "#).unwrap();
        assert_eq!(
            serde_json::to_string(&object).unwrap(),
            r#"{"b":[1,-2,0.5,null],"a":{"t":true}}"#
        );
    }

    #[test]
    fn what_two_readers_could_take_differently_is_refused() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1} {"a":2}"#,
            r#"{"a":1}x"#,
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":1e999}"#,
            r#"{"a":NaN}"#,
            r#"{"a":01}"#,
            r#"{"a":1,}"#,
            r#"{'a':1}"#,
            "{\"a\":\"\n\"}",
            "[]",
            "1",
            "null",
            "",
        ] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
        assert!(parse_object(b"{\x00\"\x00a\x00\"\x00:\x001\x00}\x00").is_err());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse_object(deep.as_bytes()).is_err());
    }
}
