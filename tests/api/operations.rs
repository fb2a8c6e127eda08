//! The five operations, row by row.

use serde_json::json;

use crate::{KEYS, key};
use neokeys_testkit::{Service, token_of};

#[tokio::test]
async fn the_list_has_the_definitions_in_file_order_and_nothing_else() {
    let service = Service::start();
    let reply = service.admin().get(KEYS).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!([
            {"name": "reader", "enabled": true, "permissions": ["tenant.apiKey:read"]},
            {"name": "writer", "enabled": true, "permissions": ["tenant.apiKey:write"]},
            {"name": "admin", "enabled": true, "permissions": ["*"]},
            {"name": "off", "enabled": false, "permissions": ["*"]},
        ])
    );
}

#[tokio::test]
async fn a_tenant_without_a_document_has_no_keys() {
    let service = Service::builder().tenant("empty", "roles: {}\n").start();
    let everywhere = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    assert_eq!(everywhere.get("/api/empty/admin/apiKeys").await.json(), json!([]));
    std::fs::remove_file(service.document_path("t2")).unwrap();
    assert_eq!(everywhere.get("/api/t2/admin/apiKeys").await.json(), json!([]));
}

#[tokio::test]
async fn a_key_lives_from_its_creation_to_its_deletion() {
    let service = Service::start();
    let admin = service.admin();

    let body = json!({"name": "crm", "permissions": ["tenant.apiKey:read", "a", "a"]});
    let created = admin.post(KEYS, body).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("location"), key("crm"));
    let definition =
        json!({"name": "crm", "enabled": true, "permissions": ["tenant.apiKey:read", "a"]});
    let mut shown = created.json();
    let token = shown.as_object_mut().unwrap().remove("token").unwrap();
    let token = token.as_str().unwrap();
    assert_eq!(shown, definition);
    assert!(token.starts_with("nsk_") && token.len() == 53, "{token}");

    let crm = service.client().with_api_key(token);
    let got = crm.get(created.header("location")).await;
    assert_eq!((got.status.as_u16(), got.json()), (200, definition));
    assert_eq!(got.header("etag"), created.header("etag"));

    let updated = admin.put(&key("crm"), json!({"enabled": false, "permissions": ["b"]})).await;
    assert_eq!(updated.status, 200);
    assert_eq!(updated.json(), json!({"name": "crm", "enabled": false, "permissions": ["b"]}));
    assert_eq!(updated.header("content-location"), key("crm"));
    assert_ne!(updated.header("etag"), created.header("etag"));
    assert_eq!(crm.get(KEYS).await.status, 401);

    let back = json!({"enabled": true, "permissions": ["tenant.apiKey:read"]});
    assert_eq!(admin.put(&key("crm"), back).await.status, 200);
    assert_eq!(crm.get(KEYS).await.status, 200);

    let deleted = admin.delete(&key("crm")).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    assert_eq!(crm.get(KEYS).await.status, 401);
    assert_eq!(admin.get(&key("crm")).await.problem(), "key-not-found");
    assert_eq!(admin.delete(&key("crm")).await.problem(), "key-not-found");
    assert!(!service.read_document("t1").contains("crm"));
}

#[tokio::test]
async fn the_document_holds_the_hash_and_never_the_token() {
    let service = Service::start();
    let created = service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await;
    let token = created.json()["token"].as_str().unwrap().to_owned();
    let document = service.read_document("t1");
    assert!(!document.contains(&token));
    let hash = neokeys::domain::Digest::of(token.as_bytes()).to_hex();
    assert!(document.contains(&format!("hash: {hash}")), "{document}");
}

