//! The SDK profile beside the documented contract: the part of it that can be satisfied at all,
//! no more and no less.
//!
//! Of what is sent, the profile keeps exactly what the service takes: a documented body is taken if
//! and only if the profile allows it. Of what is answered, keys and lists are the same in both;
//! created keys and problems, which no value satisfies as documented, are what the documented
//! members say once the contradiction is taken away, and never what these forbid. Values are drawn
//! at random from a fixed seed, good and bad ones.

use std::collections::BTreeSet;

use jsonschema::Validator;
use neokeys::contract::{ContractConfig, contract, sdk_profile};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use proptest::{collection, option};
use serde_json::{Map, Value, json};

use crate::{KEYS, key};
use neokeys_testkit::Service;

/// How many values are drawn.
const DRAWN: usize = 600;

fn validator(document: &Value, schema: &Value) -> Validator {
    jsonschema::validator_for(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    }))
    .unwrap()
}

fn component(document: &Value, name: &str) -> Validator {
    validator(document, &json!({ "$ref": format!("#/components/schemas/{name}") }))
}

/// The schema of an answer in JSON.
fn answer<'d>(document: &'d Value, path: &str, method: &str, status: &str) -> &'d Value {
    let response = &document["paths"][path][method]["responses"][status];
    &response["content"]["application/json"]["schema"]
}

fn draw<T>(strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..DRAWN).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Sorts values by whether they satisfy the rule; both kinds must be there, or nothing was shown.
fn parted(values: Vec<Value>, holds: impl Fn(&Value) -> bool) -> (Vec<Value>, Vec<Value>) {
    let (good, bad): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| holds(value));
    assert!(good.len() > 40 && bad.len() > 40, "{} good, {} bad", good.len(), bad.len());
    (good, bad)
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9._-]{1,12}",
        1 => "[A-Za-z0-9._-]{120,136}",
        1 => "\\PC{1,8}",
        1 => any::<String>(),
        1 => prop_oneof![Just("."), Just(".."), Just("..."), Just("n\n")].prop_map(str::to_owned),
    ]
}

fn permissions() -> impl Strategy<Value = Vec<String>> {
    let scope = prop_oneof![
        6 => "[!#-\\[\\]-~]{1,20}",
        1 => "[ -~]{0,20}",
        1 => any::<String>(),
        1 => "[a-z]{250,260}",
    ];
    prop_oneof![
        8 => collection::vec(scope, 0..4),
        1 => (250_usize..262).prop_map(|count| (0..count).map(|n| format!("p{n}")).collect()),
    ]
}

fn body(members: &[(&str, Option<Value>)]) -> Value {
    let present =
        members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Value::Object(present.collect::<Map<_, _>>())
}

#[tokio::test]
async fn a_documented_creation_is_taken_if_and_only_if_the_profile_allows_it() {
    let profile = sdk_profile(&ContractConfig::default());
    let (documented, narrowed) =
        (component(contract(), "CreateApiKeyRequest"), component(&profile, "CreateApiKeyRequest"));
    let members = (names(), option::of(any::<bool>()), option::weighted(0.9, permissions()));
    let bodies = draw(members.prop_map(|(name, enabled, permissions)| {
        let (enabled, permissions) = (enabled.map(Value::from), permissions.map(Value::from));
        body(&[("name", Some(name.into())), ("enabled", enabled), ("permissions", permissions)])
    }));
    let bodies: Vec<_> = bodies.into_iter().filter(|body| documented.is_valid(body)).collect();
    let (allowed, forbidden) = parted(bodies, |body| narrowed.is_valid(body));
    let service = Service::start();
    let mut created = BTreeSet::new();
    for body in allowed {
        let is_new = created.insert(body["name"].as_str().unwrap().to_owned());
        let reply = service.admin().post(KEYS, body.clone()).await;
        assert_eq!(reply.status, if is_new { 201 } else { 409 }, "{body}: {reply:?}");
    }
    for body in forbidden {
        let reply = service.admin().post(KEYS, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.problem()), (400, "validation".into()), "{body}");
    }
}

#[tokio::test]
async fn a_documented_update_is_taken_if_and_only_if_the_profile_allows_it() {
    let profile = sdk_profile(&ContractConfig::default());
    let (documented, narrowed) =
        (component(contract(), "UpdateApiKeyRequest"), component(&profile, "UpdateApiKeyRequest"));
    let members = (any::<bool>(), option::weighted(0.9, permissions()));
    let bodies = draw(members.prop_map(|(enabled, permissions)| {
        body(&[("enabled", Some(enabled.into())), ("permissions", permissions.map(Value::from))])
    }));
    let bodies: Vec<_> = bodies.into_iter().filter(|body| documented.is_valid(body)).collect();
    let (allowed, forbidden) = parted(bodies, |body| narrowed.is_valid(body));
    let service = Service::start();
    for (bodies, status) in [(allowed, 200), (forbidden, 400)] {
        for body in bodies {
            let reply = service.admin().put(&key("reader"), body.clone()).await;
            assert_eq!(reply.status, status, "{body}: {reply:?}");
        }
    }
}

