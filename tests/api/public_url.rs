//! The service where a proxy gives it an address of its own.

use neokeys::contract;
use serde_json::json;

use crate::{KEYS, key};
use neokeys_testkit::Service;
use neokeys_testkit::difference::first_difference;

const PUBLIC: &str = "https://example.com/neokeys";

fn behind_a_prefix() -> Service {
    Service::builder().settings("public_url: HTTPS://Example.com:443/neokeys/\n").start()
}

#[tokio::test]
async fn every_address_in_an_answer_is_the_public_one() {
    let service = behind_a_prefix();
    let admin = service.admin();
    let body = json!({"name": "crm", "enabled": true, "permissions": ["a"]});
    let created = admin.post(KEYS, body).await;
    assert_eq!(created.header("location"), format!("{PUBLIC}{}", key("crm")));
    let updated = admin.put(&key("crm"), json!({"enabled": true, "permissions": ["b"]})).await;
    assert_eq!(updated.header("content-location"), format!("{PUBLIC}{}", key("crm")));
    let client = service.client();
    for (path, slug) in [
        ("/nowhere", "path-not-found"),
        (KEYS, "unauthorized"),
        ("/auth/t1?scope=a", "unauthorized"),
        ("/swagger-ui/nothing", "path-not-found"),
    ] {
        let problem = client.get(path).await.json();
        assert_eq!(problem["type"], format!("{PUBLIC}/problems/{slug}"), "{path}");
    }
    let detail = client.get("/nowhere").await.json()["detail"].clone();
    assert!(detail.as_str().unwrap().ends_with(&format!(" {PUBLIC}/openapi/v1.json.")), "{detail}");
    let index = client.get("/problems/").await;
    assert!(index.text().contains(&format!("409  {PUBLIC}/problems/name-taken")), "{index:?}");
    let moved = client.get("/").await;
    assert_eq!(moved.header("location"), "swagger-ui/");
}

#[tokio::test]
async fn the_documents_name_the_public_address_and_change_in_nothing_else() {
    let service = behind_a_prefix();
    let mut expected = contract::contract().clone();
    expected["servers"] = json!([{"url": PUBLIC}]);
    let documented = service.client().get("/openapi/v1.json").await.json();
    assert_eq!(first_difference(&expected, &documented), None);
    for path in ["/openapi/v1.sdk.json", "/openapi/extensions-v1.json"] {
        let reply = service.client().get(path).await;
        assert_eq!(reply.json()["servers"], json!([{"url": PUBLIC}]), "{path}");
        assert!(reply.text().contains(&format!("\"{PUBLIC}/problems/")), "{path}");
        assert!(!reply.text().contains("\"/problems/"), "{path}");
    }
    let page = service.client().get("/swagger-ui/").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("connect-src 'self' https://example.com;"), "{policy}");
}

#[tokio::test]
async fn servers_that_are_set_stay_as_they_are_set() {
    let settings =
        format!("public_url: {PUBLIC}\ncontract:\n  servers: ['https://other.example']\n");
    let service = Service::builder().settings(&settings).start();
    let document = service.client().get("/openapi/v1.json").await.json();
    assert_eq!(document["servers"], json!([{"url": "https://other.example"}]));
    let problem = service.client().get("/nowhere").await.json();
    assert_eq!(problem["type"], format!("{PUBLIC}/problems/path-not-found"));
}
