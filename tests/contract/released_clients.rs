//! The promise to clients that exist: the served documents do not break what was made from the last
//! released ones, unless the changelog says so.
//!
//! A release records them anew (`RELEASING.md`).

use neokeys::contract::{ContractConfig, contract, sdk_profile};
use serde_json::{Value, json};

use crate::breaks::breaks;

const CHANGELOG: &str = include_str!("../../CHANGELOG.md");

fn released(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn released_profile() -> Value {
    released(include_str!("released/sdk.json"))
}

/// Whether the next release's entries accept a break.
fn accepts_breaks(changelog: &str) -> bool {
    let (_, unreleased) = changelog.split_once("\n## Unreleased\n").unwrap();
    let entries = unreleased.split("\n## ").next().unwrap();
    entries.lines().any(|line| line.starts_with("- **Breaking:** "))
}

#[test]
fn what_is_served_breaks_no_client_of_the_last_release_unless_the_changelog_says_so() {
    let documented = released(include_str!("released/documented.json"));
    let profile = sdk_profile(&ContractConfig::default());
    let found = [breaks(&documented, contract()), breaks(&released_profile(), &profile)].concat();
    assert!(
        found.is_empty() || accepts_breaks(CHANGELOG),
        "this breaks clients; if it must be, tell them in CHANGELOG.md, under Unreleased, in an \
         entry that starts with `- **Breaking:** `:\n{}",
        found.join("\n")
    );
}

#[test]
fn only_an_entry_of_the_next_release_accepts_a_break() {
    let entry = "- **Breaking:** PUT demands If-Match.\n";
    assert!(accepts_breaks(&format!(
        "# C\n\n## Unreleased\n\n- More.\n{entry}\n## 0.1.0\n\n- x\n"
    )));
    assert!(!accepts_breaks(&format!("# C\n\n## Unreleased\n\n- More.\n\n## 0.1.0\n\n{entry}")));
}

const KEYS: &str = "/paths/~1api~1{tenantId}~1admin~1apiKeys";
const SCHEMAS: &str = "/components/schemas";

/// The released profile with something set, or taken away, at a place.
fn changed(place: &str, name: &str, value: Option<Value>) -> Value {
    let mut profile = released_profile();
    let target = profile.pointer_mut(place).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(target.insert(name.to_owned(), value)),
        None => assert!(target.remove(name).is_some(), "{place}/{name}"),
    }
    profile
}

#[test]
fn a_change_that_breaks_a_client_is_named() {
    let create = format!("{SCHEMAS}/CreateApiKeyRequest");
    let definition = format!("{SCHEMAS}/ApiKeyDefinition");
    let problem = format!("{SCHEMAS}/ProblemDetails");
    let header = json!({"name": "If-None-Match", "in": "header", "required": true, "schema": {}});
    for (place, name, value, sentence) in [
        (KEYS.to_owned(), "get", None, "get /api/{tenantId}/admin/apiKeys: is gone"),
        (format!("{KEYS}/get"), "operationId", Some(json!("keys")), "has another operationId"),
        (format!("{KEYS}/get"), "security", Some(json!([])), "demands other credentials"),
        (format!("{KEYS}/get"), "parameters", Some(json!([header])), "is required now"),
        (format!("{KEYS}/get"), "parameters", Some(json!([])), "\"tenantId\": is taken no more"),
        (format!("{KEYS}/get/responses"), "404", None, "404: is answered no more"),
        (format!("{KEYS}/get/responses/200/headers"), "ETag", None, "200 ETag: is sent no more"),
        (format!("{KEYS}/get/responses/200/content"), "text/json", None, "text/json: is gone"),
        (format!("{KEYS}/post/requestBody/content"), "text/json", None, "text/json: is gone"),
        (
            create.clone(),
            "required",
            Some(json!(["name", "permissions", "enabled"])),
            "enabled: is",
        ),
        (format!("{create}/properties/name"), "maxLength", Some(json!(64)), "another maxLength"),
        (format!("{create}/properties/name"), "pattern", Some(json!("^a$")), "another pattern"),
        (definition.clone(), "required", Some(json!(["name"])), "enabled: is certain no more"),
        (format!("{definition}/properties"), "enabled", None, "enabled: is gone"),
        (format!("{definition}/properties"), "id", Some(json!({})), "id: is new where nothing"),
        (format!("{definition}/properties/enabled"), "type", Some(json!("string")), "another type"),
        (format!("{problem}/properties/status"), "maximum", None, "has another maximum"),
    ] {
        let found = breaks(&released_profile(), &changed(&place, name, value));
        assert!(found.iter().any(|it| it.contains(sentence)), "{place}/{name}: {found:#?}");
    }
}

#[test]
fn a_change_that_breaks_no_client_passes() {
    let create = format!("{SCHEMAS}/CreateApiKeyRequest");
    let definition = format!("{SCHEMAS}/ApiKeyDefinition");
    for (place, name, value) in [
        (String::new(), "servers", Some(json!([]))),
        (format!("{KEYS}/get/responses"), "429", Some(json!({"description": "Too many."}))),
        (format!("{KEYS}/get"), "description", Some(json!("Other words."))),
        (create.clone(), "required", Some(json!(["name"]))),
        (format!("{create}/properties"), "note", Some(json!({"type": "string"}))),
        (format!("{create}/properties/name"), "maxLength", Some(json!(256))),
        (format!("{create}/properties/permissions"), "minItems", None),
        (format!("{definition}/properties/name"), "maxLength", Some(json!(128))),
    ] {
        let found = breaks(&released_profile(), &changed(&place, name, value));
        assert_eq!(found, Vec::<String>::new(), "{place}/{name}");
    }
}
