//! The limits of a key, over every way in: each operation, the question of gateways, and introspection.

use neokeys::contract::OPERATIONS;
use neokeys_testkit::{Client, Reply, Service, document, entry, token_of};

use crate::authorization::call;

/// The tests' own address is a trusted proxy.
const BEHIND_A_PROXY: &str = "  throttle:\n    trusted_proxies: [127.0.0.0/8]\n";
const FUTURE: &str = "9000-01-01T00:00:00Z";
const PAST: &str = "2020-01-01T00:00:00Z";

fn limited(name: &str, limits: &str) -> String {
    format!("{}    limits: {{ {limits} }}\n", entry(name, true, &["*"]))
}

fn service(settings: &str) -> Service {
    let rotated = format!(
        "{}    previousHashes:\n      - {{ hash: {}, expiresAt: {FUTURE} }}\n      - {{ hash: {}, expiresAt: {PAST} }}\n",
        entry("rotated", true, &["*"]),
        hash("older"),
        hash("ended older"),
    );
    let keys = [
        entry("admin", true, &["*"]),
        limited("lasting", &format!("expiresAt: {FUTURE}")),
        limited("ended", &format!("expiresAt: {PAST}")),
        limited("v4", "allowedIps: [203.0.113.0/24]"),
        limited("v6", "allowedIps: [2001:db8::1]"),
        limited("local", "allowedIps: [127.0.0.1]"),
        limited("unknown", "rate: 5"),
        rotated,
    ];
    Service::builder().tenant("t1", &document(&keys)).settings(settings).start()
}

fn hash(name: &str) -> String {
    neokeys::domain::Digest::of(token_of(name).as_bytes()).to_hex()
}

async fn introspect(service: &Service, token: &str, client: Option<&str>) -> Reply {
    let client = client.map(|address| format!("&client_ip={address}")).unwrap_or_default();
    let asking = service.client().with_api_key(&token_of("admin"));
    let request = asking.request("POST", "/api/t1/introspect");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(format!("token={token}{client}")).send().await
}

/// Whether each way in lets a key in, and the answers.
async fn every_way_in(
    service: &Service,
    caller: &Client,
    token: &str,
    client: Option<&str>,
    cell: usize,
) -> Vec<(String, bool, Reply)> {
    let mut ways = Vec::new();
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let reply = call(service, caller, operation, cell + number).await;
        ways.push((operation.name.to_owned(), reply.status != 401, reply));
    }
    let asking = caller.request("POST", "/api/t1/introspect");
    let asking = asking.header("content-type", "application/x-www-form-urlencoded");
    let reply = asking.body("token=x").send().await;
    ways.push(("asking by introspection".to_owned(), reply.status != 401, reply));
    let reply = caller.get("/auth/t1").await;
    ways.push(("forward-auth".to_owned(), reply.status == 200, reply));
    let reply = introspect(service, token, client).await;
    assert_eq!(reply.status, 200);
    ways.push(("introspection".to_owned(), reply.json()["active"] == true, reply));
    ways
}

#[tokio::test]
async fn an_end_holds_over_every_way_in_and_is_told_to_who_has_the_token() {
    let service = service("");
    for (cell, (name, is_good, end)) in [
        ("lasting", true, Some(FUTURE)),
        ("rotated", true, None),
        ("older", true, Some(FUTURE)),
        ("ended", false, None),
        ("ended older", false, None),
        ("unknown", false, None),
    ]
    .into_iter()
    .enumerate()
    {
        let token = token_of(name);
        let caller = service.client().with_api_key(&token);
        for (way, let_in, reply) in
            every_way_in(&service, &caller, &token, None, 20_000 + 10 * cell).await
        {
            assert_eq!(let_in, is_good, "{name} {way} {reply:?}");
            if way == "introspection" {
                let end = end.map(|_| 221_845_392_000_i64);
                assert_eq!(reply.json()["exp"].as_i64(), end, "{name} {reply:?}");
                continue;
            }
            assert_eq!(reply.find_header("api-key-expires"), end, "{name} {way}");
            let to_gateways = end.filter(|_| way == "forward-auth");
            assert_eq!(reply.find_header("x-auth-expires"), to_gateways, "{name} {way}");
            if !is_good {
                let challenge = reply.header("www-authenticate");
                let told = format!("error_description=\"The API key expired at {PAST}\"");
                assert_eq!(
                    challenge.contains(&told),
                    name != "unknown",
                    "{name} {way} {challenge}"
                );
                assert_eq!(reply.problem(), "unauthorized");
            }
        }
    }
}

#[tokio::test]
async fn a_list_of_addresses_holds_over_every_way_in() {
    const XFF: &str = "x-forwarded-for";
    let trusted = service(BEHIND_A_PROXY);
    let untrusted = service("");
    let mut cell = 30_000;
    // The service, the key, the headers, whether the operations let it in, and whether gateways do.
    for (service, name, headers, direct, forwarded) in [
        (&trusted, "v4", &[(XFF, "203.0.113.9")] as &[(&str, &str)], true, true),
        (&trusted, "v4", &[(XFF, "::ffff:203.0.113.9")], true, true),
        (&trusted, "v4", &[(XFF, "203.0.114.9")], false, false),
        (&trusted, "v4", &[], false, false),
        (&trusted, "v4", &[(XFF, "unknown")], false, false),
        (&trusted, "v4", &[(XFF, "203.0.113.9"), ("forwarded", "for=203.0.113.8")], false, false),
        (&trusted, "v4", &[(XFF, "203.0.113.9"), ("forwarded", "for=203.0.113.9")], true, true),
        (&trusted, "v6", &[(XFF, "2001:db8::1")], true, true),
        (&trusted, "v6", &[(XFF, "2001:db8::2")], false, false),
        (&trusted, "v6", &[("forwarded", "for=\"[2001:db8::1]:80\"")], true, true),
        (&trusted, "local", &[], false, false),
        (&untrusted, "v4", &[(XFF, "203.0.113.9")], false, false),
        (&untrusted, "local", &[], true, false),
        (&untrusted, "local", &[(XFF, "203.0.113.9")], true, false),
    ] {
        cell += 10;
        let token = token_of(name);
        let mut caller = service.client().with_api_key(&token);
        for (header, value) in headers {
            caller = caller.with(header, value);
        }
        for (way, let_in, reply) in every_way_in(service, &caller, &token, None, cell).await {
            let expected = match &*way {
                "introspection" => false,
                "forward-auth" => forwarded,
                _ => direct,
            };
            assert_eq!(let_in, expected, "{name} {headers:?} {way} {reply:?}");
            if !let_in && way != "introspection" {
                let unknown = service.client().with_api_key("nobody's").get("/auth/t1").await;
                let challenge = "www-authenticate";
                assert_eq!(reply.header(challenge), unknown.header(challenge), "{way}");
            }
        }
    }
    for (name, client, is_active) in [
        ("v4", "203.0.113.9", true),
        ("v4", "::ffff:203.0.113.9", true),
        ("v4", "203.0.114.9", false),
        ("v6", "2001:db8::1", true),
        ("v6", "2001:db8::2", false),
        ("admin", "203.0.114.9", true),
    ] {
        let reply = introspect(&untrusted, &token_of(name), Some(client)).await;
        assert_eq!(reply.json()["active"], is_active, "{name} {client}");
    }
}
