//! A shared cache, and one that compresses, between callers and the service.

use serde_json::json;

use crate::KEYS;
use crate::proxy::Proxy;
use neokeys_testkit::{Client, Service, token_of};

/// Keeps every answer that it may, by its address alone, and says whether it was kept.
const CACHING: &str =
    "proxy_cache answers; proxy_cache_valid any 10m; proxy_cache_methods GET HEAD;
    add_header X-Cache $upstream_cache_status always;";

#[tokio::test]
async fn a_cache_that_works_keeps_nothing_about_keys() {
    let service = Service::start();
    let cache = Proxy::nginx(service.origin(), "", CACHING);
    let anyone = cache.client();
    // What is for everybody is kept: the cache works.
    anyone.get("/problems/name-taken").await;
    assert_eq!(anyone.get("/problems/name-taken").await.header("x-cache"), "HIT");

    let admin = anyone.with_api_key(&token_of("admin"));
    let bearer = anyone.with_bearer(&service.issuer.token(&["t1"], &["*"]));
    for path in [KEYS.to_owned(), format!("{KEYS}/reader"), format!("{KEYS}/nobody")] {
        for caller in [&admin, &bearer, &admin] {
            let reply = caller.get(&path).await;
            assert_eq!(reply.header("x-cache"), "MISS", "{path}");
            assert!(matches!(reply.status.as_u16(), 200 | 404));
            let head = caller.request("HEAD", &path).send().await;
            assert_eq!(head.header("x-cache"), "MISS", "{path}");
        }
        for stranger in [anyone.clone(), anyone.with_api_key(&token_of("other"))] {
            let reply = stranger.get(&path).await;
            assert_eq!((reply.status.as_u16(), reply.header("x-cache")), (401, "MISS"), "{path}");
        }
    }
    for open in ["/openapi/v1.json", "/health/ready", "/swagger-ui/"] {
        anyone.get(open).await;
        assert_eq!(anyone.get(open).await.header("x-cache"), "MISS", "{open}");
    }
}

#[tokio::test]
async fn a_key_that_is_deleted_is_refused_behind_a_cache_too() {
    let service = Service::start();
    let cache = Proxy::nginx(service.origin(), "", CACHING);
    let admin = cache.client().with_api_key(&token_of("admin"));
    let body = json!({"name": "short-lived", "permissions": ["tenant.apiKey:read"]});
    let created = admin.post(KEYS, body).await.json();
    let caller = cache.client().with_api_key(created["token"].as_str().unwrap());
    for _ in 0..2 {
        assert!(caller.get(KEYS).await.text().contains("short-lived"));
    }
    let tag = caller.get(KEYS).await.header("etag").to_owned();
    assert_eq!(admin.delete(&format!("{KEYS}/short-lived")).await.status, 204);
    assert_eq!(caller.get(KEYS).await.status, 401);
    let known = caller.request("GET", KEYS).header("if-none-match", &tag).send().await;
    assert_eq!(known.status, 401);
    assert!(!admin.get(KEYS).await.text().contains("short-lived"));
}

#[tokio::test]
async fn a_proxy_that_compresses_leaves_the_tags_of_keys_strong() {
    let service = Service::start();
    let whole = "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;";
    let apart = format!("{whole} location /api/ {{ gzip off; proxy_pass http://service; }}");
    for (name, proxy, is_strong) in [
        ("Caddy", Proxy::caddy(service.origin(), "encode {\n gzip\n minimum_length 1\n}"), true),
        // nginx does not listen to no-transform: its own setting does it.
        ("nginx", Proxy::nginx(service.origin(), whole, ""), false),
        ("nginx as docs/deployment.md has it", Proxy::nginx(service.origin(), &apart, ""), true),
    ] {
        let client = Client::of_another(&format!("http://{}", proxy.address()));
        let client = client.with("accept-encoding", "gzip");
        // What is for everybody is compressed: the proxy works.
        let page = client.get("/openapi/v1.json").await;
        assert_eq!(page.find_header("content-encoding"), Some("gzip"), "{name}");
        let admin = client.with_api_key(&token_of("admin"));
        let path = format!("{KEYS}/writer");
        let read = admin.get(&path).await;
        let tag = read.header("etag").to_owned();
        assert_eq!(!tag.starts_with("W/"), is_strong, "{name}: {tag}");
        let body = json!({"enabled": true, "permissions": ["p"]});
        let request = admin.request("PUT", &path).header("if-match", &tag).json(body);
        let reply = request.send().await;
        assert_eq!(reply.status, if is_strong { 200 } else { 412 }, "{name}");
    }
}
