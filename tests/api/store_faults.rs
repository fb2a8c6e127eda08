//! Files that people broke.

use serde_json::json;

use crate::harness::{Service, document, entry, token_of};
use crate::{KEYS, key};

#[tokio::test]
async fn a_faulty_entry_never_authenticates_and_takes_its_name() {
    let faulty = "  - name: broken\n    permissions: ['*']\n    hash: nonsense\n".to_owned();
    let service = Service::builder()
        .tenant(
            "t1",
            &document(&[
                entry("admin", true, &["*"]),
                faulty,
                entry("twin", true, &["*"]),
                entry("twin", true, &["*"]),
            ]),
        )
        .start();
    let list = service.admin().get(KEYS).await.json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(service.client().with_api_key(&token_of("twin")).get(KEYS).await.status, 401);
    for name in ["broken", "twin"] {
        let update = json!({"enabled": false, "permissions": ["p"]});
        for reply in [
            service.admin().get(&key(name)).await,
            service.admin().put(&key(name), update).await,
            service.admin().delete(&key(name)).await,
        ] {
            assert_eq!((reply.status.as_u16(), reply.problem()), (404, "key-not-found".into()));
            let told = "is no key: ";
            let detail = reply.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("at line ") && detail.contains(told), "{detail}");
        }
        let reply = service.admin().post(KEYS, json!({"name": name, "permissions": ["p"]})).await;
        assert_eq!(reply.problem(), "name-taken");
        assert!(reply.json()["detail"].as_str().unwrap().contains("line "), "{reply:?}");
    }
}

#[tokio::test]
async fn the_last_good_version_is_served_when_a_file_breaks() {
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    let good = service.read_document("t1");
    service.replace_document("t1", "apiKeys: [\n");
    assert_eq!(service.admin().get(KEYS).await.json().as_array().unwrap().len(), 4);
    let reply = service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await;
    assert_eq!((reply.status.as_u16(), reply.problem()), (503, "store-unavailable".into()));
    assert_eq!(reply.header("retry-after"), "5");
    assert_eq!(service.read_document("t1"), "apiKeys: [\n");
    let ready = service.client().get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()["status"].clone()), (200, json!("degraded")));
    assert!(!ready.text().contains("t1"), "a page for anybody names no tenant: {}", ready.text());

    service.replace_document("t1", &good);
    assert_eq!(
        service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await.status,
        201
    );
    assert_eq!(service.client().get("/health/ready").await.json()["status"], "ready");
}

#[tokio::test]
async fn a_file_that_was_never_good_is_not_available() {
    let service = Service::builder().tenant("t1", "apiKeys: [\n").start();
    assert_eq!(service.admin().get(KEYS).await.problem(), "store-unavailable");
    let bearer = service.client().with_bearer(&service.issuer.token(&["t1"], &["*"]));
    let reply = bearer.get(KEYS).await;
    assert_eq!(reply.problem(), "store-unavailable");
    let other = service.client().with_bearer(&service.issuer.token(&["t2"], &["*"]));
    assert_eq!(other.get(KEYS).await.status, 403);
}

#[tokio::test]
async fn an_edit_by_hand_counts_from_the_next_request_on() {
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    for round in 0..50 {
        let name = format!("hand-{round}");
        let entries = [entry("admin", true, &["*"]), entry(&name, true, &["tenant.apiKey:read"])];
        service.replace_document("t1", &document(&entries));
        let client = service.client().with_api_key(&token_of(&name));
        assert_eq!(client.get(KEYS).await.status, 200, "{name}");
        service.replace_document("t1", &document(&[entry("admin", true, &["*"])]));
        assert_eq!(client.get(KEYS).await.status, 401, "{name}");
    }
}

#[tokio::test]
async fn a_store_that_is_gone_says_nothing_of_its_tenants() {
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    let store = service.document_path("t1").parent().unwrap().parent().unwrap().to_owned();
    let aside = store.with_extension("unmounted");
    std::fs::rename(&store, &aside).unwrap();
    let bearer = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    for tenant in ["t2", "t3"] {
        let reply = bearer.get(&format!("/api/{tenant}/admin/apiKeys")).await;
        assert_eq!(reply.problem(), "store-unavailable", "{tenant}");
    }
    let other = service.client().with_api_key(&token_of("other"));
    assert_eq!(other.get("/api/t2/admin/apiKeys").await.status, 503);
    let ready = service.client().get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["status"], "cut-off");
    std::fs::rename(&aside, &store).unwrap();
    assert_eq!(other.get("/api/t2/admin/apiKeys").await.status, 200);
}
