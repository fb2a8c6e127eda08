//! A contract that the generator cannot read stops the build with one sentence that says where.

use serde_json::{Value, json};

use neokeys_codegen::generate;

const CONTRACT: &str = include_str!("../../openapi/neostore-v1.json");
const LIST: &str = "/paths/~1api~1{tenantId}~1admin~1apiKeys";
const ITEM: &str = "/paths/~1api~1{tenantId}~1admin~1apiKeys~1{keyName}";

fn refusal(text: &str) -> String {
    generate(text).expect_err("the generator takes it").to_string()
}

/// The sentence about the contract with another value at a place; `null` removes the member.
fn refusal_with(pointer: &str, replacement: Value) -> String {
    let mut document: Value = serde_json::from_str(CONTRACT).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = document.pointer_mut(parent).unwrap();
    match (parent, replacement) {
        (Value::Object(parent), Value::Null) => drop(parent.shift_remove(&name).unwrap()),
        (parent, replacement) => parent[name] = replacement,
    }
    refusal(&document.to_string())
}

#[test]
fn the_contract_itself_is_taken() {
    assert!(generate(CONTRACT).unwrap().contains("pub struct ListApiKeys;"));
}

#[test]
fn text_that_is_no_json_is_named_by_line() {
    let broken = CONTRACT.replacen("\"info\": {", "\"info\": [", 1);
    assert!(refusal(&broken).starts_with(": is no JSON: expected `,` or `]` at line 4 column"));
}

#[test]
fn an_operation_without_a_scope_is_refused() {
    let place = format!("{LIST}/get/description");
    for text in ["Lists keys.", "Requires `` scope.", "Requires `a` right.", "Requires a scope."] {
        assert_eq!(
            refusal_with(&place, json!(text)),
            format!(
                " at {place}: the operation demands no scope; write \"Requires `<scope>` scope.\" once"
            )
        );
    }
    assert_eq!(
        refusal_with(&place, json!("Requires `a` scope. Requires `b` scope.")),
        format!(
            " at {place}: the operation demands several scopes; write \"Requires `<scope>` scope.\" once"
        )
    );
}

