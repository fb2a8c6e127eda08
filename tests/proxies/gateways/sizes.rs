//! The largest identity that neokeys can tell goes through every gateway.

use serde_json::json;

use super::way::{GATEWAYS, Gateway, ORDERS, Way};
use neokeys_testkit::{Claims, document, entry, token_of};

/// As many scopes as a key can have, each as long as can be.
fn widest() -> Vec<String> {
    let numbered = (1..256).map(|number| format!("{number:x<256}"));
    ["orders:read".to_owned()].into_iter().chain(numbered).collect()
}

#[tokio::test]
async fn the_most_that_a_credential_can_hold_comes_through_whole() {
    let scopes = widest();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    for gateway in GATEWAYS {
        let way = Way::start(gateway, &gateway.documented(), "");
        way.service.replace_document("demo", &document(&[entry("wide", true, &scopes)]));
        let caller = way.caller("wide");
        let reply = caller.get(ORDERS).await;
        assert_eq!(reply.status, 200, "{gateway:?}: {reply:?}");
        let headers = &reply.json()["headers"];
        assert_eq!(headers["x-auth-scopes"], json!([scopes.join(" ")]), "{gateway:?}");

        // Beside it, a token of nearly 16 KiB whose subject has to be percent-encoded.
        let subject = "\u{e9}".repeat(5_800);
        let claims = Claims::new(&["demo"], &["orders:more"]).with("sub", subject.as_str());
        let token = way.service.issuer.sign(&claims);
        assert!((15_000..16_384).contains(&token.len()), "{}", token.len());
        let reply = caller.with_bearer(&token).get(ORDERS).await;
        assert_eq!(reply.status, 200, "{gateway:?}: {:?}", reply.headers);
        let headers = &reply.json()["headers"];
        let principal = format!("wide+{}", "%C3%A9".repeat(5_800));
        assert_eq!(headers["x-auth-principal"], json!([principal]), "{gateway:?}");
        let both = format!("{} orders:more", scopes.join(" "));
        assert_eq!(headers["x-auth-scopes"], json!([both]), "{gateway:?}");
    }
}

#[tokio::test]
async fn with_the_gateways_own_sizes_a_large_identity_is_refused_and_nobody_passes_without_it() {
    let scopes = widest();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    for (gateway, raised) in [
        (Gateway::Nginx, &["proxy_buffer_size 128k;", "proxy_buffers 4 128k;"][..]),
        (Gateway::HaProxy, &["tune.bufsize 131072"]),
        (Gateway::Envoy, &["max_request_headers_kb: 256", "max_response_headers_kb: 256"]),
    ] {
        let mut with = gateway.documented();
        for size in raised {
            assert!(with.first.contains(size), "{gateway:?}: {size}");
            with.first = with.first.replace(size, "");
        }
        let way = Way::start(gateway, &with, "");
        way.service.replace_document("demo", &document(&[entry("wide", true, &scopes)]));
        let reply = way.caller("wide").get(ORDERS).await;
        assert!(reply.status.is_server_error(), "{gateway:?}: {reply:?}");
        assert_eq!(way.upstream.reached(), 0, "{gateway:?}");
    }
}

#[tokio::test]
async fn scopes_that_nginx_is_told_to_leave_out_are_nobodys() {
    let mut with = Gateway::Nginx.documented();
    let passed = "proxy_set_header X-Auth-Scopes    $auth_scopes;";
    assert!(with.first.contains(passed));
    with.first = with.first.replace(passed, "proxy_set_header X-Auth-Scopes \"\";");
    let way = Way::start(Gateway::Nginx, &with, "");
    let caller = way.caller("shop").with("x-auth-scopes", "*");
    let told = caller.get(ORDERS).await.json();
    assert_eq!(told["headers"].get("x-auth-scopes"), None, "{told}");
    assert_eq!(told["headers"]["x-auth-principal"], json!(["shop"]), "{told}");
}

#[tokio::test]
async fn one_that_names_few_scopes_is_small() {
    let way = Way::start(GATEWAYS[0], &GATEWAYS[0].documented(), "");
    let told = way.service.client().with_api_key(&token_of("shop")).get("/auth/demo").await;
    let size: usize = told.headers.iter().map(|(name, it)| name.as_str().len() + it.len()).sum();
    assert!(size < 512, "{size}: {told:?}");
}
