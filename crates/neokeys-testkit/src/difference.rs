//! Compares documents member by member, whatever the order of the members.

use serde_json::Value;

/// Where the documents differ first, as a sentence that starts with a JSON pointer; `None` when
/// they are equal but for the order of members.
pub fn first_difference(expected: &Value, actual: &Value) -> Option<String> {
    difference_at("", expected, actual)
}

fn difference_at(pointer: &str, expected: &Value, actual: &Value) -> Option<String> {
    let below = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let known = expected.iter().find_map(|(name, value)| match actual.get(name) {
                Some(other) => difference_at(&below(name), value, other),
                None => Some(format!("{}: missing, expected {value}", below(name))),
            });
            known.or_else(|| {
                let added = actual.iter().find(|(name, _)| !expected.contains_key(*name));
                added.map(|(name, value)| format!("{}: not expected: {value}", below(name)))
            })
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            let pairs = expected.iter().zip(actual).enumerate();
            pairs.into_iter().find_map(|(index, (value, other))| {
                difference_at(&below(&index.to_string()), value, other)
            })
        }
        _ if expected == actual => None,
        _ => Some(format!("{pointer}: expected {expected}, found {actual}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::first_difference;

    #[test]
    fn the_order_of_members_makes_no_difference() {
        let one = json!({"a": [1, {"b": null}], "c": "d"});
        let other = json!({"c": "d", "a": [1, {"b": null}]});
        assert_eq!(first_difference(&one, &other), None);
    }

    #[test]
    fn a_difference_is_named_by_its_place() {
        let cases = [
            (json!({"a/b": [1]}), json!({"a/b": [2]}), "/a~1b/0: expected 1, found 2"),
            (json!({"a": {"b": 1}}), json!({"a": {}}), "/a/b: missing, expected 1"),
            (json!({"a": {}}), json!({"a": {"b": 1}}), "/a/b: not expected: 1"),
            (json!({"a": [1, 2]}), json!({"a": [2, 1]}), "/a/0: expected 1, found 2"),
            (json!([1]), json!([1, 2]), ": expected [1], found [1,2]"),
        ];
        for (expected, actual, sentence) in cases {
            assert_eq!(first_difference(&expected, &actual).as_deref(), Some(sentence));
        }
    }
}
