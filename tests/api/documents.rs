//! The OpenAPI documents as they are served.

use neokeys::contract::{self, parameter};
use serde_json::Value;

use neokeys_testkit::Service;
use neokeys_testkit::difference::first_difference;

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

#[tokio::test]
async fn what_other_services_ask_stands_in_a_document_of_its_own() {
    let service =
        Service::builder().settings("contract:\n  servers: ['https://keys.example.com']\n").start();
    let json = service.client().get("/openapi/extensions-v1.json").await.json();
    assert_eq!(json["openapi"], contract::contract()["openapi"]);
    assert_eq!(json["servers"][0]["url"], "https://keys.example.com");
    let yaml = service.client().get("/openapi/extensions-v1.yaml").await;
    let yaml: Value = serde_yaml::from_str(yaml.text()).unwrap();
    assert_eq!(first_difference(&json, &yaml), None);
    // Nothing of it is in the contract, and the other way about.
    for (path, item) in json["paths"].as_object().unwrap() {
        assert!(contract::contract()["paths"].get(path).is_none(), "{path}");
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let tenants = parameters.filter(|it| it["name"] == parameter::TENANT_ID).count();
            // A leak scanner knows no tenants, who lists them asks for all, and some pages are of the whole service.
            let is_of_all = [
                "/api/tenants",
                "/leaks/github",
                "/.well-known/oauth-protected-resource",
                "/.well-known/security.txt",
            ];
            assert_eq!(tenants, usize::from(!is_of_all.contains(&&**path)), "{path}");
        }
    }
    let page = service.client().get("/swagger-ui/swagger-initializer.js").await;
    assert!(page.text().contains("/openapi/extensions-v1.json"));
}
