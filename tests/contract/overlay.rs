//! The SDK profile: how an overlay is applied, what is refused, and what the profile repairs.

use neokeys::contract::{ContractConfig, OPERATIONS, contract, sdk_profile};
use serde_json::{Value, json};

use neokeys_codegen::overlaid;

const DOCUMENT: &str = r#"{"a": {"list": [1], "x~/y": {"deep": true}}, "b": {"list": [2]}}"#;

fn applied(actions: &str) -> Result<Value, String> {
    let overlay = format!("overlay: 1.0.0\nactions:\n{actions}");
    overlaid(DOCUMENT, &overlay)
        .map(|text| serde_json::from_str(&text).unwrap())
        .map_err(|fault| fault.to_string())
}

#[test]
fn actions_are_applied_in_order_to_every_match() {
    let actions = "  - {target: '$.a[\"x~/y\"]', update: {deep: {er: 1}, more: 2}}\n  \
                   - {target: '$.*.list', update: 3}\n  \
                   - {target: '$.b', update: {list: [4, 5]}}\n  \
                   - {target: '$.a.list[0]', remove: true}\n";
    assert_eq!(
        applied(actions).unwrap(),
        json!({"a": {"list": [3], "x~/y": {"deep": {"er": 1}, "more": 2}}, "b": {"list": [2, 3, 4, 5]}})
    );
}

#[test]
fn an_action_that_does_nothing_or_the_unknown_is_refused() {
    for (action, sentence) in [
        ("{target: $.c, remove: true}", " at /actions/0/target: `$.c` matches nothing"),
        ("{target: '$.a[', remove: true}", " at /actions/0/target: `$.a[` is no JSONPath"),
        ("{target: $.a}", " at /actions/0: must have either `update` or `remove: true`"),
        ("{target: $.a, update: {}, remove: true}", " at /actions/0: must have either"),
        ("{target: $.a, copy: $.b}", " at /actions/0/copy: the generator does not know"),
        ("{update: {}}", " at /actions/0: has no member `target`"),
    ] {
        let fault = applied(&format!("  - {action}\n")).unwrap_err();
        assert!(fault.starts_with(sentence), "{fault}");
    }
    let fault = overlaid(DOCUMENT, "overlay: 2.0.0\nactions: []\n").unwrap_err().to_string();
    assert!(fault.contains("/overlay: is a version"), "{fault}");
    let dangling = applied("  - {target: $.a, update: {$ref: '#/nowhere'}}\n").unwrap_err();
    assert!(dangling.contains("leads nowhere"), "{dangling}");
}

#[test]
fn every_operation_has_an_id_that_names_it_and_declares_its_scope() {
    let profile = sdk_profile(&ContractConfig::default());
    for operation in OPERATIONS {
        let described = &profile["paths"][operation.path][operation.method.as_str().to_lowercase()];
        let id = described["operationId"].as_str().unwrap();
        assert!(id.eq_ignore_ascii_case(operation.name), "{id} {}", operation.name);
        assert_eq!(described["security"][0]["admin-bearer"], json!([operation.scope]));
        let flows = &profile["components"]["securitySchemes"]["admin-bearer"]["flows"];
        assert!(flows["implicit"]["scopes"][operation.scope].is_string(), "{}", operation.scope);
    }
}

#[test]
fn the_profile_leaves_paths_parameters_and_bodies_as_documented() {
    let profile = sdk_profile(&ContractConfig::default());
    for (path, item) in contract()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let repaired = &profile["paths"][path][method];
            assert_eq!(repaired["requestBody"], operation["requestBody"], "{method} {path}");
            let parameters = repaired["parameters"].as_array().unwrap();
            for parameter in operation["parameters"].as_array().unwrap() {
                let parameter = parameter.as_object().unwrap();
                let kept = |it: &Value| parameter.iter().all(|(name, value)| it[name] == *value);
                assert!(parameters.iter().any(kept), "{method} {path} {parameter:?}");
            }
            for status in operation["responses"].as_object().unwrap().keys() {
                assert!(repaired["responses"][status].is_object(), "{method} {path} {status}");
            }
        }
    }
}
