//! The reference of HTTP: the five operations as they stand there, and all the others.

use std::process::Command;

use neokeys_testkit::book;
use neokeys_testkit::server::neokeys;
use serde_json::{Value, json};

use crate::pages::{block, put};
use crate::server::Place;

const PAGE: &str = "docs/reference/http.md";

/// The operations of a document, each as a row.
fn rows(profile: &str) -> String {
    let output = Command::new(neokeys()).args(["openapi", "--profile", profile]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut rows = "| operation | does |\n|---|---|\n".to_owned();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(summary) = operation["summary"].as_str() else { continue };
            let named = format!("`{} {path}`", method.to_uppercase());
            rows.push_str(&book::row(&[&named, summary]));
        }
    }
    rows
}

#[test]
fn the_book_has_every_operation_of_the_extensions() {
    book::hold(PAGE, "extensions", &rows("extensions"));
}

fn answer(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_five_operations_work_one_after_the_other() {
    let place = Place::new();
    let (server, token) = place.serve_as_shown("README.md");
    let script = block(PAGE, "KEYS=http://127.0.0.1:8080/api/demo/admin/apiKeys");
    let script = put(&script, "127.0.0.1:8080", server.address());
    let (keys, operations) = script.split_once("\n\n").unwrap();
    let (mut key, mut answers) = (String::new(), Vec::new());
    for operation in operations.split("\n\n") {
        let told =
            place.shell(&format!("{keys}\n{operation}"), &[("TOKEN", &token), ("KEY", &key)]);
        if key.is_empty() {
            key = answer(&told.results)["token"].as_str().unwrap().to_owned();
        }
        answers.push(told.results);
    }
    let permissions = json!(["tenant.apiKey:read"]);
    let (on, off) = (
        json!({"name": "crm-sync", "enabled": true, "permissions": permissions}),
        json!({"name": "crm-sync", "enabled": false, "permissions": permissions}),
    );
    assert_eq!(answers.len(), 5, "{answers:?}");
    assert_eq!(answer(&answers[1]), json!([on]));
    assert_eq!(answer(&answers[2]), on);
    assert_eq!(answer(&answers[3]), off);
    assert_eq!(answers[4], "");
    // What finds tokens in a leak.
    let found = place.shell("grep -cE 'nsk_[0-9A-Za-z]{49}' <<<\"$KEY\"", &[("KEY", &key)]);
    assert_eq!(found.results, "1\n", "{key}");
}
