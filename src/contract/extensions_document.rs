//! The document of the operations beyond the contract.

use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use super::config::ContractConfig;
use super::document::{contract, in_order_of, replace_examples, sdk_profile};
use super::parameter;

/// The members of a document, in the order in which people read them.
const ORDER: [&str; 7] = ["openapi", "info", "servers", "security", "tags", "paths", "components"];

/// A document of further operations.
///
/// It is what `collected` has from their handlers' annotations, and, from the SDK profile, the servers,
/// who may call, what the tenant is, and those of its answers and schemas that the annotations refer to.
#[must_use]
#[expect(clippy::expect_used, reason = "the OpenAPI crate's types have names for members")]
pub fn extensions_document(collected: OpenApi, config: &ContractConfig) -> Value {
    let profile = sdk_profile(config);
    let mut document = serde_json::to_value(collected).expect("a document is JSON");
    for member in ["openapi", "servers", "security"] {
        document[member] = profile[member].clone();
    }
    describe_tenant(&mut document, &profile);
    name_requests(&mut document);
    let own = document["components"].take();
    document["components"] = components(&document["paths"], own, &profile);
    replace_examples(&mut document, config);
    let order = ORDER.iter().map(|member| ((*member).to_owned(), Value::Null)).collect();
    in_order_of(document, &Value::Object(order))
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

/// Puts the profile's words for the tenant in the place of the contract's.
fn describe_tenant(document: &mut Value, profile: &Value) {
    let is_tenant = |it: &Value| it["name"] == parameter::TENANT_ID;
    let described =
        contract()["paths"].as_object().into_iter().flatten().find_map(|(path, item)| {
            let method = item.as_object()?.keys().next()?;
            profile["paths"][path][method]["parameters"].as_array()?.iter().find(|it| is_tenant(it))
        });
    let Some(described) = described else { return };
    for (_, item) in members(&mut document["paths"]) {
        for (_, operation) in members(item) {
            let parameters =
                operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
            parameters.filter(|it| is_tenant(it)).for_each(|it| *it = described.clone());
        }
    }
}

/// Adds what every answer carries to those that the annotations describe themselves.
fn name_requests(document: &mut Value) {
    for (_, item) in members(&mut document["paths"]) {
        for (_, operation) in members(item) {
            let answers = members(&mut operation["responses"]);
            for (_, answer) in answers.filter(|(_, answer)| answer.get("$ref").is_none()) {
                answer["headers"]["X-Request-Id"]["$ref"] =
                    "#/components/headers/X-Request-Id".into();
            }
        }
    }
}

/// The components that are referred to, by the paths or by one another.
fn components(paths: &Value, own: Value, profile: &Value) -> Value {
    let mut components = own;
    components["securitySchemes"] = schemes(&components, profile);
    let mut wanted = references(paths);
    wanted.extend(references(&components));
    while let Some(reference) = wanted.pop() {
        let pointer = reference.trim_start_matches('#');
        let Some((kind, name)) =
            pointer.strip_prefix("/components/").and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if components[kind].get(name).is_none()
            && let Some(found) = profile.pointer(pointer)
        {
            wanted.extend(references(found));
            components[kind][name] = found.clone();
        }
    }
    in_order_of(components, &profile["components"])
}

/// The contract's ways to say who calls, and those that the annotations add.
fn schemes(own: &Value, profile: &Value) -> Value {
    let mut schemes: Map<_, _> =
        profile["components"]["securitySchemes"].as_object().cloned().unwrap_or_default();
    schemes.extend(own["securitySchemes"].as_object().cloned().unwrap_or_default());
    Value::Object(schemes)
}

/// Every reference in a value.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
