//! Every example of our own documents is valid, and every body and answer has one.

use std::collections::BTreeSet;
use std::fs;

use neokeys::problem::{CATALOGUE, ProblemType};
use serde_json::Value;

use crate::documented::is_valid;
use crate::tools::{folder, write_document};

/// Follows a reference into the document.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference.map_or(value, |it| document.pointer(it.trim_start_matches('#')).unwrap())
}

/// A place that can have an example, the schema that it must be valid under, and the example: its
/// own, or that of its schema.
struct Shown<'d> {
    place: String,
    schema: &'d Value,
    example: Option<&'d Value>,
}

impl<'d> Shown<'d> {
    fn new(document: &'d Value, place: String, value: &'d Value) -> Self {
        let schema = &value["schema"];
        let example = value.get("example").or_else(|| resolved(document, schema).get("example"));
        Self { place, schema, example }
    }
}

fn children(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The bodies, answers, headers and parameters of every operation, and the schemas.
fn shown(document: &Value) -> Vec<Shown<'_>> {
    let mut found = Vec::new();
    let operations = children(&document["paths"])
        .flat_map(|(path, item)| children(item).map(move |(method, it)| (method, path, it)));
    for (method, path, operation) in operations {
        let mut media_types = |place: &str, content| {
            for (name, media_type) in children(content) {
                found.push(Shown::new(document, format!("{place} {name}"), media_type));
            }
        };
        media_types(&format!("{method} {path}"), &operation["requestBody"]["content"]);
        for (status, response) in children(&operation["responses"]) {
            let response = resolved(document, response);
            let place = format!("{method} {path} {status}");
            media_types(&place, &response["content"]);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = resolved(document, parameter);
            let place = format!("{method} {path} {}", parameter["name"]);
            found.push(Shown::new(document, place, parameter));
        }
    }
    for (name, header) in children(&document["components"]["headers"]) {
        found.push(Shown::new(document, format!("header {name}"), header));
    }
    for (name, schema) in children(&document["components"]["schemas"]) {
        let place = format!("schema {name}");
        found.push(Shown { place, schema, example: schema.get("example") });
    }
    found
}

/// Swagger UI sends a parameter's example as if it had been typed: any precondition would fail, and a list
/// would show nothing.
const UNFIT_FOR_AN_EXAMPLE: [&str; 17] = [
    "\"If-Match\"",
    "\"If-None-Match\"",
    "\"status\"",
    "\"expiresBefore\"",
    "\"unusedSince\"",
    "\"permission\"",
    "\"owner\"",
    "\"label\"",
    "\"sort\"",
    "\"limit\"",
    "\"cursor\"",
    "\"from\"",
    "\"to\"",
    "\"key\"",
    "\"actor\"",
    "\"action\"",
    "\"outcome\"",
];

/// Holds every example of a document, and gives the statuses of the problems that are shown.
fn judge(profile: &str) -> BTreeSet<u16> {
    let path = write_document(profile, &folder(&format!("examples-{profile}")));
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut statuses = BTreeSet::new();
    for Shown { place, schema, example } in shown(&document) {
        if UNFIT_FOR_AN_EXAMPLE.iter().any(|name| place.ends_with(name)) {
            assert!(example.is_none(), "{place}: {example:?}");
            continue;
        }
        if place == "schema Audience" {
            // It has a place in one other alone.
            continue;
        }
        let example = example.unwrap_or_else(|| panic!("{place} has no example"));
        assert!(is_valid(&document, schema, example), "{place}: {example}");
        let status = place.split(' ').find_map(|word| word.parse::<u16>().ok());
        if let Some(status) = status.filter(|status| *status >= 400) {
            assert_eq!(example["status"], status, "{place}: {example}");
            let of = |kind: &&ProblemType| example["type"] == kind.type_uri();
            let kind = CATALOGUE.iter().find(of).unwrap();
            assert_eq!(example["title"], kind.title(), "{place}: {example}");
            statuses.insert(status);
        }
    }
    statuses
}

#[test]
fn every_body_and_answer_has_an_example_and_all_are_valid() {
    let all = [400, 401, 403, 404, 408, 409, 412, 413, 415, 429, 431, 500, 503];
    assert_eq!(judge("sdk"), BTreeSet::from(all));
    // A plan demands a condition.
    let with_plans = BTreeSet::from_iter(all.into_iter().chain([428]));
    assert_eq!(judge("extensions"), with_plans);
}
