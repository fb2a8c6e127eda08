//! The OpenAPI documents as they are served.

use neokeys::contract;
use serde_json::Value;

use crate::difference::first_difference;
use crate::harness::Service;

#[tokio::test]
async fn the_served_document_equals_the_contract() {
    let service = Service::start();
    let json = service.client().get("/openapi/v1.json").await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(first_difference(contract::contract(), &json.json()), None);
    let yaml = service.client().get("/openapi/v1.yaml").await;
    assert_eq!(yaml.header("content-type"), "application/yaml");
    let yaml: Value = serde_yaml::from_str(yaml.text()).unwrap();
    assert_eq!(first_difference(contract::contract(), &yaml), None);
}

#[tokio::test]
async fn a_document_is_not_sent_to_those_who_have_it() {
    let service = Service::start();
    let tag = service.client().get("/openapi/v1.json").await.header("etag").to_owned();
    let request = service.client().request("GET", "/openapi/v1.json").header("if-none-match", tag);
    assert_eq!(request.send().await.status, 304);
}

#[tokio::test]
async fn a_deployment_can_put_its_own_addresses_into_the_document() {
    let service = Service::builder()
        .settings("contract:\n  servers: ['https://keys.example.com']\n  authorization_url: https://id.example.com/authorize\n")
        .start();
    let document = service.client().get("/openapi/v1.json").await.json();
    assert_eq!(document["servers"], serde_json::json!([{"url": "https://keys.example.com"}]));
    let flow = &document["components"]["securitySchemes"]["admin-bearer"]["flows"]["implicit"];
    assert_eq!(flow["authorizationUrl"], "https://id.example.com/authorize");
}
