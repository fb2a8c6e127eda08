//! The contract as a document: the file itself, and what is served.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use super::config::ContractConfig;
use super::public_url::PublicUrl;

const TEXT: &str = include_str!("../../openapi/neostore-v1.json");

/// The contract, as its file has it.
#[must_use]
#[expect(clippy::expect_used, reason = "the build has parsed the same text")]
pub fn contract() -> &'static Value {
    static CONTRACT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(TEXT).expect("the contract is JSON"));
    &CONTRACT
}

/// The SDK profile: the contract with `openapi/sdk.overlay.yaml` applied by the build, and the
/// configured addresses in the place of the contract's.
#[must_use]
#[expect(clippy::expect_used, reason = "the build has written this text")]
pub fn sdk_profile(config: &ContractConfig) -> Value {
    const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/sdk.json"));
    let mut document = serde_json::from_str(TEXT).expect("the profile is JSON");
    replace_addresses(&mut document, config);
    replace_examples(&mut document, config);
    document
}

/// A part of the contract that the build found at this JSON pointer, as the OpenAPI crate's type.
#[expect(clippy::expect_used, reason = "a test reads every part that the build refers to")]
pub(super) fn part<T: DeserializeOwned>(pointer: &str) -> T {
    let value = contract().pointer(pointer).expect("the build found a part here");
    T::deserialize(value).expect("the OpenAPI crate can hold this part")
}

/// The document that is served.
///
/// The paths are those which `collected` has from the handlers' annotations, all else is laid in from the
/// contract, and the configured addresses take the place of the contract's. The members come in the contract's order. An `operationId` that the contract does not have, as
/// the annotations write one always, is dropped.
#[must_use]
#[expect(clippy::expect_used, reason = "the OpenAPI crate's types have names for members")]
pub fn documented(mut collected: OpenApi, config: &ContractConfig) -> Value {
    lay_in_frame(&mut collected);
    let mut document = serde_json::to_value(collected).expect("a document is JSON");
    let contract = contract();
    drop_operation_ids(&mut document, contract);
    // The crate's own types cannot hold the version and half of the schemas.
    document["openapi"] = contract["openapi"].clone();
    document["components"]["schemas"] = contract["components"]["schemas"].clone();
    replace_addresses(&mut document, config);
    in_order_of(document, contract)
}

/// Lays in the members around the paths, as far as the crate's types can hold it.
fn lay_in_frame(document: &mut OpenApi) {
    document.info = part("/info");
    document.servers = part("/servers");
    document.tags = part("/tags");
    document.security = part("/security");
    let components = document.components.get_or_insert_default();
    components.security_schemes = part("/components/securitySchemes");
}

fn drop_operation_ids(document: &mut Value, contract: &Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        let Some(item) = item.as_object_mut() else { continue };
        for (method, operation) in item {
            let documented = &contract["paths"][path][method]["operationId"];
            if documented.is_null() {
                operation.as_object_mut().map(|operation| operation.shift_remove("operationId"));
            } else {
                operation["operationId"] = documented.clone();
            }
        }
    }
}

fn replace_addresses(document: &mut Value, config: &ContractConfig) {
    let servers = config.own_servers();
    if !servers.is_empty() {
        let server = |url: &&str| Value::Object(Map::from_iter([("url".into(), (*url).into())]));
        document["servers"] = servers.iter().map(server).collect();
    }
    if let Some(url) = &config.authorization_url {
        let schemes = document["components"]["securitySchemes"].as_object_mut();
        for scheme in schemes.into_iter().flat_map(Map::values_mut) {
            if let Some(present) = scheme.pointer_mut("/flows/implicit/authorizationUrl") {
                *present = url.as_str().into();
            }
        }
    }
}

/// Writes the addresses in examples as this deployment's answers have them.
pub(super) fn replace_examples(document: &mut Value, config: &ContractConfig) {
    if let Some(url) = &config.public_url {
        replace_paths(document, url, false);
    }
}

fn replace_paths(value: &mut Value, url: &PublicUrl, in_example: bool) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let is_example = matches!(name.as_str(), "example" | "examples");
                replace_paths(member, url, in_example || is_example);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| replace_paths(it, url, in_example)),
        Value::String(text)
            if in_example && (text.starts_with("/api/") || text.starts_with("/problems/")) =>
        {
            *text = url.of(text);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The same value with the members in the order of the model's, and those it does not have last.
pub(super) fn in_order_of(value: Value, model: &Value) -> Value {
    match (value, model) {
        (Value::Object(mut members), Value::Object(model)) => {
            let mut ordered = Map::with_capacity(members.len());
            for (name, model) in model {
                if let Some(member) = members.shift_remove(name) {
                    ordered.insert(name.clone(), in_order_of(member, model));
                }
            }
            ordered.extend(members);
            Value::Object(ordered)
        }
        (Value::Array(items), Value::Array(model)) => {
            let mut model = model.iter();
            let next = |item| in_order_of(item, model.next().unwrap_or(&Value::Null));
            Value::Array(items.into_iter().map(next).collect())
        }
        (value, _) => value,
    }
}
