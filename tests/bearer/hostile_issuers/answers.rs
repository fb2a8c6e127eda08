//! Answers of an issuer, at the start and later.

use std::sync::Arc;

use serde_json::json;

use super::stub::{Answer, StubIssuer};
use super::{ON_DEMAND, verifier_at, verifier_for};
use crate::{claims, claims_with, issuer_config, known};
use neokeys::auth::bearer::{
    BearerError, BearerVerifier, IssuerConfig, KeySetError, LoadError, SigningAlgorithm,
};
use neokeys_testkit::clock::TestClock;
use neokeys_testkit::signer::{SIGNERS, key_set, signer};

/// The fault that each answer is told as, as text.
fn hostile_answers() -> Vec<(&'static str, Answer, String)> {
    let keys = key_set(SIGNERS.iter()).to_string();
    let status = |status| LoadError::Status(status).to_string();
    let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; 100_000].join(","));
    let html = "<!doctype html><title>Sign in</title>".to_owned();
    let key_set = |error: KeySetError| error.to_string();
    vec![
        ("redirect", Answer::Redirect("/good".into()), status(302)),
        ("redirect elsewhere", Answer::Redirect("https://127.0.0.1:1/".into()), status(302)),
        ("endless", Answer::Endless, LoadError::TooLarge.to_string()),
        ("dripping", Answer::Dripping, "the issuer does not answer".into()),
        ("slammed", Answer::Slammed, "the issuer does not answer".into()),
        ("compressed", Answer::Compressed(keys.clone()), LoadError::Encoded.to_string()),
        ("many keys", Answer::Text(many), key_set(KeySetError::TooManyKeys)),
        ("HTML", Answer::Text(html), key_set(KeySetError::NotJson)),
        ("nothing", Answer::Text(String::new()), key_set(KeySetError::NotJson)),
        ("half", Answer::Text(keys[..keys.len() / 2].into()), key_set(KeySetError::NotJson)),
        ("two", Answer::Text(format!("{keys}{keys}")), key_set(KeySetError::NotJson)),
        ("no keys", Answer::Text("{}".into()), key_set(KeySetError::NoKeys)),
        ("a bomb", Answer::Text("[".repeat(900_000)), key_set(KeySetError::NotJson)),
    ]
}

#[tokio::test]
async fn a_hostile_answer_lets_nobody_in_and_is_told_to_readiness() {
    let issuer = StubIssuer::start();
    issuer.answer("/good", Answer::json(&key_set(SIGNERS.iter())));
    for (name, answer, fault) in hostile_answers() {
        issuer.answer("/jwks", answer);
        let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, TestClock::new()).await;
        let token = signer(SigningAlgorithm::Es256).token(&claims());
        assert_eq!(verifier.verify(&token).await, Err(BearerError::UnknownKey), "{name}");
        let health = &verifier.health()[0];
        assert!(!health.is_good() && health.keys == 0, "{name}");
        assert_eq!(health.fault.as_ref().unwrap().to_string(), fault, "{name}");
    }
    assert_eq!(issuer.requests("/good"), 0, "a redirect was followed");
}

#[tokio::test]
async fn a_hostile_answer_stops_nothing_that_worked() {
    let issuer = StubIssuer::start();
    let clock = TestClock::new();
    let good = Answer::json(&key_set(SIGNERS.iter()));
    issuer.answer("/jwks", good.clone());
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, Arc::clone(&clock)).await;
    let signer = signer(SigningAlgorithm::Es256);
    let (known, mut header) = (signer.token(&claims()), signer.header());
    header["kid"] = "unknown".into();
    let unknown = signer.sign(&header, &claims());
    for (name, answer, fault) in hostile_answers() {
        issuer.answer("/jwks", answer);
        clock.advance(10);
        assert_eq!(verifier.verify(&unknown).await, Err(BearerError::UnknownKey), "{name}");
        let health = &verifier.health()[0];
        assert_eq!(health.fault.as_ref().unwrap().to_string(), fault, "{name}");
        assert!(!health.is_good() && health.keys == SIGNERS.len(), "{name}");
        assert!(verifier.verify(&known).await.is_ok(), "{name}");
    }
    issuer.answer("/jwks", good);
    clock.advance(10);
    assert_eq!(verifier.verify(&unknown).await, Err(BearerError::UnknownKey));
    assert!(verifier.health()[0].is_good());
}

