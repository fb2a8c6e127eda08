//! Handlers that are annotated by the generated types alone give the contract back.

use neokeys::contract::{
    ContractConfig, CreateApiKey, CreateApiKeyRequest, DeleteApiKey, GetApiKey, ListApiKeys,
    Operation, UpdateApiKey, UpdateApiKeyRequest, contract, documented,
};
use serde_json::json;
use utoipa::OpenApi;

use crate::difference::first_difference;

#[utoipa::path(
    get, path = ListApiKeys::PATH, tag = ListApiKeys::TAG, summary = ListApiKeys::SUMMARY,
    description = ListApiKeys::DESCRIPTION, params(ListApiKeys), responses(ListApiKeys),
)]
#[expect(dead_code, reason = "only its annotation is of interest")]
fn list_api_keys() {}

#[utoipa::path(
    post, path = CreateApiKey::PATH, tag = CreateApiKey::TAG, summary = CreateApiKey::SUMMARY,
    description = CreateApiKey::DESCRIPTION, params(CreateApiKey), responses(CreateApiKey),
    request_body(content(
        (inline(CreateApiKeyRequest) = CreateApiKey::REQUEST_MEDIA_TYPES[0]),
        (inline(CreateApiKeyRequest) = CreateApiKey::REQUEST_MEDIA_TYPES[1]),
        (inline(CreateApiKeyRequest) = CreateApiKey::REQUEST_MEDIA_TYPES[2]),
    )),
)]
#[expect(dead_code, reason = "only its annotation is of interest")]
fn create_api_key() {}

#[utoipa::path(
    get, path = GetApiKey::PATH, tag = GetApiKey::TAG, summary = GetApiKey::SUMMARY,
    description = GetApiKey::DESCRIPTION, params(GetApiKey), responses(GetApiKey),
)]
#[expect(dead_code, reason = "only its annotation is of interest")]
fn get_api_key() {}

#[utoipa::path(
    put, path = UpdateApiKey::PATH, tag = UpdateApiKey::TAG, summary = UpdateApiKey::SUMMARY,
    description = UpdateApiKey::DESCRIPTION, params(UpdateApiKey), responses(UpdateApiKey),
    request_body(content(
        (inline(UpdateApiKeyRequest) = UpdateApiKey::REQUEST_MEDIA_TYPES[0]),
        (inline(UpdateApiKeyRequest) = UpdateApiKey::REQUEST_MEDIA_TYPES[1]),
        (inline(UpdateApiKeyRequest) = UpdateApiKey::REQUEST_MEDIA_TYPES[2]),
    )),
)]
#[expect(dead_code, reason = "only its annotation is of interest")]
fn update_api_key() {}

#[utoipa::path(
    delete, path = DeleteApiKey::PATH, tag = DeleteApiKey::TAG, summary = DeleteApiKey::SUMMARY,
    description = DeleteApiKey::DESCRIPTION, params(DeleteApiKey), responses(DeleteApiKey),
)]
#[expect(dead_code, reason = "only its annotation is of interest")]
fn delete_api_key() {}

#[derive(OpenApi)]
#[openapi(paths(list_api_keys, create_api_key, get_api_key, update_api_key, delete_api_key))]
struct Annotations;

#[test]
fn annotated_handlers_give_the_contract_back() {
    let document = documented(Annotations::openapi(), &ContractConfig::default());
    assert_eq!(first_difference(contract(), &document), None);
}

#[test]
fn the_members_come_in_the_contracts_order() {
    let document = documented(Annotations::openapi(), &ContractConfig::default());
    assert_eq!(document.to_string(), contract().to_string());
}

#[test]
fn configured_addresses_take_the_place_of_the_contracts() {
    let config = ContractConfig {
        servers: vec!["http://127.0.0.1:8080".into()],
        authorization_url: Some("http://127.0.0.1:8080/authorize".into()),
    };
    let document = documented(Annotations::openapi(), &config);
    let mut expected = contract().clone();
    expected["servers"] = json!([{"url": "http://127.0.0.1:8080"}]);
    expected["components"]["securitySchemes"]["admin-bearer"]["flows"]["implicit"]["authorizationUrl"] =
        json!("http://127.0.0.1:8080/authorize");
    assert_eq!(first_difference(&expected, &document), None);
}

#[test]
fn an_address_that_no_client_can_use_is_refused() {
    for text in ["''", "app.neostore.cloud", "ftp://a", "'https://'", "'http://a b'"] {
        let servers = serde_yaml::from_str::<ContractConfig>(&format!("servers: [{text}]"));
        assert!(servers.is_err(), "{text}");
        let url = serde_yaml::from_str::<ContractConfig>(&format!("authorization_url: {text}"));
        assert!(url.is_err(), "{text}");
    }
    let none = serde_yaml::from_str::<ContractConfig>("{servers: [], authorization_url: null}");
    assert_eq!(none.unwrap(), ContractConfig::default());
}
