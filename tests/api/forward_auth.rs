//! The question of gateways: may this request pass.

use std::fmt::Write as _;

use neokeys::contract::OPERATIONS;
use serde_json::json;

use crate::authorization::{call, callers};
use crate::key;
use neokeys_testkit::{Claims, Issuer, Reply, Service, document, entry, token_of};

const READ: &str = "tenant.apiKey:read";
const WRITE: &str = "tenant.apiKey:write";

fn told(reply: &Reply) -> [Option<&str>; 5] {
    ["x-auth-tenant", "x-auth-principal", "x-auth-issuer", "x-auth-scopes", "x-auth-method"]
        .map(|name| reply.find_header(name))
}

#[tokio::test]
async fn who_may_pass_is_as_reviewed() {
    let service = Service::start();
    let questions = [
        ("any credential", String::new()),
        ("read", format!("?scope={READ}")),
        ("read and write", format!("?scope={READ}&scope={WRITE}")),
        ("read or write", format!("?any={READ}&any={WRITE}")),
    ];
    let mut table = format!("{:24}", "");
    for (question, _) in &questions {
        write!(table, "{question:26}").unwrap();
    }
    for (caller, client) in callers(&service) {
        write!(table, "\n{caller:24}").unwrap();
        for (_, query) in &questions {
            let reply = client.get(&format!("/auth/t1{query}")).await;
            let problem = if reply.status == 200 { String::new() } else { reply.problem() };
            write!(table, "{:26}", format!("{} {problem}", reply.status.as_u16())).unwrap();
        }
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("who_may_pass", table);
    });
}

#[tokio::test]
async fn a_question_is_judged_as_an_operation_is() {
    let service = Service::start();
    let mut cell = 10_000;
    for operation in OPERATIONS {
        for (caller, client) in callers(&service) {
            cell += 1;
            let done = call(&service, &client, operation, cell).await;
            let asked = client.get(&format!("/auth/t1?scope={}", operation.scope)).await;
            let label = format!("{caller}, {}", operation.name);
            assert_eq!(asked.status.is_success(), done.status.is_success(), "{label}");
            if !asked.status.is_success() {
                assert_eq!(
                    (asked.status, asked.problem()),
                    (done.status, done.problem()),
                    "{label}"
                );
                let challenge = "www-authenticate";
                assert_eq!(asked.header(challenge), done.header(challenge), "{label}");
            }
        }
    }
}

#[tokio::test]
async fn who_passes_is_told_in_headers() {
    let service = Service::start();
    let key = service.client().with_api_key(&token_of("reader"));
    let reply = key.get("/auth/t1").await;
    assert_eq!(told(&reply), [Some("t1"), Some("reader"), Some(""), Some(READ), Some("api_key")]);
    let claims =
        Claims::new(&["t1", "t2"], &["b", "a"]).with("sub", "Jos\u{e9} <j+m@x.test>, \r\nx");
    let token = service.issuer.sign(&claims);
    let issuer = Some(Issuer::NAME);
    let sub = "Jos%C3%A9%20<j%2Bm@x.test>%2C%20%0D%0Ax";
    let reply = service.client().with_bearer(&token).get("/auth/t2?any=a&scope=b").await;
    assert_eq!(told(&reply), [Some("t2"), Some(sub), issuer, Some("b a"), Some("bearer")]);
    let reply = key.with_bearer(&token).get("/auth/t1").await;
    let both = format!("reader+{sub}");
    let scopes = format!("{READ} b a");
    let method = Some("api_key+bearer");
    assert_eq!(told(&reply), [Some("t1"), Some(&*both), issuer, Some(&*scopes), method]);
}

#[tokio::test]
async fn a_scope_of_one_credential_does_not_meet_half_a_demand_of_two() {
    let service = Service::start();
    let key = service.client().with_api_key(&token_of("reader"));
    let both = key.with_bearer(&service.issuer.token(&["t1"], &[WRITE]));
    assert_eq!(both.get(&format!("/auth/t1?scope={WRITE}")).await.status, 200);
    let halves = both.get(&format!("/auth/t1?scope={READ}&scope={WRITE}")).await;
    assert_eq!((halves.status.as_u16(), &*halves.problem()), (403, "insufficient-scope"));
}

#[tokio::test]
async fn any_method_asks_the_same_and_no_body_is_looked_at() {
    let service = Service::start();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        for (client, expected) in [(service.admin(), 200), (service.client(), 401)] {
            let request = client.request(method, "/auth/t1?scope=orders:read");
            let request = request.header("content-type", "image/png").body("{\"not\": read");
            let reply = request.send().await;
            assert_eq!(reply.status, expected, "{method}");
            assert_eq!(reply.body.is_empty(), expected == 200 || method == "HEAD", "{method}");
        }
    }
}

