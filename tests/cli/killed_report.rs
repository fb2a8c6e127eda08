//! A service that is killed in the middle of the work on a report of leaked tokens.

use std::fs;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use neokeys_testkit::workplace::Workplace;
use neokeys_testkit::{document, entry, token_of};
use serde_json::{Value, json};

const TENANTS: usize = 150;

/// Sends a report; gives its labels if it was answered.
async fn report(origin: String, signature: String, body: String) -> Option<Value> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{origin}/leaks/github"));
    let request = request.header("content-type", "application/json");
    let request = request.header("github-public-key-identifier", "k");
    let request = request.header("github-public-key-signature", signature);
    let reply = request.body(body).send().await.ok()?;
    assert_eq!(reply.status(), 200);
    serde_json::from_slice(&reply.bytes().await.ok()?).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_was_cut_off_leaves_whole_documents_and_is_finished_by_its_repetition() {
    let place = Workplace::new();
    let name = |tenant: usize| format!("shop-{tenant}");
    let file = |tenant: usize| format!("data/{}/security.yml", name(tenant));
    for tenant in 0..TENANTS {
        fs::create_dir_all(place.path(&format!("data/{}", name(tenant)))).unwrap();
        place.write(&file(tenant), &document(&[entry(&name(tenant), true, &["x"])]));
    }
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let der = STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
    let published = json!({"public_keys": [{"key_identifier": "k", "key": pem}]});
    place.write("keys.json", &published.to_string());
    place.write("neokeys.yml", "leaks: { github: { token_type: t, keys: 'file:keys.json' } }\n");
    let found = |tenant| json!({"token": token_of(&name(tenant)), "type": "t", "url": "u"});
    let body = Value::from((0..TENANTS).map(found).collect::<Vec<_>>()).to_string();
    let signature = STANDARD.encode(key.sign(&SystemRandom::new(), body.as_bytes()).unwrap());
    let ended = || {
        let is_ended = |tenant: &usize| place.read(&file(*tenant)).contains("enabled: false");
        (0..TENANTS).filter(is_ended).count()
    };

    let server = place.serve(&[]);
    let origin = server.origin().to_owned();
    let asked = tokio::spawn(report(origin, signature.clone(), body.clone()));
    let deadline = Instant::now() + Duration::from_secs(120);
    while ended() == 0 {
        assert!(Instant::now() < deadline, "no token is ended");
        tokio::task::yield_now().await;
    }
    drop(server);
    let answer = asked.await.unwrap();
    let before = ended();
    assert!(answer.is_none() && before < TENANTS, "it was not cut off: {before} {answer:?}");
    // Every document is whole; lines that the log got before its head are for the next start to count in.
    let findings: Value = serde_json::from_str(&place.run(&["check", "--json"]).results).unwrap();
    let is_of_log = |it: &Value| it["file"].as_str().unwrap().starts_with("data/.neokeys/audit/");
    assert!(findings.as_array().unwrap().iter().all(is_of_log), "{findings}");

    let server = place.serve(&[]);
    for _ in 0..2 {
        let origin = server.origin().to_owned();
        let answer = report(origin, signature.clone(), body.clone()).await.unwrap();
        let labels = answer.as_array().unwrap().iter().map(|it| &it["label"]);
        assert!(labels.eq(std::iter::repeat_n("true_positive", TENANTS)), "{answer}");
        assert_eq!(ended(), TENANTS);
    }
    drop(server);
    place.run(&["check"]).done();
}
