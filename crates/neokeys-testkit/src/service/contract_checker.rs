//! Holds requests and answers against the SDK profile or the document of what other services ask, and
//! answers that the documented contract can accept at all against that too.
//!
//! No value satisfies the contract's `ApiKeyCreatedResponse`, and every problem matches both
//! branches of its `oneOf`: so of the documented answers only the other successes can be held.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use neokeys::contract::{self, ContractConfig};
use neokeys::http::collected_extensions;
use serde_json::{Value, json};

/// One exchange as it went over the wire.
pub(super) struct Exchange<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub request_type: Option<&'a str>,
    pub request_body: &'a [u8],
    pub status: u16,
    pub response_headers: &'a http::HeaderMap,
    pub response_body: &'a [u8],
}

static PROFILE: LazyLock<Value> =
    LazyLock::new(|| contract::sdk_profile(&ContractConfig::default()));
static EXTENSIONS: LazyLock<Value> = LazyLock::new(|| {
    contract::extensions_document(collected_extensions(), &ContractConfig::default())
});

/// The document that has the operation of an exchange, and the operation.
fn find<'d>(exchange: &Exchange<'_>) -> Option<(&'d Value, &'d Value)> {
    let documents: [&'d Value; 2] = [&PROFILE, &EXTENSIONS];
    documents.into_iter().find_map(|it| Some((it, operation(it, exchange)?)))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Answers that are not an operation's own: nothing was asked of it.
const NO_OPERATION: [u16; 2] = [404, 405];

/// Panics where an exchange breaks a document. A request may break it: then it must be refused.
pub(super) fn check(exchange: &Exchange<'_>) {
    let label = format!("{} {} -> {}", exchange.method, exchange.path, exchange.status);
    let Some((document, operation)) = find(exchange) else {
        // A preflight is no operation either.
        let preflight = exchange.method == "OPTIONS" && exchange.status == 400;
        let told = exchange.status < 400 || NO_OPERATION.contains(&exchange.status) || preflight;
        assert!(told || !exchange.path.starts_with("/api/"), "{label}");
        if exchange.status >= 400 && exchange.path.starts_with("/api/") {
            check_body(
                &PROFILE,
                exchange,
                &json!({"$ref": "#/components/schemas/ProblemDetails"}),
                &label,
            );
        }
        return;
    };
    check_request(document, exchange, operation, &label);
    check_answer(document, exchange, operation, &label);
    let satisfiable = exchange.status < 300 && exchange.status != 201;
    if let Some(documented) =
        self::operation(contract::contract(), exchange).filter(|_| satisfiable)
    {
        check_answer(contract::contract(), exchange, documented, &label);
    }
}

fn check_request(document: &Value, exchange: &Exchange<'_>, operation: &Value, label: &str) {
    let Some(content) = operation.pointer("/requestBody/content") else { return };
    if exchange.status >= 300 {
        return;
    }
    let essence = essence(exchange.request_type);
    let suffixed = content.get("application/*+json").filter(|_| essence.ends_with("+json"));
    let media_type = content.get(&essence).or(suffixed);
    let schema = &media_type.unwrap_or_else(|| panic!("{label}: {essence:?} was taken"))["schema"];
    let body: Value = if essence == FORM {
        let pairs = form_urlencoded::parse(exchange.request_body);
        pairs.map(|(name, value)| (name.into_owned(), Value::from(&*value))).collect()
    } else {
        serde_json::from_slice(exchange.request_body).unwrap()
    };
    let errors = errors(document, schema, &body);
    assert!(errors.is_empty(), "{label}: a body that breaks the profile was taken: {errors:?}");
}

fn check_answer(document: &Value, exchange: &Exchange<'_>, operation: &Value, label: &str) {
    let response = operation["responses"].get(exchange.status.to_string());
    let response = response.unwrap_or_else(|| panic!("{label}: the status is not documented"));
    let response = resolved(document, response);
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let header = resolved(document, header);
        let value = exchange.response_headers.get(name).map(|value| value.to_str().unwrap());
        match value {
            None => assert_ne!(header["required"], true, "{label}: no header {name}"),
            Some(value) if header["schema"]["type"] == "integer" => {
                assert!(value.parse::<u64>().is_ok())
            }
            Some(value) => assert!(errors(document, &header["schema"], &value.into()).is_empty()),
        }
    }
    let Some(content) = response.get("content") else {
        assert!(exchange.response_body.is_empty(), "{label}: a body where none is documented");
        return;
    };
    let essence =
        essence(exchange.response_headers.get("content-type").and_then(|it| it.to_str().ok()));
    let media_type = content.get(&essence);
    let media_type = media_type.unwrap_or_else(|| panic!("{label}: {essence:?} is not documented"));
    check_body(document, exchange, &media_type["schema"], label);
}

fn check_body(document: &Value, exchange: &Exchange<'_>, schema: &Value, label: &str) {
    if exchange.method == "HEAD" {
        assert!(exchange.response_body.is_empty(), "{label}");
        return;
    }
    // JSON may be labelled as plain text, as the contract has it; what is documented as a text is none.
    let body: Value = if resolved(document, schema)["type"] == "string" {
        String::from_utf8_lossy(exchange.response_body).into()
    } else {
        serde_json::from_slice(exchange.response_body)
            .unwrap_or_else(|error| panic!("{label}: the body is no JSON: {error}"))
    };
    let errors = errors(document, schema, &body);
    assert!(errors.is_empty(), "{label}: {errors:?} in {body}");
    if exchange.status >= 400 {
        assert_eq!(body["status"], exchange.status, "{label}: {body}");
        for member in ["type", "title", "detail", "requestId"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{label}: {body}");
        }
    }
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference.map_or(value, |it| document.pointer(it.trim_start_matches('#')).unwrap())
}

/// The rules that a value breaks of a schema whose references lead into the document.
fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    // Compiling a schema takes longer than the exchange that it judges.
    static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> =
        LazyLock::new(Mutex::default);
    let name = format!("{document:p} {schema}");
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = Arc::clone(validators.entry(name).or_insert_with(|| {
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": document["components"],
            "allOf": [schema],
        });
        Arc::new(jsonschema::validator_for(&whole).unwrap())
    }));
    drop(validators);
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}

fn essence(media_type: Option<&str>) -> String {
    media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_lowercase()
}

fn operation<'d>(document: &'d Value, exchange: &Exchange<'_>) -> Option<&'d Value> {
    // A gateway asks by any method, and what is documented is the one.
    let is_read = exchange.method == "HEAD" || exchange.path.starts_with("/auth/");
    let method = if is_read { "get".to_owned() } else { exchange.method.to_lowercase() };
    let path = exchange.path.split('?').next().unwrap_or_default();
    let paths = document["paths"].as_object().unwrap();
    let item = paths.iter().find(|(template, _)| {
        let (template, path): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        let is_open = template.last() == Some(&"{path}") && path.len() > template.len();
        (template.len() == path.len() || is_open)
            && template.iter().zip(&path).all(|(part, given)| {
                *part == "{path}" || (part.starts_with('{') && !given.is_empty()) || part == given
            })
    });
    item?.1.get(&method)
}