#[tokio::test]
async fn a_disabled_key_can_be_created_and_does_not_work() {
    let service = Service::start();
    let body = json!({"name": "n", "enabled": false, "permissions": ["*"]});
    let created = service.admin().post(KEYS, body).await;
    assert_eq!(created.json()["enabled"], false);
    let token = created.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(service.client().with_api_key(&token).get(KEYS).await.status, 401);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict() {
    let service = Service::start();
    let reply = service.admin().post(KEYS, json!({"name": "reader", "permissions": ["p"]})).await;
    assert_eq!((reply.status.as_u16(), reply.problem()), (409, "name-taken".into()));
    let other_case = json!({"name": "Reader", "permissions": ["p"]});
    assert_eq!(service.admin().post(KEYS, other_case).await.status, 201);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let service = Service::start();
    let admin = service.admin();
    let body = json!({"enabled": true, "permissions": ["p"]});
    assert_eq!(admin.get(&key("nobody")).await.problem(), "key-not-found");
    assert_eq!(admin.put(&key("nobody"), body).await.problem(), "key-not-found");
    assert_eq!(admin.delete(&key("nobody")).await.problem(), "key-not-found");
    for path in ["/nowhere", "/api", "/api/t1", "/api/t1/admin/apikeys", "/api/t1/admin/apiKeys/"] {
        let reply = admin.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (404, "path-not-found".into()),
            "{path}"
        );
    }
    let everywhere = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    for (method, path) in [
        ("GET", "/api/t3/admin/apiKeys"),
        ("POST", "/api/t3/admin/apiKeys"),
        ("DELETE", "/api/t3/admin/apiKeys/x"),
    ] {
        let request =
            everywhere.request(method, path).json(json!({"name": "n", "permissions": ["p"]}));
        assert_eq!(request.send().await.problem(), "tenant-not-found", "{method}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let service = Service::start();
    for (method, path, allowed) in [
        ("PUT", KEYS.to_owned(), "GET, HEAD, POST"),
        ("DELETE", KEYS.to_owned(), "GET, HEAD, POST"),
        ("PATCH", key("reader"), "GET, HEAD, PUT, DELETE"),
        ("POST", key("reader"), "GET, HEAD, PUT, DELETE"),
        ("POST", "/health/live".to_owned(), "GET, HEAD"),
        ("TRACE", KEYS.to_owned(), "GET, HEAD, POST"),
    ] {
        let reply = service.admin().request(method, &path).send().await;
        assert_eq!((reply.status.as_u16(), reply.problem()), (405, "method-not-allowed".into()));
        assert_eq!(reply.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let service = Service::start();
    for path in [KEYS.to_owned(), key("reader"), key("nobody"), "/openapi/v1.json".to_owned()] {
        let got = service.admin().get(&path).await;
        let head = service.admin().request("HEAD", &path).send().await;
        assert_eq!((head.status, head.body.len()), (got.status, 0), "{path}");
        for name in ["content-type", "content-length", "etag"] {
            assert_eq!(head.find_header(name), got.find_header(name), "{name} of {path}");
        }
    }
}

#[tokio::test]
async fn a_callers_request_id_is_kept_if_it_is_fit_for_a_log() {
    let service = Service::start();
    let send =
        |id: &'static str| service.admin().request("GET", KEYS).header("x-request-id", id).send();
    assert_eq!(send("trace-1/2").await.header("x-request-id"), "trace-1/2");
    assert_ne!(send("two words").await.header("x-request-id"), "two words");
    let missing = service.admin().request("GET", &key("nobody")).header("x-request-id", "r-7");
    assert_eq!(missing.send().await.json()["requestId"], "r-7");
}

#[tokio::test]
async fn any_token_whose_hash_is_in_the_file_works() {
    let service = Service::start();
    let hash = neokeys::domain::Digest::of("p\u{e4}ss, w\u{f6}rd \"1\"".as_bytes())
        .to_hex()
        .to_uppercase();
    let entry = format!("  - {{name: old, permissions: ['*'], hash: {hash}}}\n");
    service.replace_document("t2", &format!("apiKeys:\n{entry}"));
    let request = service.client().request("GET", "/api/t2/admin/apiKeys");
    assert_eq!(request.header("x-api-key", "p\u{e4}ss, w\u{f6}rd \"1\"").send().await.status, 200);
    let gone = service.client().with_api_key(&token_of("other"));
    assert_eq!(gone.get("/api/t2/admin/apiKeys").await.status, 401);
}

#[tokio::test]
async fn a_caller_can_be_held_to_what_it_holds_itself() {
    let service = Service::builder().settings("  grants: subset\n").start();
    let writer = service.client().with_api_key(&token_of("writer"));
    let all =
        writer.post(KEYS, json!({"name": "n", "permissions": ["*", "tenant.apiKey:write"]})).await;
    assert_eq!((all.status.as_u16(), all.problem()), (403, "grant-forbidden".into()));
    assert!(all.json()["detail"].as_str().unwrap().ends_with(": *."), "{all:?}");
    let raise = writer.put(&key("reader"), json!({"enabled": true, "permissions": ["x"]})).await;
    assert_eq!(raise.problem(), "grant-forbidden");
    let own = json!({"name": "n", "permissions": ["tenant.apiKey:write"]});
    assert_eq!(writer.post(KEYS, own).await.status, 201);
    assert_eq!(
        service.admin().post(KEYS, json!({"name": "m", "permissions": ["x"]})).await.status,
        201
    );
}

#[tokio::test]
async fn the_prefix_of_new_tokens_can_be_set() {
    let service = Service::builder().settings("  token_prefix: acme-\n").start();
    let created = service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await;
    assert!(created.json()["token"].as_str().unwrap().starts_with("acme-"));
}
