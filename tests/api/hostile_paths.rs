//! Paths that want to be something else.

use serde_json::json;

use neokeys_testkit::Service;

/// Segments of a path that must name neither a tenant nor a key.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "..%2Ft2",
        "%2e%2e%2ft2",
        "..%5Ct2",
        "%252e%252e",
        "%2e",
        "%2e%2e",
        "%00",
        "t1%00",
        "%ff",
        "%c0%ae",
        "%0d%0a",
        "t1%0d%0aX-Injected:%201",
        "%20",
        "t1%20",
        "%2Ft1",
        "t1%2F",
        "t1;x=y",
        "t1%3Fx",
        "%EF%BF%BD",
        "%D1%821",
        "%E2%80%8Bt1",
        "t1%E2%80%AE",
        "~",
        "*",
        "%2A",
        "%25",
        "%",
        "%zz",
        "t1%2",
        "-t1%40",
        "%7Bt1%7D",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("x".repeat(1000));
    names.push("%41".repeat(400));
    names
}

#[tokio::test]
async fn a_hostile_tenant_is_one_that_does_not_exist() {
    let service = Service::start();
    let bearer =
        |tenants: &[&str]| service.client().with_bearer(&service.issuer.token(tenants, &["*"]));
    for name in hostile() {
        let path = format!("/api/{name}/admin/apiKeys");
        assert_eq!(service.client().get(&path).await.status, 401, "{name:.40}");
        assert_eq!(service.admin().get(&path).await.status, 401, "{name:.40}");
        assert_eq!(bearer(&["t1"]).get(&path).await.problem(), "tenant-forbidden", "{name:.40}");
        assert_eq!(bearer(&["*"]).get(&path).await.problem(), "tenant-not-found", "{name:.40}");
    }
    let empty = service.admin().get("/api//admin/apiKeys").await;
    assert_eq!(empty.problem(), "path-not-found");
}

#[tokio::test]
async fn a_hostile_key_name_is_a_key_that_does_not_exist() {
    let service = Service::start();
    let body = json!({"enabled": true, "permissions": ["p"]});
    for name in hostile() {
        let path = format!("/api/t1/admin/apiKeys/{name}");
        assert_eq!(service.admin().get(&path).await.status, 404, "{name:.40}");
        assert_eq!(service.admin().put(&path, body.clone()).await.status, 404, "{name:.40}");
        assert_eq!(service.admin().delete(&path).await.status, 404, "{name:.40}");
    }
    assert_eq!(
        service.admin().get("/api/t1/admin/apiKeys").await.json().as_array().unwrap().len(),
        4
    );
}

#[tokio::test]
async fn a_name_is_judged_after_one_decoding() {
    let service = Service::start();
    for path in ["/api/%741/admin/apiKeys/reader", "/api/t1/admin/apiKeys/re%61der"] {
        assert_eq!(service.admin().get(path).await.status, 200, "{path}");
    }
    for path in ["/api/%25741/admin/apiKeys/reader", "/api/t1/admin/apiKeys/re%2561der"] {
        assert_ne!(service.admin().get(path).await.status, 200, "{path}");
    }
}