#[tokio::test]
async fn what_a_caller_says_of_itself_is_not_in_the_answer() {
    let service = Service::start();
    let mut client = service.client().with_api_key(&token_of("reader"));
    for name in ["tenant", "principal", "issuer", "scopes", "method"] {
        let name: &'static str = format!("x-auth-{name}").leak();
        client = client.with(name, "forged");
    }
    let reply = client.get("/auth/t1").await;
    assert!(!format!("{:?}", reply.headers).contains("forged"), "{reply:?}");
    let refused = client.get("/auth/t1?scope=forged").await;
    assert_eq!((refused.status.as_u16(), told(&refused)), (403, [None; 5]));
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_is_refused_like_anothers() {
    let service = Service::start();
    let of_all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    let of_three = service.client().with_bearer(&service.issuer.token(&["t1", "t3"], &["*"]));
    let mut told = std::collections::HashSet::new();
    for (client, tenant) in [
        (&of_all, "t3"),
        (&of_all, "no%20tenant"),
        (&of_all, "..%2Ft1"),
        (&of_three, "t3"),
        (&of_three, "t2"),
        (&of_three, "-"),
    ] {
        let reply = client.get(&format!("/auth/{tenant}")).await;
        assert_eq!(reply.status, 403, "{tenant}");
        let mut body = reply.json();
        body.as_object_mut().unwrap().remove("requestId");
        told.insert((body.to_string(), reply.header("www-authenticate").to_owned()));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(of_all.get("/auth/t2").await.status, 200);
    assert_eq!(of_all.get("/auth/%742").await.header("x-auth-tenant"), "t2");
}

#[tokio::test]
async fn a_slip_in_a_gateways_settings_lets_nobody_in() {
    let service = Service::start();
    for query in ["scopes=a", "scope=", "scope=a,b%20c", "any", "scope=a&tenant=t2"] {
        let reply = service.admin().get(&format!("/auth/t1?{query}")).await;
        assert_eq!((reply.status.as_u16(), &*reply.problem()), (400, "validation"), "{query}");
        assert_eq!(service.client().get(&format!("/auth/t1?{query}")).await.status, 401);
    }
    for path in ["/auth", "/auth/", "/auth/t1/", "/auth/t1/orders", "/Auth/t1"] {
        assert_eq!(service.admin().get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_key_that_is_deleted_does_not_pass_the_next_time() {
    let service = Service::start();
    let reader = service.client().with_api_key(&token_of("reader"));
    for _ in 0..3 {
        assert_eq!(reader.get("/auth/t1").await.status, 200);
    }
    assert_eq!(service.admin().delete(&key("reader")).await.status, 204);
    assert_eq!(reader.get("/auth/t1").await.status, 401);
    service.replace_document("t1", &document(&[entry("reader", true, &["*"])]));
    assert_eq!(reader.get("/auth/t1").await.status, 200);
    service.replace_document("t1", &document(&[entry("reader", false, &["*"])]));
    assert_eq!(reader.get("/auth/t1").await.status, 401);
}

#[tokio::test]
async fn a_preflight_that_a_gateway_passes_on_lets_nobody_in() {
    let origin = "https://console.example.com";
    let settings = format!("cors:\n  origins: ['{origin}']\n");
    let service = Service::builder().settings(&settings).start();
    for path in ["/auth/t1", "/%61uth/t1"] {
        for (client, expected) in [(service.client(), 401), (service.admin(), 200)] {
            let preflight = client.request("OPTIONS", path).header("origin", origin);
            let preflight = preflight.header("access-control-request-method", "GET").send().await;
            assert_eq!(preflight.status, expected, "{path}");
            assert!(preflight.find_header("access-control-allow-origin").is_none(), "{path}");
        }
    }
}

#[tokio::test]
async fn an_address_that_fails_too_often_is_turned_away_here_too() {
    let settings = "  throttle:\n    failures_per_minute: 3\n    trusted_proxies: [127.0.0.0/8]\n";
    let service = Service::builder().settings(settings).start();
    let from = |address: &str| service.client().with("x-forwarded-for", address);
    let stranger = from("198.51.100.7").with_api_key("guess");
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(stranger.get("/auth/t1").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    let good = from("198.51.100.8").with_api_key(&token_of("reader"));
    assert_eq!(good.get("/auth/t1").await.status, 200);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_lets_nobody_in() {
    let service = Service::builder().tenant("bad", "apiKeys: [").start();
    let of_all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    for client in [of_all, service.client().with_api_key(&token_of("admin"))] {
        let reply = client.get("/auth/bad").await;
        assert_eq!((reply.status.as_u16(), &*reply.problem()), (503, "store-unavailable"));
    }
}

#[tokio::test]
async fn a_new_key_passes_at_once() {
    let service = Service::start();
    let body = json!({"name": "shop", "permissions": ["orders:read", "orders:write"]});
    let created = service.admin().post(crate::KEYS, body).await.json();
    let shop = service.client().with_api_key(created["token"].as_str().unwrap());
    let reply = shop.get("/auth/t1?scope=orders:write&any=x&any=orders:read").await;
    let scopes = Some("orders:read orders:write");
    assert_eq!(told(&reply), [Some("t1"), Some("shop"), Some(""), scopes, Some("api_key")]);
}
