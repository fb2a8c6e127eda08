//! The policy on how long keys last, over HTTP.

use neokeys::domain::Timestamp;
use serde_json::{Value, json};

use crate::KEYS;
use crate::key_details::{DETAILS, details};
use neokeys_testkit::{Client, Reply, Service, document, entry, token_of};

const POLICY: &str = "keys: { default_lifetime: 90d, max_lifetime: 365d, max_overlap: 7d }\n";
const FAR: &str = "2999-01-01T00:00:00Z";

fn service() -> Service {
    Service::builder().settings(POLICY).start()
}

async fn amend(client: &Client, name: &str, patch: Value) -> Reply {
    let request = client.request("PATCH", &details(name)).body(patch.to_string());
    request.header("content-type", "application/merge-patch+json").send().await
}

/// The member of a 400 about which it complains, with the sentence.
fn fault(reply: &Reply) -> (String, String) {
    assert_eq!(reply.status, 400, "{}", reply.text());
    let text = reply.json()["errors"].to_string();
    let member = ["expiresAt", "overlapSeconds"].into_iter().find(|it| text.contains(it));
    (member.unwrap_or_default().to_owned(), text)
}

#[tokio::test]
async fn the_documented_creation_gives_a_key_the_default_end_and_says_so() {
    let service = service();
    let admin = service.admin();
    let created = admin.post(KEYS, json!({"name": "crm", "permissions": ["x"]})).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let end = created.header("api-key-expires").to_owned();
    assert!(Timestamp::parse(&end).is_ok(), "{end}");
    let members = created.json().as_object().unwrap().len();
    assert_eq!(members, 4, "the contract's answer stays as it is: {}", created.text());
    let shown = admin.get(&details("crm")).await.json();
    assert_eq!(shown["expiresAt"], end.as_str(), "{shown}");
    assert!(service.read_document("t1").contains(&format!("expiresAt: {end}")));
    let own = service.client().with_api_key(created.json()["token"].as_str().unwrap());
    assert_eq!(own.get("/api/t1/apiKey").await.header("api-key-expires"), end);
    // Of a caller that ends too, it is the new key's end that is told.
    let limits = format!("    limits: {{ expiresAt: {FAR} }}\n");
    let text = document(&[entry("ending", true, &["*"]) + &limits]);
    service.replace_document("t1", &text);
    let ending = service.client().with_api_key(&token_of("ending"));
    assert_eq!(ending.get(KEYS).await.header("api-key-expires"), FAR);
    let created = ending.post(KEYS, json!({"name": "second", "permissions": ["x"]})).await;
    let told = created.header("api-key-expires").to_owned();
    assert_eq!(ending.get(&details("second")).await.json()["expiresAt"], told.as_str());
}

#[tokio::test]
async fn no_operation_gives_a_key_more_time_than_the_policy() {
    let service = service();
    let admin = service.admin();
    let new = |end: Value| json!({"name": "b", "permissions": ["x"], "expiresAt": end});
    let rotate = format!("{}/rotate", details("reader"));
    let rotation = |overlap: u64, end: Value| json!({"overlapSeconds": overlap, "expiresAt": end});
    for end in [json!(null), json!(FAR)] {
        for reply in [
            admin.post(DETAILS, new(end.clone())).await,
            amend(&admin, "reader", json!({"expiresAt": end})).await,
            admin.post(&rotate, rotation(0, end.clone())).await,
        ] {
            let (member, sentence) = fault(&reply);
            assert!(member == "expiresAt" && sentence.contains("keys.max_lifetime"), "{sentence}");
        }
    }
    let too_long = fault(&admin.post(&rotate, json!({"overlapSeconds": 604_801})).await);
    assert!(too_long.0 == "overlapSeconds" && too_long.1.contains("604800"), "{}", too_long.1);
    // Nothing of it was done, and keys that exist are as they were.
    for name in ["reader", "admin"] {
        let shown = admin.get(&details(name)).await.json();
        assert!(shown.get("expiresAt").is_none() && shown.get("rotatedAt").is_none(), "{shown}");
    }
    assert_eq!(amend(&admin, "reader", json!({"owner": "sales"})).await.status, 200);
    assert!(admin.get(&details("reader")).await.json().get("expiresAt").is_none());
    let rotated = admin.post(&rotate, json!({"overlapSeconds": 604_800})).await;
    assert!(rotated.json()["expiresAt"].is_string(), "{}", rotated.text());
    let made = admin.post(DETAILS, json!({"name": "c", "permissions": ["x"]})).await;
    assert!(made.json()["expiresAt"].is_string(), "{}", made.text());
}

#[tokio::test]
async fn a_maximum_alone_gives_new_keys_the_latest_end_and_lets_a_rotation_keep_the_present_one() {
    let service = Service::builder().settings("keys: { max_lifetime: 30d }\n").start();
    let admin = service.admin();
    let made = admin.post(KEYS, json!({"name": "c", "permissions": ["x"]})).await;
    assert!(Timestamp::parse(made.header("api-key-expires")).is_ok());
    let rotate = format!("{}/rotate", details("reader"));
    let rotated = admin.post(&rotate, json!({"overlapSeconds": 60})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    assert!(rotated.json().get("expiresAt").is_none(), "{}", rotated.text());
}
