//! The tokens that the verifier takes, and for whom.

use std::sync::Arc;

use neokeys::auth::bearer::{
    BearerConfig, BearerError, BearerVerifier, FixedIssuer, SigningAlgorithm,
};
use neokeys::auth::{Method, Tenants};
use neokeys::domain::TenantId;
use neokeys_testkit::clock::{NOW, TestClock};
use neokeys_testkit::signer::{AUDIENCE, ISSUER, SIGNERS, Signer, key_set, signer};
use serde_json::json;

use crate::{claims, claims_with, issuer_config, verdict, verifier_of};

#[tokio::test]
async fn a_token_of_every_algorithm_names_its_caller() {
    for signer in SIGNERS.iter() {
        let principal = verdict(&signer.token(&claims())).await.unwrap();
        assert_eq!(principal.method, Method::Bearer);
        assert_eq!(principal.subject.as_str(), "user-1");
        assert_eq!(principal.tenants, Tenants::These([TenantId::parse("demo").unwrap()].into()));
        assert!(principal.scopes.grant("tenant.apiKey:read"));
        assert!(!principal.scopes.grant("tenant.apiKey:write"));
    }
}

#[tokio::test]
async fn a_token_without_kid_needs_exactly_one_fitting_key() {
    let rsa = signer(SigningAlgorithm::Rs256);
    let token = rsa.sign(&json!({ "alg": "RS256" }), &claims());
    let clock = TestClock::new;
    let one = verifier_of(issuer_config(), key_set(SIGNERS.iter()), clock()).await;
    assert!(one.verify(&token).await.is_ok());
    let mut second = signer(SigningAlgorithm::Ps256).jwk();
    second["alg"] = "RS256".into();
    let keys = json!({ "keys": [rsa.jwk(), second] });
    let two = verifier_of(issuer_config(), keys, clock()).await;
    assert_eq!(two.verify(&token).await, Err(BearerError::AmbiguousKey));
    let keys = key_set([signer(SigningAlgorithm::Es256)]);
    let none = verifier_of(issuer_config(), keys, clock()).await;
    assert_eq!(none.verify(&token).await, Err(BearerError::UnknownKey));
}

#[tokio::test]
async fn time_is_judged_with_thirty_seconds_of_leeway() {
    let clock = TestClock::new();
    let verifier = verifier_of(issuer_config(), key_set(SIGNERS.iter()), Arc::clone(&clock)).await;
    let signer = signer(SigningAlgorithm::Es256);
    let token = signer.token(&claims_with(json!({ "nbf": NOW, "exp": NOW + 100 })));
    for (time, expected) in [
        (NOW - 31, Some(BearerError::NotYetValid)),
        (NOW - 30, None),
        (NOW, None),
        (NOW + 129, None),
        (NOW + 130, Some(BearerError::Expired)),
    ] {
        clock.set(time);
        assert_eq!(verifier.verify(&token).await.err(), expected, "{time}");
    }
}

#[tokio::test]
async fn an_issuers_settings_bind_its_tokens() {
    let signer = signer(SigningAlgorithm::Es256);
    let keys = key_set(SIGNERS.iter());
    let mut config = issuer_config();
    config.algorithms = vec![SigningAlgorithm::Rs256];
    let verifier = verifier_of(config, keys.clone(), TestClock::new()).await;
    let refused = verifier.verify(&signer.token(&claims())).await;
    assert_eq!(refused, Err(BearerError::AlgorithmNotAllowed));

    let mut config = issuer_config();
    config.access_tokens_only = true;
    let verifier = verifier_of(config, keys, TestClock::new()).await;
    let refused = verifier.verify(&signer.token(&claims())).await;
    assert_eq!(refused, Err(BearerError::WrongType));
    let mut header = signer.header();
    header["typ"] = "at+jwt".into();
    assert!(verifier.verify(&signer.sign(&header, &claims())).await.is_ok());
}

#[tokio::test]
async fn issuers_are_told_apart_and_told_to_readiness() {
    let other = Signer::generate(SigningAlgorithm::EdDsa, "k-EdDSA");
    let mut second = issuer_config();
    second.issuer = "https://issuer.example".to_owned();
    let fixed = vec![
        FixedIssuer { config: issuer_config(), keys: key_set(SIGNERS.iter()) },
        FixedIssuer { config: second, keys: key_set([&other]) },
    ];
    let config = BearerConfig::default();
    let verifier = BearerVerifier::open_with(config, fixed, TestClock::new()).await.unwrap();
    assert!(verifier.verify(&signer(SigningAlgorithm::EdDsa).token(&claims())).await.is_ok());
    let refused = verifier.verify(&other.token(&claims())).await;
    assert_eq!(refused, Err(BearerError::BadSignature));
    let own = claims_with(json!({ "iss": "https://issuer.example" }));
    assert!(verifier.verify(&other.token(&own)).await.is_ok());
    let health: Vec<_> =
        verifier.health().into_iter().map(|one| (one.is_good(), one.issuer, one.keys)).collect();
    assert_eq!(health[0], (true, ISSUER.to_owned(), 4));
    assert_eq!(health[1], (true, "https://issuer.example".to_owned(), 1));
    assert_ne!(ISSUER, AUDIENCE);
}
