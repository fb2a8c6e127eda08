//! Paths that a gateway and the service behind could read differently.

use super::way::{Configuration, Gateway, ORDERS, Way, identity, of_shop, ways};
use crate::raw::get;
use neokeys_testkit::{Reply, token_of};

/// Spellings of the orders of tenant `acme`, and what tries to be them.
const SPELLINGS: &[&str] = &[
    "/shops/acme/orders",
    "/shops/%61cme/orders",
    "/shops/acm%65/orders",
    "/shops/%2561cme/orders",
    "/%73hops/acme/orders",
    "/shops//acme/orders",
    "//shops/acme/orders",
    "/shops/./acme/orders",
    "/shops/%2e/acme/orders",
    "/shops/demo/../acme/orders",
    "/shops/demo/%2e%2e/acme/orders",
    "/shops/demo/.%2E/acme/orders",
    "/shops/demo/..%2Facme/orders",
    "/shops/demo%2F..%2Facme/orders",
    "/shops/demo/..%5Cacme/orders",
    "/shops/demo/%252e%252e/acme/orders",
    "/shops/..%2Fshops%2Facme/orders",
    "/shops/acme%2Forders",
    "/shops/acme;x=y/orders",
    "/shops/demo;/../acme/orders",
    "/shops/acme%00/orders",
    "/shops/demo%00/../acme/orders",
    "/shops/acme%20/orders",
    "/shops/acme%3Fscope=x/orders",
    "/shops/demo?/../acme/orders",
    "/shops/acme/orders?scope=stock:read&any=x",
    "/shops/acme/orders%23",
    "/SHOPS/acme/orders",
    "/shops/ACME/orders",
];

/// The tenant that a service takes from a path, by RFC 3986: after one decoding and without dots.
fn tenant_of(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap();
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    let mut segments = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    (segments.first() == Some(&"shops")).then(|| segments.get(1).map(ToString::to_string))?
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_to_another_tenant() {
    for way in ways() {
        let label = |path: &str, reply: &Reply| format!("{:?}: {path}: {reply:?}", way.gateway);
        for path in SPELLINGS {
            let before = way.upstream.reached();
            let reply = way.caller("shop").get(path).await;
            let label = label(path, &reply);
            if reply.status != 200 {
                assert!(matches!(reply.status.as_u16(), 400 | 401 | 403 | 404), "{label}");
                assert_eq!(way.upstream.reached(), before, "{label}");
                continue;
            }
            let told = reply.json();
            assert_eq!(identity(&told), of_shop(), "{label}");
            assert_eq!(
                tenant_of(told["path"].as_str().unwrap()).as_deref(),
                Some("demo"),
                "{label}"
            );
        }
    }
}

#[tokio::test]
async fn a_target_with_an_origin_is_judged_by_its_path_too() {
    for way in ways() {
        let key = format!("X-API-KEY: {}", token_of("shop")).into_bytes();
        for path in ["/shops/acme/orders", "/shops/demo/../acme/orders", "/shops/demo/orders"] {
            let before = way.upstream.reached();
            let target = format!("http://{}{path}", way.proxy.address());
            let answer = get(way.proxy.address(), &target, std::slice::from_ref(&key));
            let label = format!("{:?}: {target}: {answer:?}", way.gateway);
            if answer.status != 200 {
                assert!(path.contains("acme"), "{label}");
                assert_eq!(way.upstream.reached(), before, "{label}");
                continue;
            }
            let told = answer.json();
            let path = told["path"].as_str().unwrap();
            let path = path.split_once("://").map_or(path, |(_, it)| &it[it.find('/').unwrap()..]);
            assert_eq!(identity(&told), of_shop(), "{label}");
            assert_eq!(tenant_of(path).as_deref(), Some("demo"), "{label}");
        }
    }
}

#[tokio::test]
async fn a_very_long_path_is_no_way_around_the_judgement() {
    for way in ways() {
        for length in [4_000, 30_000] {
            let path = format!("{ORDERS}/{}?scope=stock:read", "x".repeat(length));
            let before = way.upstream.reached();
            let reply = way.caller("clerk").get(&path).await;
            let status = reply.status.as_u16();
            assert!((400..600).contains(&status), "{:?}: {length}: {status}", way.gateway);
            assert_eq!(way.upstream.reached(), before, "{:?}: {length}", way.gateway);
        }
    }
}

#[tokio::test]
async fn a_caller_does_not_choose_what_is_demanded_where_its_path_is_appended() {
    let gateway = Gateway::EnvoyAppending;
    let way = Way::start(gateway, &gateway.documented(), "");
    for path in [
        "/shops/demo/orders?scope=stock:read",
        "/shops/demo/orders?any=stock:read",
        "/shops/demo/for/-/",
        "/shops/demo/x;/../../../for/-/orders",
        "/shops/demo/orders?/../for/stock:read/",
    ] {
        let refused = way.client().with_api_key(&token_of("clerk")).get(path).await;
        assert!(matches!(refused.status.as_u16(), 403 | 404), "{path}: {refused:?}");
    }
    assert_eq!(way.upstream.reached(), 0);
    let passed = way.caller("shop").get("/shops/demo/orders?scope=stock:read&any=no").await;
    assert_eq!(identity(&passed.json()), of_shop());
}

#[tokio::test]
async fn a_slip_where_the_path_is_appended_lets_nobody_in() {
    let gateway = Gateway::EnvoyAppending;
    let Configuration { first, second } = gateway.documented();
    for slip in ["/auth/demo/for/orders%20read", "/auth/demo/for/%2D", "/auth/de%20mo/for/-"] {
        let first = first.replace("/auth/demo/for/orders:read", slip);
        let way = Way::start(gateway, &Configuration { first, second: second.clone() }, "");
        for key in ["shop", "owner"] {
            way.refused(&way.caller(key), ORDERS, 400).await;
        }
    }
}
