//! The generated constants and types hold what the contract says.

use neokeys::contract::{
    self, ApiKeyCreatedResponse, ApiKeyDefinition, CreateApiKey, CreateApiKeyRequest, DeleteApiKey,
    HttpValidationProblemDetails, ListApiKeys, Operation, RequestBody, UpdateApiKeyRequest,
};
use serde_json::json;

#[test]
fn operations_are_named_by_method_and_path() {
    let named: Vec<_> = contract::OPERATIONS
        .iter()
        .map(|it| (it.name, it.method.as_str(), it.path, it.scope))
        .collect();
    let (list, item) = ("/api/{tenantId}/admin/apiKeys", "/api/{tenantId}/admin/apiKeys/{keyName}");
    let (read, write) = ("tenant.apiKey:read", "tenant.apiKey:write");
    assert_eq!(
        named,
        [
            ("ListApiKeys", "GET", list, read),
            ("CreateApiKey", "POST", list, write),
            ("GetApiKey", "GET", item, read),
            ("UpdateApiKey", "PUT", item, write),
            ("DeleteApiKey", "DELETE", item, write),
        ]
    );
    assert_eq!(contract::SCOPES, [read, write]);
}

#[test]
fn constants_are_the_contracts() {
    assert_eq!(contract::parameter::TENANT_ID, "tenantId");
    assert_eq!(contract::parameter::KEY_NAME, "keyName");
    assert_eq!(contract::API_KEY_HEADER, "x-api-key");
    assert_eq!(contract::API_KEY_HEADER_TEXT, "X-API-KEY");
    assert_eq!(contract::API_KEY_SCHEME_NAME, "apiKey");
    assert_eq!(contract::BEARER_SCHEME_NAME, "admin-bearer");
    assert_eq!(ListApiKeys::RESPONSE_MEDIA_TYPES, ["text/plain", "application/json", "text/json"]);
    assert_eq!(
        CreateApiKey::REQUEST_MEDIA_TYPES,
        ["application/json", "text/json", "application/*+json"]
    );
    assert_eq!(
        (ListApiKeys::SUCCESS, CreateApiKey::SUCCESS, DeleteApiKey::SUCCESS),
        (200, 201, 204)
    );
    assert!(DeleteApiKey::REQUEST_MEDIA_TYPES.is_empty());
    assert!(DeleteApiKey::RESPONSE_MEDIA_TYPES.is_empty());
}

#[test]
fn responses_are_written_with_the_contracts_members_in_order() {
    let definition = ApiKeyDefinition { name: "a", enabled: true, permissions: vec!["x", "y"] };
    assert_eq!(
        serde_json::to_string(&definition).unwrap(),
        r#"{"name":"a","enabled":true,"permissions":["x","y"]}"#
    );
    let created =
        ApiKeyCreatedResponse { name: "a", enabled: false, permissions: vec![], token: "t" };
    assert_eq!(
        serde_json::to_string(&created).unwrap(),
        r#"{"name":"a","enabled":false,"permissions":[],"token":"t"}"#
    );
}

#[test]
fn a_problem_leaves_out_what_it_does_not_say() {
    let problem = HttpValidationProblemDetails {
        r#type: Some("about:blank"),
        status: Some(400),
        errors: Some([("name", vec!["is missing"])].into()),
        ..Default::default()
    };
    assert_eq!(
        serde_json::to_value(&problem).unwrap(),
        json!({"type": "about:blank", "status": 400, "errors": {"name": ["is missing"]}})
    );
}

#[test]
fn a_request_is_filled_member_by_member() {
    assert_eq!(CreateApiKeyRequest::REQUIRED, ["name"]);
    let mut request = CreateApiKeyRequest::default();
    assert_eq!(request.read_member("name", &json!("a")), Ok(()));
    assert_eq!(request.read_member("permissions", &json!(["x"])), Ok(()));
    for (name, value) in [
        ("name", json!(true)),
        ("enabled", json!("of another type")),
        ("permissions", json!(["x", 1])),
        ("unknown", json!("a")),
    ] {
        assert!(request.read_member(name, &value).is_err(), "{name}");
    }
    assert_eq!(
        request,
        CreateApiKeyRequest {
            name: Some("a".into()),
            enabled: None,
            permissions: Some(vec!["x".into()]),
        }
    );
    assert!(UpdateApiKeyRequest::REQUIRED.contains(&UpdateApiKeyRequest::ENABLED));
}