#[tokio::test]
async fn keys_are_discovered_at_an_issuer_that_names_itself() {
    let issuer = StubIssuer::start();
    issuer.answer("/jwks", Answer::json(&key_set(SIGNERS.iter())));
    let (name, jwks) = (issuer.url("/realms/a/"), issuer.url("/jwks"));
    let wrong = LoadError::OtherIssuer.to_string();
    let address = "the \"jwks_uri\" of the discovery document must be an https URL (http is taken \
                   for localhost, 127.0.0.0/8 and [::1], and for the host that the issuer's \
                   http_host names)";
    for (document, fault) in [
        (json!({ "issuer": name, "jwks_uri": jwks }), None),
        (json!({ "issuer": issuer.url("/realms/a"), "jwks_uri": jwks }), Some(&*wrong)),
        (json!({ "issuer": issuer.url("/realms/b/"), "jwks_uri": jwks }), Some(&*wrong)),
        (json!({ "issuer": null, "jwks_uri": jwks }), Some(&*wrong)),
        (json!({ "jwks_uri": jwks }), Some(&*wrong)),
        (json!({ "issuer": name }), Some("the discovery document has no \"jwks_uri\"")),
        (json!({ "issuer": name, "jwks_uri": "http://keys.example/" }), Some(address)),
        (json!({ "issuer": name, "jwks_uri": "file:///etc/passwd" }), Some(address)),
        (json!([]), Some("the discovery document is not one JSON object")),
    ] {
        let well_known = "/realms/a/.well-known/openid-configuration";
        issuer.answer(well_known, Answer::json(&document));
        let mut config = issuer_config();
        config.issuer.clone_from(&name);
        let verifier = verifier_for(config, ON_DEMAND, TestClock::new()).await;
        let health = &verifier.health()[0];
        let told = health.fault.as_ref().map(ToString::to_string);
        assert_eq!(told.as_deref(), fault, "{document}");
        let token = signer(SigningAlgorithm::Rs256).token(&claims_with(json!({ "iss": name })));
        assert_eq!(verifier.verify(&token).await.is_ok(), fault.is_none(), "{document}");
    }
}

#[tokio::test]
async fn a_mark_before_an_answer_is_passed_over_and_none_is_asked_for_compressed() {
    let issuer = StubIssuer::start();
    let name = issuer.url("/realms/a");
    let document = json!({ "issuer": name, "jwks_uri": issuer.url("/jwks") });
    let marked = |value: &serde_json::Value| Answer::Text(format!("\u{feff}{value}"));
    issuer.answer("/realms/a/.well-known/openid-configuration", marked(&document));
    issuer.answer("/jwks", marked(&key_set(SIGNERS.iter())));
    let mut config = issuer_config();
    config.issuer.clone_from(&name);
    let verifier = verifier_for(config, ON_DEMAND, TestClock::new()).await;
    let token = signer(SigningAlgorithm::EdDsa).token(&claims_with(json!({ "iss": name })));
    assert!(verifier.verify(&token).await.is_ok());
    let heads = issuer.heads();
    assert_eq!(heads.len(), 2);
    assert!(heads.iter().all(|it| it.contains("\r\naccept-encoding: identity\r\n")), "{heads:?}");
}

#[tokio::test]
async fn a_token_may_name_its_algorithm_by_either_name() {
    let issuer = StubIssuer::start();
    let signer = signer(SigningAlgorithm::EdDsa);
    for (published, named) in
        [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA"), ("Ed25519", "Ed25519"), ("EdDSA", "EdDSA")]
    {
        let mut key = signer.jwk();
        key["alg"] = published.into();
        issuer.answer("/jwks", Answer::json(&json!({ "keys": [key] })));
        let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, TestClock::new()).await;
        let mut header = signer.header();
        header["alg"] = named.into();
        let verdict = verifier.verify(&signer.sign(&header, &claims())).await;
        assert!(verdict.is_ok(), "{published} {named}: {verdict:?}");
    }
}

/// Keys over `http`: 0.0.0.0 is this machine too, and no loopback host by its name.
#[tokio::test]
async fn keys_come_over_http_from_the_host_that_is_named_for_it() {
    let issuer = StubIssuer::start();
    let far = |path: &str| issuer.url(path).replace("127.0.0.1", "0.0.0.0");
    let host = far("").trim_start_matches("http://").to_owned();
    issuer.answer("/jwks", Answer::json(&key_set(SIGNERS.iter())));
    let token =
        |name: &str| signer(SigningAlgorithm::Es256).token(&claims_with(json!({ "iss": name })));
    let mut config = issuer_config();
    config.jwks = Some(far("/jwks"));
    let is_refused = async |config: &IssuerConfig| {
        BearerVerifier::open(known(config.clone()), TestClock::new()).await.is_err()
    };
    assert!(is_refused(&config).await);
    config.http_host = Some("0.0.0.0:1".to_owned());
    assert!(is_refused(&config).await);
    for host in [host.as_str(), "0.0.0.0"] {
        config.http_host = Some(host.to_owned());
        let verifier = verifier_for(config.clone(), ON_DEMAND, TestClock::new()).await;
        assert!(verifier.verify(&token(&config.issuer)).await.is_ok(), "{host}");
    }
    // By discovery too, and only from that host.
    config.jwks = None;
    config.issuer = far("/realms/a");
    config.http_host = Some(host);
    for (jwks, is_taken) in [
        (far("/jwks"), true),
        ("http://keys.example/".to_owned(), false),
        (far("/jwks").replace("0.0.0.0", "0.0.0.1"), false),
    ] {
        let document = json!({ "issuer": config.issuer, "jwks_uri": jwks });
        issuer.answer("/realms/a/.well-known/openid-configuration", Answer::json(&document));
        let verifier = verifier_for(config.clone(), ON_DEMAND, TestClock::new()).await;
        let verdict = verifier.verify(&token(&config.issuer)).await;
        assert_eq!(verdict.is_ok(), is_taken, "{jwks}");
    }
}