/// Objects that look like a key, now and then one.
fn definitions() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![8 => any::<String>().prop_map(Value::from), 1 => Just(json!(1)), 1 => Just(json!(null))];
    let flag = prop_oneof![8 => any::<bool>().prop_map(Value::from), 1 => Just(json!("true"))];
    let list = prop_oneof![8 => collection::vec(text(), 0..4).prop_map(Value::from), 1 => text()];
    (
        option::weighted(0.95, text()),
        option::weighted(0.95, flag),
        option::weighted(0.95, list),
        option::weighted(0.3, text()),
        option::weighted(0.1, text()),
    )
        .prop_map(|(name, enabled, permissions, token, more)| {
            let members = [("name", name), ("enabled", enabled), ("permissions", permissions)];
            body(&[&members[..], &[("token", token), ("more", more)]].concat())
        })
}

#[test]
fn keys_and_lists_of_them_are_the_same_in_both() {
    let profile = sdk_profile(&ContractConfig::default());
    let (list, one) = ("/api/{tenantId}/admin/apiKeys", "/api/{tenantId}/admin/apiKeys/{keyName}");
    for (path, method) in [(list, "get"), (one, "get"), (one, "put")] {
        let of = |document: &Value| validator(document, answer(document, path, method, "200"));
        let (documented, repaired) = (of(contract()), of(&profile));
        let values = draw(definitions()).into_iter();
        let values =
            values.map(|value| if path == list { json!([value]) } else { value }).collect();
        let (good, bad) = parted(values, |value| documented.is_valid(value));
        for value in good {
            assert!(repaired.is_valid(&value), "{method} {path}: {value}");
        }
        for value in bad {
            assert!(!repaired.is_valid(&value), "{method} {path}: {value}");
        }
    }
}

#[test]
fn a_created_key_is_what_is_documented_once_the_contradiction_is_gone() {
    let profile = sdk_profile(&ContractConfig::default());
    let documented = component(contract(), "ApiKeyCreatedResponse");
    let repaired = component(&profile, "ApiKeyCreatedResponse");
    // Both schemas forbid what the other demands; together they name four members.
    let mut lifted = contract().clone();
    for name in ["ApiKeyDefinition", "ApiKeyCreatedResponse"] {
        let schema = lifted["components"]["schemas"][name].as_object_mut().unwrap();
        assert_eq!(schema.remove("additionalProperties"), Some(json!(false)));
    }
    let lifted = component(&lifted, "ApiKeyCreatedResponse");
    let named = ["name", "enabled", "permissions", "token"];
    let is_meant = |value: &Value| {
        let members = value.as_object().unwrap();
        lifted.is_valid(value)
            && members.keys().all(|name| named.contains(&&**name))
            // The one thing on top: a token that is shown is not empty.
            && value["token"] != ""
    };
    let values = draw(definitions());
    assert!(values.iter().all(|value| !documented.is_valid(value)), "it can be satisfied");
    let (good, bad) = parted(values, is_meant);
    assert!(good.iter().all(|value| repaired.is_valid(value)));
    assert!(bad.iter().all(|value| !repaired.is_valid(value)));
}

#[test]
fn a_problem_of_the_profile_is_one_of_both_documented_kinds() {
    let profile = sdk_profile(&ContractConfig::default());
    let text = || {
        let drawn = any::<String>().prop_map(Value::from);
        option::weighted(0.9, prop_oneof![12 => drawn, 1 => Just(json!(null)), 1 => Just(json!(1))])
    };
    let status = prop_oneof![6 => (400..600).prop_map(Value::from), 1 => Just(json!("404")), 1 => Just(json!(200))];
    let faults =
        collection::btree_map(any::<String>(), collection::vec(any::<String>(), 0..3), 0..3);
    let members = (text(), text(), status, text(), text(), option::of(faults));
    let problems = draw(members.prop_map(|(kind, title, status, detail, id, errors)| {
        let errors = errors.map(|errors| json!(errors));
        body(&[
            ("type", kind),
            ("title", title),
            ("status", Some(status)),
            ("detail", detail),
            ("requestId", id),
            ("errors", errors),
        ])
    }));
    let documented =
        ["ProblemDetails", "HttpValidationProblemDetails"].map(|name| component(contract(), name));
    for name in ["ProblemDetails", "HttpValidationProblemDetails"] {
        let repaired = component(&profile, name);
        let (good, _) = parted(problems.clone(), |problem| repaired.is_valid(problem));
        for problem in good {
            // That is why their `oneOf` refuses it.
            assert!(documented.iter().all(|it| it.is_valid(&problem)), "{problem}");
        }
    }
}
