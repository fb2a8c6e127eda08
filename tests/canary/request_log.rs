//! The log line of a request: who did what to which key, and from where somebody was refused.

use serde_json::{Value, json};

use crate::server::Server;
use neokeys_testkit::{Claims, Client, Issuer, document, entry, token_of};

const KEYS: &str = "/api/t1/admin/apiKeys";

fn start(log: &str, auth: &str) -> Server {
    let keys = [entry("admin", true, &["*"]), entry("reader", true, &["tenant.apiKey:read"])];
    Server::start_set(&format!("format: json, level: info{log}"), auth, &[("t1", &document(&keys))])
}

/// The lines of requests, by their ids.
fn lines(log: &str) -> impl Fn(&str) -> Value {
    let lines: Vec<Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    move |id: &str| {
        let mut found = lines.iter().filter(|line| line["request.id"] == id);
        let line = found.next().unwrap_or_else(|| panic!("no line of {id}"));
        assert_eq!((&line["message"], found.count()), (&json!("request"), 0), "{line}");
        line.clone()
    }
}

fn named(client: &Client, id: &str) -> Client {
    client.with("x-request-id", id)
}

#[tokio::test]
async fn who_did_what_to_which_key_is_told_whoever_it_was() {
    let server = start("", "");
    let all = server.issuer.sign(&Claims::new(&["*"], &["*"]).with("sub", "ada"));
    let own = server.issuer.sign(&Claims::new(&["t1"], &["*"]).with("sub", "ada"));
    let callers = [
        ("all", server.client().with_bearer(&all)),
        ("own", server.client().with_bearer(&own)),
        ("key", server.client().with_api_key(&token_of("admin"))),
    ];
    for (who, client) in &callers {
        let path = format!("{KEYS}/made-by-{who}");
        let body = json!({"name": format!("made-by-{who}"), "permissions": ["p"]});
        let rights = json!({"enabled": false, "permissions": ["p"]});
        let client = |what: &str| named(client, &format!("{what}-{who}"));
        assert_eq!(client("post").post(KEYS, body.clone()).await.status, 201);
        assert_eq!(client("again").post(KEYS, body).await.status, 409);
        assert_eq!(client("put").put(&path, rights).await.status, 200);
        assert_eq!(client("get").get(&path).await.status, 200);
        assert_eq!(client("list").get(KEYS).await.status, 200);
        assert_eq!(client("delete").delete(&path).await.status, 204);
        assert_eq!(client("gone").delete(&path).await.status, 404);
        client("nowhere").delete("/api/nowhere/admin/apiKeys/x").await;
    }
    let (log, _) = server.end();
    let line = lines(&log);
    for (who, _) in callers {
        let is_key = who == "key";
        for (what, operation, has_key) in [
            ("post", "CreateApiKey", true),
            ("put", "UpdateApiKey", true),
            ("get", "GetApiKey", true),
            ("list", "ListApiKeys", false),
            ("delete", "DeleteApiKey", true),
        ] {
            let line = line(&format!("{what}-{who}"));
            let key = has_key.then(|| json!(format!("made-by-{who}")));
            assert_eq!(line.get("key.name"), key.as_ref(), "{line}");
            assert_eq!(line["tenant.id"], "t1", "{line}");
            assert_eq!(line["operation"], operation, "{line}");
            assert_eq!(line["principal.id"], if is_key { "admin" } else { "ada" }, "{line}");
            let issuer = (!is_key).then(|| json!(Issuer::NAME));
            assert_eq!(line.get("principal.issuer"), issuer.as_ref(), "{line}");
            assert!(line.get("client.address").is_none(), "{line}");
        }
        // What is not there is its caller's own text.
        for what in ["again", "gone", "nowhere"] {
            assert!(line(&format!("{what}-{who}")).get("key.name").is_none(), "{what} {who}");
        }
        assert!(line(&format!("nowhere-{who}")).get("tenant.id").is_none(), "{who}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_the_address_that_it_went_to() {
    let proxied = "  throttle: { failures_per_minute: 2, trusted_proxies: [127.0.0.0/8] }\n";
    for (log, auth, nearest, forwarded, far) in [
        ("", "", "127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("", proxied, "127.0.0.1", "198.51.100.7", "2001:db8::42"),
        (", client_address: false", proxied, "", "", ""),
    ] {
        let server = start(log, auth);
        let reader = server.client().with_api_key(&token_of("reader"));
        let guesser = server.client().with_api_key("guess");
        let from = |client: &Client, address: &str| client.with("x-forwarded-for", address);
        named(&server.client(), "nobody").get(KEYS).await;
        named(&guesser, "near").get(KEYS).await;
        named(&from(&guesser, "not-an-address"), "broken").get(KEYS).await;
        named(&from(&guesser, "[2001:db8::42]:99"), "far").get(KEYS).await;
        for id in ["one", "two", "three"] {
            named(&from(&guesser, "6.6.6.6, 198.51.100.7"), id).get(KEYS).await;
        }
        named(&from(&reader, "198.51.100.8"), "good").get(KEYS).await;
        named(&reader, "lacking").delete(&format!("{KEYS}/reader")).await;
        let (log, _) = server.end();
        let line = lines(&log);
        let address = |id: &str| line(id)["client.address"].as_str().unwrap_or_default().to_owned();
        for (id, expected) in [
            ("nobody", nearest),
            ("near", nearest),
            ("broken", nearest),
            ("lacking", nearest),
            ("far", far),
            ("one", forwarded),
            ("three", forwarded),
            ("good", ""),
        ] {
            assert_eq!(address(id), expected, "{id} {auth}");
        }
        let third = if auth.is_empty() { 401 } else { 429 };
        assert_eq!(line("three")["http.status"], third);
        assert!(!log.contains("not-an-address") && !log.contains("6.6.6.6"), "{log}");
    }
}

#[tokio::test]
async fn of_two_issuers_the_line_says_whose_word_it_was() {
    let server = start("", "");
    let token = server.issuer.sign(&Claims::new(&["t1"], &["*"]).with("sub", "developer"));
    let mut server = server;
    let developer = server.said("Bearer token:");
    named(&server.client().with_bearer(&token), "one").get(KEYS).await;
    named(&server.client().with_bearer(&developer), "other").get("/api/demo/admin/apiKeys").await;
    let origin = server.origin.clone();
    let (log, _) = server.end();
    let line = lines(&log);
    let who = |id: &str| [line(id)["principal.id"].clone(), line(id)["principal.issuer"].clone()];
    assert_eq!(who("one"), ["developer", Issuer::NAME]);
    let [id, issuer] = who("other");
    assert_eq!(id, "developer");
    assert!(issuer.as_str().unwrap().starts_with(&origin), "{issuer}");
}
