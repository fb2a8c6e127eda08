//! Nothing of the contract is forgotten.

use neokeys::contract::OPERATIONS;
use neokeys::http::collected;

use neokeys_testkit::Service;

#[test]
fn every_operation_is_annotated() {
    let document = serde_json::to_value(collected()).unwrap();
    let annotated =
        document["paths"].as_object().unwrap().values().map(|it| it.as_object().unwrap().len());
    assert_eq!(annotated.sum::<usize>(), OPERATIONS.len());
    for operation in OPERATIONS {
        let method = operation.method.as_str().to_lowercase();
        assert!(document["paths"][operation.path][&method].is_object(), "{}", operation.name);
    }
}

#[tokio::test]
async fn every_operation_is_routed_and_guarded() {
    let service = Service::start();
    for operation in OPERATIONS {
        let path = operation.path.replace("{tenantId}", "t1").replace("{keyName}", "reader");
        let reply = service.client().request(operation.method.as_str(), &path).send().await;
        assert_eq!(reply.status, 401, "{}", operation.name);
    }
}

#[test]
fn every_operation_is_in_the_table_of_who_may() {
    let table = include_str!("snapshots/who_may.snap");
    for operation in OPERATIONS {
        assert!(table.contains(operation.name), "{}", operation.name);
    }
}
