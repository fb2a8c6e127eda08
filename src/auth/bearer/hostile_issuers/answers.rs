//! What an issuer may answer, at the start and later.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::testing::{
    SIGNERS, TestClock, claims, claims_with, issuer_config, key_set, signer,
};
use super::super::{BearerError, KeySetError, LoadError, SigningAlgorithm};
use super::stub::{Answer, StubIssuer};
use super::{on_demand, verifier_at, verifier_for};

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
        let begun = Instant::now();
        let verifier = verifier_at(&issuer.url("/jwks"), on_demand, TestClock::new()).await;
        let token = signer(SigningAlgorithm::Es256).token(&claims());
        assert_eq!(verifier.verify(&token).await, Err(BearerError::UnknownKey), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
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
    let verifier = verifier_at(&issuer.url("/jwks"), on_demand, clock.clone()).await;
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
                   for localhost, 127.0.0.0/8 and [::1] only)";
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
        let verifier = verifier_for(config, on_demand, TestClock::new()).await;
        let health = &verifier.health()[0];
        let told = health.fault.as_ref().map(ToString::to_string);
        assert_eq!(told.as_deref(), fault, "{document}");
        let token = signer(SigningAlgorithm::Rs256).token(&claims_with(json!({ "iss": name })));
        assert_eq!(verifier.verify(&token).await.is_ok(), fault.is_none(), "{document}");
    }
}
