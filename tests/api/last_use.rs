//! Uses of a token: a successful authentication with it, by every way in, and nothing
//! else.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use neokeys::domain::{Digest, KeyRepository as _, TenantId, Usage};
use neokeys::storage::{DocumentRepository, StoreConfig, StoreUrl};
use neokeys_testkit::{Claims, Client, Service, ServiceBuilder, document, entry, token_of};
use serde_json::json;

use crate::{KEYS, key};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that writes uses down at once, with keys of these names that may do everything.
fn service(keys: &[&str]) -> ServiceBuilder {
    let entries: Vec<_> = keys.iter().map(|name| entry(name, true, &["*"])).collect();
    Service::builder().usage_period("0s").tenant("t1", &document(&entries))
}

fn folder(service: &Service) -> PathBuf {
    service.document_path("t1").parent().unwrap().parent().unwrap().to_owned()
}

/// The uses that are written down.
async fn usage(service: &Service) -> Usage {
    let url = StoreUrl::File(folder(service));
    let repository = DocumentRepository::open(&url, &StoreConfig::default()).unwrap();
    repository.usage(&TenantId::parse("t1").unwrap()).await.unwrap()
}

fn is_used(usage: &Usage, key: &str) -> bool {
    usage.last_used(&Digest::of(token_of(key).as_bytes())).is_some()
}

/// Waits until a use of this key is written down.
async fn usage_with(service: &Service, key: &str) -> Usage {
    let began = Instant::now();
    loop {
        let usage = usage(service).await;
        if is_used(&usage, key) {
            return usage;
        }
        assert!(began.elapsed() < PATIENCE, "the use of {key} is never written down");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn introspect(client: &Client, token: &str) -> u16 {
    let request = client.request("POST", "/api/t1/introspect");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(format!("token={token}")).send().await.status.as_u16()
}

#[tokio::test]
async fn every_way_in_is_a_use_and_nothing_else_is() {
    let used = [
        "list", "create", "get", "update", "delete", "passes", "refused", "missing", "asker",
        "asked", "secret", "both",
    ];
    let unused = ["shown", "changed", "disabled", "unlike", "other", "twice"];
    let mut builder = service(&[&used[..], &unused[..], &["last"]].concat());
    builder = builder.tenant("t2", &document(&[entry("other", true, &["*"])]));
    let service = builder.start();
    let with = |key: &str| service.client().with_api_key(&token_of(key));
    let token = service.issuer.sign(&Claims::new(&["t1"], &["*"]));
    let bearer = service.client().with_bearer(&token);

    // None of these is one.
    assert_eq!(bearer.get(&key("shown")).await.status, 200);
    let change = json!({"enabled": false, "permissions": ["*"]});
    assert_eq!(bearer.put(&key("changed"), change.clone()).await.status, 200);
    assert_eq!(bearer.put(&key("disabled"), change).await.status, 200);
    assert_eq!(with("disabled").get(KEYS).await.status, 401);
    assert_eq!(with("unlik").get(KEYS).await.status, 401);
    // The key is good in another tenant's keys, where it has the same name and token.
    assert_eq!(with("other").get("/api/t2/admin/apiKeys").await.status, 200);
    assert_eq!(introspect(&bearer, &token_of("disabled")).await, 200);
    let spoiled = service.client().with_bearer("no.such.token");
    let spoiled = spoiled.with_api_key(&token_of("twice"));
    assert_eq!(spoiled.get(KEYS).await.status, 401);

    // Each of these is one, whatever comes of the request.
    let body = json!({"name": "made", "permissions": ["a"]});
    assert_eq!(with("list").get(KEYS).await.status, 200);
    assert_eq!(with("create").post(KEYS, body).await.status, 201);
    assert_eq!(with("get").get(&key("made")).await.status, 200);
    let change = json!({"enabled": true, "permissions": ["b"]});
    assert_eq!(with("update").put(&key("made"), change).await.status, 200);
    assert_eq!(with("delete").delete(&key("made")).await.status, 204);
    assert_eq!(with("missing").get(&key("made")).await.status, 404);
    assert_eq!(with("passes").get("/auth/t1?scope=orders:read").await.status, 200);
    assert_eq!(with("refused").post(KEYS, json!({"name": 5})).await.status, 400);
    assert_eq!(introspect(&with("asker"), &token_of("asked")).await, 200);
    let basic = STANDARD.encode(format!("x:{}", token_of("secret")));
    let basic = service.client().with("authorization", &format!("Basic {basic}"));
    assert_eq!(introspect(&basic, "nothing").await, 200);
    let both = bearer.with_api_key(&token_of("both"));
    assert_eq!(both.get(KEYS).await.status, 200);

    // Uses are written down in the order in which they came, so what is not there by now never will be.
    assert_eq!(with("last").get(KEYS).await.status, 200);
    let usage = usage_with(&service, "last").await;
    let found = |names: &[&str]| -> Vec<String> {
        names.iter().filter(|name| is_used(&usage, name)).map(|name| (*name).to_owned()).collect()
    };
    assert_eq!(found(&used), used);
    assert_eq!(found(&unused), Vec::<String>::new());
}

#[tokio::test]
async fn two_processes_add_up_and_one_that_ends_writes_what_it_knows() {
    let service = service(&["a", "b", "c"]).usage_period("60m").start();
    let process = service.start_process();
    let status = async |client: Client, name: &str| {
        client.with_api_key(&token_of(name)).get(KEYS).await.status.as_u16()
    };
    assert_eq!(status(service.client(), "a").await, 200);
    assert_eq!(status(process.client(), "b").await, 200);
    assert_eq!(status(process.client(), "a").await, 200);
    assert!(!is_used(&usage(&service).await, "b"));
    process.terminate();
    let ended = usage(&service).await;
    assert_eq!((is_used(&ended, "a"), is_used(&ended, "b")), (true, true));
    // The other one goes on, and adds its own.
    assert_eq!(status(service.client(), "c").await, 200);
    let folder = service.stop();
    let url = StoreUrl::File(folder.path().join("store"));
    let repository = DocumentRepository::open(&url, &StoreConfig::default()).unwrap();
    let usage = repository.usage(&TenantId::parse("t1").unwrap()).await.unwrap();
    for key in ["a", "b", "c"] {
        assert!(is_used(&usage, key), "{key}");
    }
}

#[tokio::test]
async fn a_process_that_is_killed_loses_what_it_had_not_written_and_no_more() {
    let service = service(&["a", "b"]).start();
    for round in 0..5 {
        let process = service.start_process();
        let client = |name: &str| process.client().with_api_key(&token_of(name));
        assert_eq!(client("a").get(KEYS).await.status, 200);
        let before = usage_with(&service, "a").await;
        // It is being written down by the end of these, or is about to be.
        for _ in 0..1 + 50 * round {
            assert_eq!(client("b").get(KEYS).await.status, 200);
        }
        drop(process);
        let after = usage(&service).await;
        assert!(is_used(&after, "a"), "round {round}");
        assert_eq!(after.tracking_since(), before.tracking_since(), "round {round}");
        assert!(!folder(&service).join(".neokeys/usage/t1.damaged").exists());
    }
}
