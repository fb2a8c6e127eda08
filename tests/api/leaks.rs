//! Reports of leaked tokens, by GitHub's secret scanning partner protocol.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use neokeys::domain::Digest;
use serde_json::{Value, json};

use crate::KEYS;
use neokeys_testkit::{Reply, Service, document, entry, token_of};

const PATH: &str = "/leaks/github";

/// A reporter with a key of its own, and a service that knows it.
struct Reporter {
    key: EcdsaKeyPair,
    service: Service,
    _folder: tempfile::TempDir,
}

impl Reporter {
    #[expect(clippy::disallowed_methods, reason = "a test's file need not outlive a power cut")]
    fn start(action: &str, tenants: usize) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let published = json!({"key_identifier": "k1", "key": pem, "is_current": true});
        std::fs::write(&file, json!({"public_keys": [published]}).to_string()).unwrap();
        let settings = format!(
            "leaks:\n  action: {action}\n  github: {{ token_type: nsk, keys: 'file:{}' }}\n",
            file.display()
        );
        let mut builder = Service::builder().settings(&settings);
        for tenant in 0..tenants {
            let name = format!("shop-{tenant}");
            builder = builder.tenant(&name, &document(&[entry(&name, true, &["orders:read"])]));
        }
        Self { key, service: builder.start(), _folder: folder }
    }

    fn sign(&self, body: &str) -> String {
        STANDARD.encode(self.key.sign(&SystemRandom::new(), body.as_bytes()).unwrap())
    }

    async fn send(&self, id: &str, signature: &str, body: &str) -> Reply {
        let request = self.service.client().request("POST", PATH);
        let request = request.header("content-type", "application/json");
        let request = request.header("github-public-key-identifier", id);
        request.header("github-public-key-signature", signature).body(body.to_owned()).send().await
    }

    async fn report(&self, matches: &Value) -> Reply {
        let body = matches.to_string();
        self.send("k1", &self.sign(&body), &body).await
    }

    async fn status_of(&self, key: &str) -> u16 {
        let client = self.service.client().with_api_key(&token_of(key));
        client.get("/api/t1/apiKey").await.status.as_u16()
    }
}

fn found(token: &str) -> Value {
    json!({"token": token, "type": "nsk", "url": "https://github.com/a/b", "source": "Commit"})
}

fn label(token: &str, label: &str) -> Value {
    let hash = Digest::of(token.as_bytes()).to_hex();
    json!({"token_hash": hash, "token_type": "nsk", "label": label})
}

#[tokio::test]
async fn a_reported_token_has_ended_when_the_answer_leaves_and_a_replay_changes_nothing() {
    let reporter = Reporter::start("disable", 0);
    let (reader, other) = (token_of("reader"), token_of("other"));
    let matches =
        json!([found(&reader), found("none"), found(&other), {"token": "x", "type": "nsk"}]);
    for _ in 0..2 {
        let reply = reporter.report(&matches).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let told = [
            label(&reader, "true_positive"),
            label("none", "false_positive"),
            label(&other, "true_positive"),
            label("x", "false_positive"),
        ];
        assert_eq!(reply.json(), Value::from(told.to_vec()));
        assert!(!reply.text().contains(&reader), "no answer has a token");
        assert_eq!(reporter.status_of("reader").await, 401);
        assert_eq!(reporter.status_of("writer").await, 200);
    }
    let other = reporter.service.client().with_api_key(&other);
    assert_eq!(other.get("/api/t2/apiKey").await.status, 401);
    let admin = reporter.service.admin();
    assert_eq!(admin.get(&format!("{KEYS}/reader")).await.json()["enabled"], false);
    let details = admin.get("/api/t1/admin/apiKeyDetails/reader").await.json();
    assert_eq!(details.get("lastUsedAt"), None, "to be reported is no use");
    let events = admin.get("/api/t1/admin/audit/events?key=reader").await.json();
    let event = &events["items"][0];
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
    assert_eq!(event["actor"]["user"]["name"], "github-secret-scanning", "{event}");
    assert_eq!(event["comment"], "a report of leaked tokens", "{event}");
    assert_eq!(event["entity"]["data"]["foundAt"], "commit https://github.com/a/b", "{event}");
}

