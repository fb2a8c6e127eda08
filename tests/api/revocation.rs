//! The end of a token by whoever holds it, held against RFC 7009.

use serde_json::json;

use crate::KEYS;
use neokeys_testkit::{Client, Reply, Service, token_of};

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(client: &Client, tenant: &str, form: &str) -> Reply {
    let path = format!("/api/{tenant}/revoke");
    client.request("POST", &path).header("content-type", FORM).body(form.to_owned()).send().await
}

/// Status, headers and body, but for what every answer has of its own.
fn told(reply: &Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let own = ["x-request-id", "date"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers = headers.map(|(name, it)| (name.to_string(), it.to_str().unwrap().to_owned()));
    (reply.status.as_u16(), headers.collect(), reply.body.to_vec())
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_the_token_was() {
    let service = Service::start();
    let nobody = service.client();
    let jwt = service.issuer.token(&["t1"], &["*"]);
    let expected = told(&send(&nobody, "t1", &format!("token={}", token_of("reader"))).await);
    assert_eq!((expected.0, &expected.2[..]), (200, &[][..]));
    let long = "x".repeat(20_000);
    for (tenant, token) in [
        ("t1", token_of("reader")),
        ("t1", token_of("off")),
        ("t1", token_of("nobody")),
        ("t1", token_of("other")),
        ("t2", token_of("admin")),
        ("nowhere", token_of("admin")),
        ("..%2Ft1", token_of("admin")),
        ("no%20tenant", token_of("admin")),
        ("t1", long),
        ("t1", jwt.clone()),
        ("t1", "admin".to_owned()),
    ] {
        let reply = send(&nobody, tenant, &format!("token={token}")).await;
        assert_eq!(told(&reply), expected, "{tenant} {token:.20}");
    }
    // Nobody else's key was touched, and a bearer token is as it was.
    let admin = service.client().with_api_key(&token_of("admin"));
    assert_eq!(admin.get(KEYS).await.status, 200);
    assert_eq!(service.client().with_bearer(&jwt).get(KEYS).await.status, 200);
    let other = service.client().with_api_key(&token_of("other"));
    assert_eq!(other.get("/api/t2/apiKey").await.status, 200);
}

#[tokio::test]
async fn a_key_is_disabled_by_its_newest_token_when_the_answer_leaves() {
    let service = Service::start();
    let reader = service.client().with_api_key(&token_of("reader"));
    assert_eq!(reader.get(KEYS).await.status, 200);
    let form = format!("token={}&reason=found+in+a+log", token_of("reader"));
    assert_eq!(send(&service.client(), "t1", &form).await.status, 200);
    assert_eq!(reader.get(KEYS).await.status, 401);
    assert_eq!(reader.get("/auth/t1").await.status, 401);
    let shown = service.admin().get(&format!("{KEYS}/reader")).await.json();
    assert_eq!(shown["enabled"], false);
    let events = service.admin().get("/api/t1/admin/audit/events?key=reader").await.json();
    let event = &events["items"][0];
    let told = (&event["activity_name"], &event["comment"], &event["actor"]["user"]["name"]);
    assert_eq!(told, (&json!("Disable"), &json!("found in a log"), &json!("reader")), "{events}");
    assert_eq!(send(&service.client(), "t1", &form).await.status, 200);
}

#[tokio::test]
async fn an_older_token_ends_alone() {
    let service = Service::start();
    let admin = service.admin();
    let rotate = "/api/t1/admin/apiKeyDetails/reader/rotate";
    let rotated = admin.post(rotate, json!({"overlapSeconds": 3600})).await.json();
    let new = service.client().with_api_key(rotated["token"].as_str().unwrap());
    let old = service.client().with_api_key(&token_of("reader"));
    assert_eq!(
        (old.get(KEYS).await.status, new.get(KEYS).await.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let form = format!("token={}", token_of("reader"));
    assert_eq!(send(&service.client(), "t1", &form).await.status, 200);
    assert_eq!(old.get(KEYS).await.status, 401);
    assert_eq!(new.get(KEYS).await.status, 200);
    let details = admin.get("/api/t1/admin/apiKeyDetails/reader").await.json();
    assert_eq!(details["enabled"], true);
    assert_eq!(details.get("previousTokens"), None);
}

#[tokio::test]
async fn to_end_a_token_is_no_use_of_its_key() {
    let service = Service::start();
    send(&service.client(), "t1", &format!("token={}", token_of("writer"))).await;
    let details = service.admin().get("/api/t1/admin/apiKeyDetails/writer").await.json();
    assert_eq!((details.get("lastUsedAt"), &details["enabled"]), (None, &json!(false)));
}

#[tokio::test]
async fn a_form_that_cannot_be_read_ends_nothing() {
    let service = Service::start();
    let token = token_of("reader");
    for form in [String::new(), "token=".to_owned(), format!("token={token}&token={token}")] {
        let reply = send(&service.client(), "t1", &form).await;
        assert_eq!((reply.status.as_u16(), &*reply.problem()), (400, "validation"), "{form}");
    }
    let path = "/api/t1/revoke";
    let labelled = service.client().request("POST", path).header("content-type", "text/plain");
    let reply = labelled.body(format!("token={token}")).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("accept-post")), (415, FORM));
    for method in ["GET", "PUT", "DELETE"] {
        let query = format!("{path}?token={token}");
        let reply = service.client().request(method, &query).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"), "{method}");
    }
    assert_eq!(service.client().with_api_key(&token).get(KEYS).await.status, 200);
}

#[tokio::test]
async fn guesses_are_slowed_down_as_bad_credentials_are() {
    let settings = "  throttle:\n    failures_per_minute: 3\n    trusted_proxies: [127.0.0.0/8]\n";
    let service = Service::builder().settings(settings).start();
    let from = |address: &str| service.client().with("x-forwarded-for", address);
    let guesser = from("198.51.100.7");
    let mut statuses = Vec::new();
    for (tenant, token) in [("t1", "a"), ("nowhere", "b"), ("no%20tenant", "c"), ("t1", "d")] {
        statuses.push(send(&guesser, tenant, &format!("token={token}")).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    let good = format!("token={}", token_of("reader"));
    assert_eq!(send(&guesser, "t1", &good).await.status, 429);
    assert_eq!(guesser.with_api_key(&token_of("reader")).get(KEYS).await.status, 429);
    for _ in 0..6 {
        assert_eq!(send(&from("198.51.100.8"), "t1", &good).await.status, 200);
    }
}

#[tokio::test]
async fn where_the_keys_cannot_be_read_nobody_is_told_that_a_token_ended() {
    let service = Service::builder().tenant("bad", "apiKeys: [").start();
    let reply = send(&service.client(), "bad", "token=x").await;
    assert_eq!((reply.status.as_u16(), &*reply.problem()), (503, "store-unavailable"));
}
