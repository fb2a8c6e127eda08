//! Introspection of tokens, held against RFC 7662 section by section.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::authorization::callers;
use crate::key;
use neokeys_testkit::{Claims, Client, Issuer, Reply, Service, document, entry, token_of};

const PATH: &str = "/api/t1/introspect";
const FORM: &str = "application/x-www-form-urlencoded";

fn resource_server(service: &Service) -> Client {
    service.client().with_api_key(&token_of("reader"))
}

async fn send(client: &Client, form: &str) -> Reply {
    client.request("POST", PATH).header("content-type", FORM).body(form.to_owned()).send().await
}

async fn ask(client: &Client, token: &str) -> Value {
    let reply = send(client, &format!("token={}", token.replace('+', "%2B"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// Tokens that are valid nowhere, elsewhere, or no more, and what each is.
fn inactive_tokens(service: &Service) -> Vec<(&'static str, String)> {
    let sign = |claims: Claims| service.issuer.sign(&claims);
    let good = || Claims::new(&["t1"], &["*"]);
    let jwt = sign(good());
    vec![
        ("unknown", token_of("nobody")),
        ("unknown, of the shape of ours", format!("nsk_{}", "0".repeat(49))),
        ("disabled", token_of("off")),
        ("another tenant's", token_of("other")),
        ("faulty entry's", token_of("faulty")),
        ("malformed", "not a token".to_owned()),
        ("one character", "x".to_owned()),
        ("too long", "x".repeat(20_000)),
        ("key's name", "reader".to_owned()),
        ("expired JWT", sign(good().expired())),
        ("JWT of another tenant", service.issuer.token(&["t2"], &["*"])),
        ("JWT of no tenant", service.issuer.token(&[], &["*"])),
        ("JWT for another audience", sign(good().with("aud", "https://other.test/"))),
        ("JWT of another issuer", sign(good().with("iss", "https://other.test/"))),
        ("JWT of nobody", sign(good().with("sub", ""))),
        ("JWT, another's key", Issuer::generate().sign(&good())),
        ("JWT, cut short", jwt[..jwt.len() - 4].to_owned()),
        ("JWT with its scheme", format!("Bearer {jwt}")),
    ]
}

/// As [`Service::start`], with an entry that cannot be a key.
fn service() -> Service {
    let faulty = entry("faulty", true, &["*"]).replace("enabled: true", "enabled: maybe");
    let keys = [
        entry("reader", true, &["tenant.apiKey:read"]),
        entry("writer", true, &["tenant.apiKey:write"]),
        entry("admin", true, &["*"]),
        entry("off", false, &["*"]),
        faulty,
    ];
    Service::builder().tenant("t1", &document(&keys)).start()
}

#[tokio::test]
async fn section_2_1_the_request() {
    let service = service();
    let client = resource_server(&service);
    let active = |reply: Reply| reply.json()["active"].clone();
    let known = format!("token={}", token_of("reader"));
    assert_eq!(active(send(&client, &known).await), true);
    // "token_type_hint OPTIONAL"; "an unknown hint is ignored, and the search goes on".
    for hint in ["access_token", "refresh_token", "api_key", ""] {
        let hinted = format!("token_type_hint={hint}&{known}");
        assert_eq!(active(send(&client, &hinted).await), true, "{hint}");
    }
    // "MAY accept other parameters", which RFC 6749 §3.2 lets everybody ignore.
    let more = format!("{known}&resource=x&resource=y&client_secret=z");
    assert_eq!(active(send(&client, &more).await), true);
    let labelled =
        client.request("POST", PATH).header("content-type", format!("{FORM};charset=UTF-8"));
    assert_eq!(active(labelled.body(known.clone()).send().await), true);
    // "token REQUIRED", once (RFC 6749 §3.2).
    for form in ["", "token=", "token_type_hint=access_token", "token=a&token=a"] {
        let reply = send(&client, form).await;
        assert_eq!((reply.status.as_u16(), &*reply.problem()), (400, "validation"), "{form}");
        assert!(reply.json()["errors"]["token"].is_array(), "{form}");
    }
    for label in ["application/json", "multipart/form-data", "text/plain"] {
        let reply = client.request("POST", PATH).header("content-type", label);
        let reply = reply.body(known.clone()).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("accept-post")), (415, FORM));
    }
    let large = send(&client, &format!("token={}", "x".repeat(70_000))).await;
    assert_eq!(large.status, 413);
    // §4: a query would be in logs, so there is no GET.
    for method in ["GET", "PUT", "DELETE"] {
        let reply = client.request(method, &format!("{PATH}?{known}")).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"), "{method}");
    }
}

#[tokio::test]
async fn section_2_1_the_endpoint_demands_authorization() {
    let service = Service::start();
    let mut told = Vec::new();
    for (caller, client) in callers(&service) {
        let list = client.get("/api/t1/admin/apiKeys").await;
        let asked = send(&client, "token=x").await;
        assert_eq!(asked.status, list.status, "{caller}");
        if !asked.status.is_success() {
            assert_eq!(asked.problem(), list.problem(), "{caller}");
            // §2.3: "401 as RFC 6750 has it".
            assert_eq!(asked.header("www-authenticate"), list.header("www-authenticate"));
            let basic = asked.headers.get_all("www-authenticate").iter().nth(1);
            assert_eq!(basic.is_some(), asked.status == 401, "{caller}");
        }
        told.push(asked.status.as_u16());
    }
    assert!([200, 401, 403].iter().all(|status| told.contains(status)), "{told:?}");
    // Before the body is looked at, and before it shows whether a tenant exists.
    assert_eq!(send(&service.client(), "").await.status, 401);
    assert_eq!(send(&service.client().with_api_key(&token_of("writer")), "").await.status, 403);
    let of_all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    let request = of_all.request("POST", "/api/t3/introspect").header("content-type", FORM);
    assert_eq!(request.body("token=x").send().await.problem(), "tenant-not-found");
}

#[tokio::test]
async fn section_2_1_a_client_may_say_its_secret_in_basic() {
    let service = Service::start();
    let basic = |secret: &str| {
        let credentials = STANDARD.encode(format!("gateway:{secret}"));
        service.client().with("authorization", &format!("Basic {credentials}"))
    };
    let form = format!("token={}", token_of("off"));
    assert_eq!(send(&basic(&token_of("reader")), &form).await.json(), json!({"active": false}));
    assert_eq!(send(&basic("token-of-%72eader"), &form).await.status, 200);
    let refused = send(&basic(&token_of("nobody")), &form).await;
    let challenges: Vec<_> = refused.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(refused.status, 401);
    assert_eq!(challenges[1], r#"Basic realm="neokeys""#);
    assert_eq!(send(&basic(&token_of("writer")), &form).await.status, 403);
    // Both at once are a key that came twice.
    let twice = basic(&token_of("reader")).with_api_key(&token_of("reader"));
    assert_eq!(send(&twice, &form).await.status, 401);
    for broken in ["Basic", "Basic !", "Basic Zm9v", "Basic Og=="] {
        let client = service.client().with("authorization", broken);
        assert_eq!(send(&client, &form).await.status, 401, "{broken}");
    }
    // Nowhere else.
    assert_eq!(basic(&token_of("reader")).get("/api/t1/admin/apiKeys").await.status, 401);
    assert_eq!(basic(&token_of("reader")).get("/auth/t1").await.status, 401);
}

#[tokio::test]
async fn section_2_1_a_secret_is_taken_as_it_is_or_encoded_and_for_no_other() {
    let secrets = ["p+q", "100%", "a%2Bb", "k&v", "k=v", "sp ace", "caf\u{e9}", "%", "nsk_plain"];
    let hash = |secret: &str| neokeys::domain::Digest::of(secret.as_bytes()).to_hex();
    let entries = secrets.iter().enumerate().map(|(number, secret)| {
        let (name, of_name) = (format!("n{number}"), hash(&token_of(&format!("n{number}"))));
        entry(&name, true, &["tenant.apiKey:read"]).replace(&of_name, &hash(secret))
    });
    let service = Service::builder().tenant("t1", &document(&entries.collect::<Vec<_>>())).start();
    let status = |password: String| {
        let credentials = STANDARD.encode([b"gateway:", password.as_bytes()].concat());
        let client = service.client().with("authorization", &format!("Basic {credentials}"));
        async move { send(&client, "token=x").await.status.as_u16() }
    };
    let form =
        |secret: &str| form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    for secret in secrets {
        assert_eq!(status(secret.to_owned()).await, 200, "{secret}");
        assert_eq!(status(form(secret)).await, 200, "{secret} in a form");
        let escaped: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(status(escaped).await, 200, "{secret} escaped");
        let other = [
            format!("{secret}&anything"),
            format!("{secret}&{secret}"),
            format!("{secret}="),
            format!("{secret};x"),
            format!("{secret}#x"),
            format!("{secret} "),
            format!(" {secret}"),
            format!("{secret}\0"),
            format!("{}%26anything", form(secret)),
            form(&form(&form(secret))) + "%",
            format!("secret={secret}"),
        ];
        for other in other {
            assert_eq!(status(other.clone()).await, 401, "{other:?} for {secret}");
        }
    }
}

#[tokio::test]
async fn section_2_1_whoever_brings_nothing_is_offered_every_way() {
    let service = Service::start();
    for form in ["token=x", "token=x&client_id=gateway&client_secret=nsk_x", ""] {
        let reply = send(&service.client(), form).await;
        let offered: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(offered, [r#"Bearer realm="neokeys""#, r#"Basic realm="neokeys""#], "{form}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("client_secret_basic"), "{detail}");
        assert!(detail.contains("client_secret_post"), "{detail}");
    }
    let refused = send(&service.client().with_bearer("x"), "token=x").await;
    let offered: Vec<_> = refused.headers.get_all("www-authenticate").iter().collect();
    let invalid = r#"Bearer realm="neokeys", error="invalid_token""#;
    assert_eq!(offered, [invalid, r#"Basic realm="neokeys""#]);
}

#[tokio::test]
async fn section_2_2_an_active_api_key() {
    let service = Service::start();
    let body = json!({"name": "shop", "permissions": ["orders:read", "orders:write"]});
    let created = service.admin().post(crate::KEYS, body).await.json();
    let token = created["token"].as_str().unwrap();
    let reply = send(&resource_server(&service), &format!("token={token}")).await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store, no-transform");
    let expected = json!({
        "active": true,
        "scope": "orders:read orders:write",
        "sub": "shop",
        "client_id": "shop",
        "token_type": "Bearer",
    });
    assert_eq!(reply.json(), expected);
    let labelled = resource_server(&service).request("POST", PATH).header("content-type", FORM);
    let labelled = labelled.header("accept", "text/plain").body(format!("token={token}"));
    assert_eq!(labelled.send().await.header("content-type"), "application/json");
}

#[tokio::test]
async fn section_2_2_an_active_jwt() {
    let service = Service::start();
    let client = resource_server(&service);
    let claims = |audience: Value| {
        Claims::new(&["t1", "t2"], &["a"])
            .with("scope", "b a")
            .with("aud", audience)
            .with("client_id", "console")
            .with("exp", 4_102_444_800.5)
    };
    let expected = |audience: Value| {
        json!({
            "active": true,
            "scope": "a b",
            "sub": "someone",
            "client_id": "console",
            "iss": Issuer::NAME,
            "aud": audience,
            "exp": 4_102_444_800_i64,
            "token_type": "Bearer",
        })
    };
    for (audience, told) in [
        (json!(Issuer::AUDIENCE), json!(Issuer::AUDIENCE)),
        (json!([Issuer::AUDIENCE]), json!(Issuer::AUDIENCE)),
        (json!(["x", Issuer::AUDIENCE]), json!(["x", Issuer::AUDIENCE])),
    ] {
        let token = service.issuer.sign(&claims(audience));
        // The second time it is remembered.
        for _ in 0..2 {
            assert_eq!(ask(&client, &token).await, expected(told.clone()));
        }
    }
    let bare = Claims::new(&["*"], &[]);
    let told = ask(&client, &service.issuer.sign(&bare)).await;
    assert_eq!(told["active"], true);
    for absent in ["scope", "client_id"] {
        assert!(told.get(absent).is_none(), "{told}");
    }
}

#[tokio::test]
async fn section_2_2_whatever_is_not_valid_in_the_tenant_is_inactive_and_no_more() {
    let service = service();
    let client = resource_server(&service);
    let shown = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        headers.remove("date");
        (reply.status, format!("{headers:?}"), reply.body.clone())
    };
    let mut answers = std::collections::HashSet::new();
    for (kind, token) in inactive_tokens(&service) {
        let reply = send(&client, &format!("token={token}")).await;
        assert_eq!(reply.json(), json!({"active": false}), "{kind}");
        answers.insert(shown(&reply));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn section_4_what_is_revoked_is_inactive_with_the_next_request() {
    let service = Service::start();
    let client = service.admin();
    let token = token_of("reader");
    assert_eq!(ask(&client, &token).await["active"], true);
    let disable = json!({"enabled": false, "permissions": ["p"]});
    service.admin().put(&key("reader"), disable).await;
    assert_eq!(ask(&client, &token).await, json!({"active": false}));
    let enable = json!({"enabled": true, "permissions": ["q"]});
    service.admin().put(&key("reader"), enable).await;
    assert_eq!(ask(&client, &token).await["scope"], "q");
    service.admin().delete(&key("reader")).await;
    assert_eq!(ask(&client, &token).await, json!({"active": false}));
}