#[tokio::test]
async fn an_older_token_that_leaked_ends_alone() {
    let reporter = Reporter::start("disable", 0);
    let admin = reporter.service.admin();
    let rotate = "/api/t1/admin/apiKeyDetails/reader/rotate";
    let rotated = admin.post(rotate, json!({"overlapSeconds": 3600})).await.json();
    let reader = token_of("reader");
    assert_eq!(reporter.status_of("reader").await, 200);
    let reply = reporter.report(&json!([found(&reader)])).await;
    assert_eq!(reply.json(), json!([label(&reader, "true_positive")]));
    assert_eq!(reporter.status_of("reader").await, 401);
    let new = reporter.service.client().with_api_key(rotated["token"].as_str().unwrap());
    assert_eq!(new.get("/api/t1/apiKey").await.status, 200);
}

#[tokio::test]
async fn a_deployment_that_only_reports_ends_nothing_and_another_type_is_not_looked_at() {
    let reader = token_of("reader");
    let reporter = Reporter::start("report", 0);
    let reply = reporter.report(&json!([found(&reader)])).await;
    assert_eq!(reply.json(), json!([label(&reader, "true_positive")]));
    assert_eq!(reporter.status_of("reader").await, 200);
    let reporter = Reporter::start("disable", 0);
    let reply = reporter.report(&json!([{"token": reader, "type": "another"}])).await;
    assert_eq!(reply.json()[0]["label"], "false_positive");
    assert_eq!(reporter.status_of("reader").await, 200);
}

#[tokio::test]
async fn what_is_not_signed_as_it_came_has_no_effect() {
    let reporter = Reporter::start("disable", 0);
    let body = json!([found(&token_of("reader"))]).to_string();
    let other = json!([found(&token_of("writer"))]).to_string();
    let good = reporter.sign(&body);
    for (id, signature, body) in [
        ("k1", good.as_str(), format!("{body}\n")),
        ("k1", good.as_str(), other.clone()),
        ("k2", good.as_str(), body.clone()),
        ("k1", "", body.clone()),
        ("k1", "!", body.clone()),
        ("k1", &reporter.sign(&other), body.clone()),
    ] {
        let reply = reporter.send(id, signature, &body).await;
        assert_eq!((reply.status.as_u16(), &*reply.problem()), (400, "validation"), "{id} {body}");
    }
    for body in ["{", "{}", "[1]", "[{}]", r#"[{"token": 1, "type": "nsk"}]"#] {
        let reply = reporter.send("k1", &reporter.sign(body), body).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    let many: Vec<_> = (0..1_001).map(|place| found(&place.to_string())).collect();
    assert_eq!(reporter.report(&many.into()).await.status, 400);
    let large = format!("[{}", " ".repeat(1024 * 1024));
    assert_eq!(reporter.send("k1", &good, &large).await.status, 413);
    assert_eq!(reporter.status_of("reader").await, 200);
    assert_eq!(reporter.status_of("writer").await, 200);
}

#[tokio::test]
async fn a_thousand_matches_are_found_among_many_tenants() {
    let reporter = Reporter::start("disable", 150);
    let tokens: Vec<_> = (0..1_000).map(|place| token_of(&format!("shop-{place}"))).collect();
    let matches: Vec<_> = tokens.iter().map(|token| found(token)).collect();
    let reply = reporter.report(&matches.into()).await;
    let expected = tokens.iter().enumerate().map(|(place, token)| {
        label(token, if place < 150 { "true_positive" } else { "false_positive" })
    });
    assert_eq!(reply.json(), expected.collect::<Value>());
    for tenant in [0, 77, 149] {
        let name = format!("shop-{tenant}");
        let client = reporter.service.client().with_api_key(&token_of(&name));
        assert_eq!(client.get(&format!("/api/{name}/apiKey")).await.status, 401);
    }
}

#[tokio::test]
async fn no_report_is_taken_unless_it_is_set() {
    let service = Service::start();
    let client = neokeys_testkit::Client::of_another(service.origin());
    assert_eq!(client.post(PATH, json!([])).await.status, 404);
}
