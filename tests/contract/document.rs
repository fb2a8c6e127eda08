//! The served document against the contract.

use neokeys::contract::{ContractConfig, contract, documented, sdk_profile};
use neokeys::http::collected;
use serde_json::json;

use neokeys_testkit::difference::first_difference;

#[test]
fn annotated_handlers_give_the_contract_back() {
    let document = documented(collected(), &ContractConfig::default());
    assert_eq!(first_difference(contract(), &document), None);
}

#[test]
fn the_members_come_in_the_contracts_order() {
    let document = documented(collected(), &ContractConfig::default());
    assert_eq!(document.to_string(), contract().to_string());
}

#[test]
fn configured_addresses_take_the_place_of_the_contracts() {
    let config = ContractConfig {
        servers: vec!["http://127.0.0.1:8080".into()],
        authorization_url: Some("http://127.0.0.1:8080/authorize".into()),
        ..ContractConfig::default()
    };
    let document = documented(collected(), &config);
    let mut expected = contract().clone();
    expected["servers"] = json!([{"url": "http://127.0.0.1:8080"}]);
    expected["components"]["securitySchemes"]["admin-bearer"]["flows"]["implicit"]["authorizationUrl"] =
        json!("http://127.0.0.1:8080/authorize");
    assert_eq!(first_difference(&expected, &document), None);
}

#[test]
fn the_sdk_profile_takes_the_deployments_addresses_too() {
    let config =
        ContractConfig { servers: vec!["https://a.example".into()], ..ContractConfig::default() };
    assert_eq!(sdk_profile(&config)["servers"], json!([{"url": "https://a.example"}]));
}
