//! JSON as tokens and key sets must hold it: one object, each member named once.
//!
//! Two parsers that disagree on which of two equal members counts are a way in, so at any depth a
//! repeated member is an error (RFC 7515 §4 and RFC 7519 §4 allow that choice). Depth is bounded
//! by `serde_json` (128), size by the callers.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// As many members as most tokens have, and some more.
const USUAL: usize = 16;
/// Why an object is refused.
const REPEATED: &str = "a member occurs twice";

/// Members by name, in their order.
pub(super) type Object = Map<String, Value>;

/// Reads bytes that are one JSON object and nothing after it, in UTF-8.
pub(super) fn parse_object(bytes: &[u8]) -> Result<Object, serde_json::Error> {
    match serde_json::from_slice(bytes)? {
        Unambiguous(Value::Object(object)) => Ok(object),
        Unambiguous(_) => Err(serde_json::Error::custom("not an object")),
    }
}

/// The one object that a part of a token is. It has a handful of members, which need no hash map: to find
/// one is to compare a few names. Texts without an escape stay where they are in the JSON.
pub(super) struct TokenObject<'j>(Vec<(Cow<'j, str>, TokenValue<'j>)>);

/// The value of a member of a token, as far as anything here reads it.
#[derive(Debug, PartialEq)]
pub(super) enum TokenValue<'j> {
    /// A text.
    Text(Cow<'j, str>),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// An array.
    Array(Vec<TokenValue<'j>>),
    /// `null` or an object: no member that is read may be one.
    Other,
}

impl<'j> TokenObject<'j> {
    /// Reads bytes as [`parse_object`] does.
    pub(super) fn parse(bytes: &'j [u8]) -> Result<Self, serde_json::Error> {
        // Whether it is UTF-8 is asked once, and not for each text in it.
        serde_json::from_str(std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?)
    }

    /// The value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&TokenValue<'j>> {
        self.0.iter().find(|(its, _)| its == name).map(|(_, value)| value)
    }
}

impl TokenValue<'_> {
    /// The text that it is.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Bool(_) | Self::Array(_) | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for TokenObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TokenObjectVisitor)
    }
}

struct TokenObjectVisitor;

impl<'de> Visitor<'de> for TokenObjectVisitor {
    type Value = TokenObject<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Vec::with_capacity(USUAL);
        while let Some((Name(name), value)) = members.next_entry()? {
            object.push((name, value));
        }
        match names_one_twice(&object) {
            true => Err(A::Error::custom(REPEATED)),
            false => Ok(TokenObject(object)),
        }
    }
}

/// Whether two members have one name. A few are compared each with each, mostly by their lengths.
fn names_one_twice(object: &[(Cow<'_, str>, TokenValue<'_>)]) -> bool {
    let mut names = object.iter().map(|(name, _)| &**name);
    if object.len() <= USUAL {
        return object
            .iter()
            .enumerate()
            .any(|(place, (name, _))| names.clone().take(place).any(|it| it == name));
    }
    let mut seen = HashSet::with_capacity(object.len());
    !names.all(|name| seen.insert(name))
}

/// The name of a member.
struct Name<'j>(Cow<'j, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

impl<'de> Deserialize<'de> for TokenValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenValueVisitor)
    }
}

struct TokenValueVisitor;

impl<'de> Visitor<'de> for TokenValueVisitor {
    type Value = TokenValue<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(TokenValue::Other)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(TokenValue::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(TokenValue::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(TokenValue::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(TokenValue::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(TokenValue::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(TokenValue::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(TokenValue::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut names = HashSet::new();
        while let Some((Name(name), _)) = members.next_entry::<_, TokenValue<'_>>()? {
            if !names.insert(name) {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(TokenValue::Other)
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
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenObject, TokenValue, parse_object};

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
            assert!(TokenObject::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
        assert!(parse_object(b"{\x00\"\x00a\x00\"\x00:\x001\x00}\x00").is_err());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse_object(deep.as_bytes()).is_err());
        assert!(TokenObject::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_member_of_a_token_is_found_by_its_whole_name() {
        let object = TokenObject::parse(br#"{"sub":1,"su":2,"aud":{"a":3}}"#).unwrap();
        assert_eq!(object.get("su"), Some(&TokenValue::Number(2.0)));
        assert_eq!(object.get("aud"), Some(&TokenValue::Other));
        assert_eq!((object.get("s"), object.get("subj")), (None, None));
        let many = (0..5_000).map(|number| format!("\"{number}\":0")).collect::<Vec<_>>().join(",");
        assert!(TokenObject::parse(format!("{{{many}}}").as_bytes()).is_ok());
        assert!(TokenObject::parse(format!("{{{many},\"7\":0}}").as_bytes()).is_err());
    }
}
