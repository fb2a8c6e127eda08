//! Tokens that are made to get in: the verifier refuses each by the rule that it breaks.

mod any_text;
pub(crate) mod table;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;

use serde_json::json;

use neokeys::auth::bearer::{
    BearerConfig, BearerError, BearerVerifier, FixedIssuer, SigningAlgorithm,
};
use neokeys_testkit::clock::{NOW, TestClock};
use neokeys_testkit::signer::{SIGNERS, Signer, changed, key_set, signer};

use crate::{claims, claims_with, issuer_config, verdict, verifier_of};
use table::{OTHER_ISSUER, OTHER_SIGNER, Table};

fn es256() -> &'static Signer {
    signer(SigningAlgorithm::Es256)
}

/// A verifier of both issuers of the table.
async fn verifier() -> Arc<BearerVerifier> {
    let mut other = issuer_config();
    OTHER_ISSUER.clone_into(&mut other.issuer);
    let fixed = vec![
        FixedIssuer { config: issuer_config(), keys: key_set(SIGNERS.iter()) },
        FixedIssuer { config: other, keys: key_set([&*OTHER_SIGNER]) },
    ];
    let config = BearerConfig::default();
    BearerVerifier::open_with(config, fixed, TestClock::new()).await.unwrap()
}

#[tokio::test]
async fn every_token_of_the_table_is_refused_by_the_rule_that_it_breaks() {
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let address = format!("http://{}/keys", canary.local_addr().unwrap());
    let verifier = verifier().await;
    let mut failures = BTreeMap::new();
    for row in (Table { now: NOW, canary: &address }).rows() {
        let verdict = verifier.verify(&row.token).await.map(|_| ());
        let same_kind = matches!(
            (verdict, row.rule),
            (Err(BearerError::Malformed(_)), BearerError::Malformed(_))
        );
        if verdict != Err(row.rule) && !same_kind {
            failures.insert(row.name, (verdict, row.rule));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(canary.accept().is_err(), "a token made a request");
}

#[tokio::test]
async fn a_key_in_a_header_is_not_even_looked_at() {
    let own = Signer::generate(SigningAlgorithm::Es256, "k-ES256");
    for (name, value) in [
        ("jwk", own.jwk()),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!(["http://127.0.0.1:1/keys"])),
        ("x5c", json!(1)),
    ] {
        let header = changed(es256().header(), &json!({ (name): value }));
        assert!(verdict(&es256().sign(&header, &claims())).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn a_key_of_one_issuer_signs_for_no_other() {
    let verifier = verifier().await;
    let (mine, theirs) = (es256(), &*OTHER_SIGNER);
    assert_eq!(mine.key_id, theirs.key_id);
    assert!(verifier.verify(&mine.token(&claims())).await.is_ok());
    let claimed = claims_with(json!({ "iss": OTHER_ISSUER }));
    assert!(verifier.verify(&theirs.token(&claimed)).await.is_ok());
    for forged in [theirs.token(&claims()), mine.token(&claimed)] {
        assert_eq!(verifier.verify(&forged).await, Err(BearerError::BadSignature));
    }
}

#[tokio::test]
async fn a_token_with_any_one_character_changed_is_refused() {
    let verifier = verifier_of(issuer_config(), key_set(SIGNERS.iter()), TestClock::new()).await;
    let token = es256().token(&claims());
    assert!(verifier.verify(&token).await.is_ok());
    for (place, character) in token.char_indices() {
        for other in ['A', 'B', '_', '.', '=', '\0', '\u{e9}'] {
            if other != character {
                let (before, after) = (&token[..place], &token[place + 1..]);
                let verdict = verifier.verify(&format!("{before}{other}{after}")).await;
                assert!(verdict.is_err(), "{place} {other:?}");
            }
        }
        assert!(verifier.verify(&token[..place]).await.is_err(), "cut at {place}");
        assert!(verifier.verify(&token[place..]).await.is_err() || place == 0, "from {place}");
    }
}

#[tokio::test]
async fn an_error_tells_nothing_of_the_token() {
    let canary = "c4n4ryc4n4ry";
    let verifier = verifier_of(issuer_config(), key_set(SIGNERS.iter()), TestClock::new()).await;
    let header_with = |changes| changed(es256().header(), &changes);
    for (header, claims) in [
        (json!({ "alg": canary }), claims()),
        (header_with(json!({ "kid": canary })), claims()),
        (header_with(json!({ "typ": canary })), claims()),
        (header_with(json!({ "crit": [canary] })), claims()),
        (es256().header(), claims_with(json!({ "iss": canary }))),
        (es256().header(), claims_with(json!({ "aud": canary }))),
        (es256().header(), claims_with(json!({ "exp": canary }))),
        (es256().header(), claims_with(json!({ "sub": [canary] }))),
        (es256().header(), claims_with(json!({ "scope": [[canary]] }))),
    ] {
        let error = verifier.verify(&es256().sign(&header, &claims)).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(canary), "{error:?}");
    }
}