#[test]
fn every_sentence_says_where() {
    let name = "/components/schemas/CreateApiKeyRequest/properties/name";
    let schemes = "/components/securitySchemes";
    let body = format!("{LIST}/post/requestBody");
    let text_json = format!("{body}/content/text~1json/schema");
    let cases = [
        ("/paths", json!({}), " at /paths: holds no operation".to_owned()),
        ("/paths", json!([]), " at /paths: is no object".to_owned()),
        ("/components/schemas", Value::Null, String::new()),
        (
            &format!("{LIST}/get/summary"),
            Value::Null,
            format!(" at {LIST}/get: has no member `summary`"),
        ),
        (
            &format!("{LIST}/get/tags"),
            json!([]),
            format!(" at {LIST}/get/tags: an operation has exactly one tag"),
        ),
        (
            &format!("{LIST}/get/deprecated"),
            json!(true),
            format!(
                " at {LIST}/get/deprecated: the generator does not know the member `deprecated` here"
            ),
        ),
        (
            &format!("{LIST}/get/operationId"),
            json!("list keys"),
            format!(
                " at {LIST}/get/operationId: an operationId is one word of ASCII letters and digits"
            ),
        ),
        (
            &format!("{ITEM}/get/operationId"),
            json!("listApiKeys"),
            format!(" at {ITEM}/get: its name, ListApiKeys, is that of {LIST}/get too"),
        ),
        (
            &format!("{ITEM}/get/parameters"),
            Value::Null,
            format!(" at {ITEM}/get: has no member `parameters` for the names in its path"),
        ),
        (
            &format!("{ITEM}/get/parameters/0/name"),
            json!("tenantId"),
            format!(" at {ITEM}/get/parameters: the path's `keyName` is not described"),
        ),
        (
            &format!("{ITEM}/get/parameters/0/in"),
            json!("query"),
            format!(" at {ITEM}/get/parameters/0: the generator knows parameters in the path alone"),
        ),
        (
            &format!("{LIST}/get/responses/202"),
            json!({"description": "Later."}),
            format!(" at {LIST}/get/responses/202: is the operation's second successful response"),
        ),
        (
            &format!("{LIST}/get/responses/default"),
            json!({"description": "Else."}),
            format!(" at {LIST}/get/responses/default: is under no HTTP status"),
        ),
        (
            &format!("{body}/required"),
            Value::Null,
            format!(" at {body}: has no member `required`"),
        ),
        (
            &text_json,
            json!({"$ref": "#/components/schemas/UpdateApiKeyRequest"}),
            format!(" at {text_json}: is not the schema of the body's other media types"),
        ),
        (
            &format!("{text_json}/$ref"),
            json!("#/components/schemas/Nothing"),
            format!(" at {text_json}/$ref: `#/components/schemas/Nothing` leads nowhere"),
        ),
        (
            &format!("{name}/type"),
            json!("number"),
            format!(" at {name}: the generator does not know this type"),
        ),
        (
            &format!("{name}/type"),
            json!(["string", "null"]),
            format!(" at {name}: the reader of bodies does not know this type"),
        ),
        (
            &format!("{name}/oneOf"),
            json!([]),
            format!(" at {name}/oneOf: the generator does not know the member `oneOf` here"),
        ),
        (
            "/components/schemas/CreateApiKeyRequest/required",
            json!(["nmae"]),
            " at /components/schemas/CreateApiKeyRequest/required/0: is required, and is no property"
                .to_owned(),
        ),
        (
            &format!("{schemes}/apiKey/in"),
            json!("query"),
            format!(" at {schemes}/apiKey: is neither an API key in a header nor OAuth 2"),
        ),
        (
            &format!("{schemes}/apiKey/name"),
            json!("X API KEY"),
            format!(
                " at {schemes}/apiKey/name: is no name of a header: ASCII letters, digits and hyphens"
            ),
        ),
        (
            &format!("{schemes}/apiKey"),
            Value::Null,
            format!(" at {schemes}: has no scheme for an API key in a header"),
        ),
    ];
    for (place, replacement, sentence) in cases {
        let said = refusal_with(place, replacement.clone());
        if sentence.is_empty() {
            assert!(said.contains("leads nowhere"), "{said}");
        } else {
            assert_eq!(said, sentence, "{place} = {replacement}");
        }
        assert_eq!(said.lines().count(), 1);
    }
}

#[test]
fn a_path_that_no_rule_names_is_refused() {
    let list: Value = serde_json::from_str(CONTRACT).unwrap();
    let operation = list.pointer(&format!("{LIST}/get")).unwrap();
    for (method, path) in [
        ("get", "/api/{tenantId}/entries"),
        ("get", "/api/{tenantId}/classes"),
        ("get", "/api/{tenantId}/key"),
        ("get", "/api/{tenantId}/api-keys"),
        ("patch", "/api/{tenantId}/apiKeys"),
        ("get", "/{tenantId}"),
    ] {
        let mut document = list.clone();
        document["paths"] = json!({path: {method: operation}});
        let place = format!("/paths/{}/{method}", path.replace('/', "~1"));
        assert_eq!(
            refusal(&document.to_string()),
            format!(
                " at {place}: no rule names an operation of this method and path; give it an operationId"
            )
        );
    }
}

#[test]
fn an_operation_id_wins_over_the_rule() {
    let mut document: Value = serde_json::from_str(CONTRACT).unwrap();
    *document.pointer_mut(&format!("{LIST}/get")).unwrap() = {
        let mut operation = document.pointer(&format!("{LIST}/get")).unwrap().clone();
        operation["operationId"] = json!("browseKeys");
        operation
    };
    assert!(generate(&document.to_string()).unwrap().contains("pub struct BrowseKeys;"));
}
