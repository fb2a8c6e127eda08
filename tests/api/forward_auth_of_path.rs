//! The question of gateways that append their caller's path.

use crate::authorization::callers;
use neokeys::domain::Digest;
use neokeys_testkit::{Reply, Service, document, entry, token_of};

const READ: &str = "tenant.apiKey:read";
const WRITE: &str = "tenant.apiKey:write";

/// All of an answer but the request's own name.
fn answer(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let own = ["x-request-id", "date"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let told = headers.map(|(name, it)| (name.to_string(), it.to_str().unwrap().to_owned()));
    let id = reply.header("x-request-id");
    let body = String::from_utf8(reply.body.to_vec()).unwrap().replace(id, "");
    (reply.status.as_u16(), told.collect(), body)
}

#[tokio::test]
async fn everybody_is_answered_as_by_the_question_without_a_path() {
    let service = Service::start();
    for (caller, client) in callers(&service) {
        for (scopes, query) in [
            ("-".to_owned(), String::new()),
            (READ.to_owned(), format!("?scope={READ}")),
            (format!("{READ},{WRITE}"), format!("?scope={READ}&scope={WRITE}")),
        ] {
            for tenant in ["t1", "t2", "nobody"] {
                let plain = client.get(&format!("/auth/{tenant}{query}")).await;
                let path = format!("/auth/{tenant}/for/{scopes}/shops/1?scope=x&any=y");
                assert_eq!(answer(&client.get(&path).await), answer(&plain), "{caller}: {path}");
            }
        }
    }
}

/// Paths that a caller could have a gateway append.
fn hostile() -> Vec<String> {
    let mut paths: Vec<_> = [
        "/",
        "//",
        "///shops",
        "/shops%2f..%2f..",
        "/../../../t2/for/-/",
        "/../-/",
        "/%2e%2e/%2e%2e/for/-/",
        "/..%2f-%2f",
        "/..;/-/",
        "/.;/;x=y",
        "/%5c..%5c..%5c",
        "/for/-/",
        "/auth/t2/for/-/",
        "/shops?scope=tenant.apiKey:read",
        "/?any=tenant.apiKey:read&scope=",
        "/shops?scope=%zz&x",
        "/%00",
        "/%0d%0aX-Auth-Tenant:%20t2",
        "/%ff%fe",
        "/%",
        "/caf%C3%A9",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(format!("/{}", "x".repeat(60_000)));
    paths.push("/a".repeat(15_000));
    paths.push(format!("/?{}", "scope=a&".repeat(5_000)));
    paths
}

#[tokio::test]
async fn what_a_caller_has_appended_changes_nothing() {
    let service = Service::start();
    let reader = service.client().with_api_key(&token_of("reader"));
    let of_other = service.client().with_bearer(&service.issuer.token(&["t2"], &["*"]));
    for path in hostile() {
        let ask = async |client: &neokeys_testkit::Client, scopes: &str| {
            let reply = client.get(&format!("/auth/t1/for/{scopes}{path}")).await;
            (reply.status.as_u16(), reply.find_header("x-auth-tenant").map(str::to_owned))
        };
        assert_eq!(ask(&reader, READ).await, (200, Some("t1".to_owned())), "{path:.60}");
        assert_eq!(ask(&reader, WRITE).await, (403, None), "{path:.60}");
        assert_eq!(ask(&of_other, "-").await, (403, None), "{path:.60}");
        assert_eq!(ask(&service.client(), "-").await, (401, None), "{path:.60}");
    }
}

#[tokio::test]
async fn a_slip_in_the_gateways_part_is_a_400_to_everybody() {
    let service = Service::start();
    let of_all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    let clients = [of_all, service.admin(), service.client()];
    for path in [
        "/auth/t%201/for/-/x",
        "/auth/..%2Ft1/for/-/x",
        "/auth/-/for/-/x",
        "/auth/t1/for/a%20b/x",
        "/auth/t1/for/a,,b/x",
        "/auth/t1/for/a,/x",
        "/auth/t1/for/%zz/x",
        "/auth/t1/for/%2D/x",
        "/auth/t1/for/caf%C3%A9/x",
    ] {
        for client in &clients {
            let reply = client.get(path).await;
            assert_eq!((reply.status.as_u16(), &*reply.problem()), (400, "validation"), "{path}");
            assert!(reply.find_header("x-auth-tenant").is_none());
        }
    }
    for path in ["/auth/t1/for", "/auth/t1/for/", "/auth/t1/for/-", "/auth/t1/for//x"] {
        assert_eq!(clients[0].get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn any_method_is_taken_and_no_body_is_looked_at() {
    let service = Service::start();
    for method in ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        let request = service.admin().request(method, "/auth/t1/for/-/orders");
        let request = request.header("content-type", "image/png").body("{\"not\": read");
        assert_eq!(request.send().await.status, 200, "{method}");
    }
}

/// Every way in that a credential can come by, and whether an API key as a bearer token is taken there.
#[tokio::test]
async fn a_key_as_a_bearer_token_is_taken_by_forward_auth_alone_and_only_if_it_is_set() {
    let token = "nsk_reader";
    let hash = |token: &str| Digest::of(token.as_bytes()).to_hex();
    let ways = [
        ("GET", "/auth/t1", true),
        ("GET", "/auth/t1/for/-/x", true),
        ("GET", "/auth/t2", false),
        ("GET", "/api/t1/admin/apiKeys", false),
        ("GET", "/api/t1/admin/apiKeyDetails", false),
        ("GET", "/api/t1/apiKey", false),
        ("POST", "/api/t1/introspect", false),
    ];
    for on in [false, true] {
        let entry = entry("reader", true, &["*"]);
        let document = document(&[entry.replace(&hash(&token_of("reader")), &hash(token))]);
        let settings = if on { "  keys_as_bearers: true\n" } else { "" };
        let service = Service::builder().tenant("t1", &document).settings(settings).start();
        let key = service.client().with_api_key(token);
        let bearer = service.client().with("authorization", &format!("Bearer {token}"));
        for (method, path, taken) in ways {
            let status = bearer.request(method, path).send().await.status;
            assert_eq!(status == 200, on && taken, "{on} {method} {path}: {status}");
            if !(on && taken) {
                assert_eq!(status, 401, "{on} {method} {path}");
            }
        }
        assert_eq!(key.get("/auth/t1").await.status, 200);
        let both = key.with("authorization", &format!("Bearer {token}"));
        assert_eq!(both.get("/auth/t1").await.status, 401, "a key that came twice");
        let issuer = service.client().with_bearer(&service.issuer.token(&["t1"], &["a"]));
        assert_eq!(issuer.get("/auth/t1?scope=a").await.status, 200);
        if on {
            let reply = bearer.get("/auth/t1").await;
            assert_eq!(reply.header("x-auth-method"), "api_key");
            assert_eq!(reply.header("x-auth-principal"), "reader");
            service.replace_document("t1", "apiKeys: []\n");
            assert_eq!(bearer.get("/auth/t1").await.status, 401);
        }
    }
}
