//! Keys that come and go while tokens are judged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::stub::{Answer, StubIssuer};
use super::{EAGER, ON_DEMAND, verifier_at};
use crate::claims;
use neokeys::auth::bearer::{BearerError, SigningAlgorithm};
use neokeys_testkit::clock::TestClock;
use neokeys_testkit::signer::{SIGNERS, Signer, key_set, signer};

fn ed(key_id: &str) -> Signer {
    Signer::generate(SigningAlgorithm::EdDsa, key_id)
}

/// Waits until something that a background task does has happened.
async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !happened().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} never happened");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_new_key_is_known_with_its_first_token_and_a_removed_one_no_longer() {
    let issuer = StubIssuer::start();
    let (old, new) = (ed("old"), ed("new"));
    issuer.answer("/jwks", Answer::json(&key_set([&old])));
    let clock = TestClock::new();
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, Arc::clone(&clock)).await;
    assert!(verifier.verify(&old.token(&claims())).await.is_ok());
    issuer.answer("/jwks", Answer::json(&key_set([&old, &new])));
    assert!(verifier.verify(&new.token(&claims())).await.is_ok());
    assert!(verifier.verify(&old.token(&claims())).await.is_ok());
    assert_eq!(issuer.requests("/jwks"), 2);
    issuer.answer("/jwks", Answer::json(&key_set([&new])));
    clock.advance(10);
    let unknown = ed("unknown").token(&claims());
    assert_eq!(verifier.verify(&unknown).await, Err(BearerError::UnknownKey));
    assert_eq!(verifier.verify(&old.token(&claims())).await, Err(BearerError::UnknownKey));
    assert!(verifier.verify(&new.token(&claims())).await.is_ok());
}

#[tokio::test]
async fn a_set_that_withdraws_every_key_is_believed() {
    let issuer = StubIssuer::start();
    let old = ed("old");
    issuer.answer("/jwks", Answer::json(&key_set([&old])));
    let clock = TestClock::new();
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, Arc::clone(&clock)).await;
    assert!(verifier.verify(&old.token(&claims())).await.is_ok());
    issuer.answer("/jwks", Answer::json(&json!({ "keys": [] })));
    assert!(verifier.verify(&ed("unknown").token(&claims())).await.is_err());
    assert_eq!(verifier.verify(&old.token(&claims())).await, Err(BearerError::UnknownKey));
    assert!(!verifier.health()[0].is_good());
}

#[tokio::test]
async fn a_key_that_changes_under_its_name_ends_the_old_ones_tokens() {
    let issuer = StubIssuer::start();
    let (old, new) = (ed("same"), ed("same"));
    issuer.answer("/jwks", Answer::json(&key_set([&old])));
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, TestClock::new()).await;
    issuer.answer("/jwks", Answer::json(&key_set([&new])));
    let token = old.token(&claims());
    assert!(verifier.verify(&token).await.is_ok());
    assert!(verifier.verify(&ed("unknown").token(&claims())).await.is_err());
    assert_eq!(verifier.verify(&token).await, Err(BearerError::BadSignature));
    assert!(verifier.verify(&new.token(&claims())).await.is_ok());
}

#[tokio::test]
async fn callers_that_wait_for_one_key_share_one_load() {
    let issuer = StubIssuer::start();
    let (old, new) = (ed("old"), ed("new"));
    issuer.answer("/jwks", Answer::json(&key_set([&old])));
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, TestClock::new()).await;
    issuer.answer("/jwks", Answer::Late(key_set([&old, &new]).to_string()));
    let token = new.token(&claims());
    let verdicts = join_all((0..200).map(|_| verifier.verify(&token))).await;
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(issuer.requests("/jwks"), 2);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_makes_one_request_in_ten_seconds() {
    let issuer = StubIssuer::start();
    issuer.answer("/jwks", Answer::json(&key_set(SIGNERS.iter())));
    let clock = TestClock::new();
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, Arc::clone(&clock)).await;
    let signer = signer(SigningAlgorithm::EdDsa);
    let good = signer.token(&claims());
    let unknown = |number: usize| {
        let header = json!({ "alg": "EdDSA", "kid": format!("unknown-{number}") });
        signer.sign(&header, &claims())
    };
    for (round, hundreds) in [100, 1, 1].into_iter().enumerate() {
        for hundred in 0..hundreds {
            let tokens: Vec<_> = (0..100).map(|one| unknown(hundred * 100 + one)).collect();
            let verdicts = join_all(tokens.iter().map(|token| verifier.verify(token))).await;
            assert!(verdicts.iter().all(|one| one == &Err(BearerError::UnknownKey)));
            assert!(verifier.verify(&good).await.is_ok());
        }
        assert_eq!(issuer.requests("/jwks"), 2 + round);
        clock.advance(10);
    }
    // A clock that was set back years does not stop the next load.
    clock.set(1);
    let _ = verifier.verify(&unknown(0)).await;
    assert_eq!(issuer.requests("/jwks"), 5);
}

#[tokio::test]
async fn an_issuer_that_dies_and_returns_is_taken_up_again() {
    let issuer = StubIssuer::start();
    let (old, new) = (ed("old"), ed("new"));
    issuer.answer("/jwks", Answer::Slammed);
    let clock = TestClock::new();
    let verifier = verifier_at(&issuer.url("/jwks"), ON_DEMAND, Arc::clone(&clock)).await;
    let (of_old, of_new) = (old.token(&claims()), new.token(&claims()));
    assert_eq!(verifier.verify(&of_old).await, Err(BearerError::UnknownKey));
    issuer.answer("/jwks", Answer::json(&key_set([&old])));
    clock.advance(10);
    assert!(verifier.verify(&of_old).await.is_ok());
    assert!(verifier.health()[0].is_good());
    issuer.answer("/jwks", Answer::Slammed);
    clock.advance(10);
    assert_eq!(verifier.verify(&of_new).await, Err(BearerError::UnknownKey));
    assert!(verifier.verify(&of_old).await.is_ok());
    assert!(!verifier.health()[0].is_good());
    issuer.answer("/jwks", Answer::json(&key_set([&new])));
    clock.advance(10);
    assert!(verifier.verify(&of_new).await.is_ok());
    assert_eq!(verifier.verify(&of_old).await, Err(BearerError::UnknownKey));
}

#[tokio::test]
async fn keys_are_refreshed_with_no_token_asking_until_the_verifier_is_dropped() {
    let issuer = StubIssuer::start();
    let (old, new) = (ed("old"), ed("new"));
    issuer.answer("/jwks", Answer::json(&key_set([&old])));
    let clock = TestClock::new();
    let verifier = verifier_at(&issuer.url("/jwks"), EAGER, Arc::clone(&clock)).await;
    issuer.answer("/jwks", Answer::json(&key_set([&new])));
    let token = old.token(&claims());
    until("the refresh", async || verifier.verify(&token).await.is_err()).await;
    issuer.answer("/jwks", Answer::Slammed);
    until("the fault", async || !verifier.health()[0].is_good()).await;
    issuer.answer("/jwks", Answer::json(&key_set([&new])));
    until("the return", async || verifier.health()[0].is_good()).await;
    drop(verifier);
    // The task holds the clock.
    until("the end of the task", async || Arc::strong_count(&clock) == 1).await;
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes_and_missed_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let write = |keys: &serde_json::Value| {
        let staged = folder.path().join("staged");
        std::io::Write::write_all(
            &mut std::fs::File::create(&staged).unwrap(),
            keys.to_string().as_bytes(),
        )
        .unwrap();
        std::fs::rename(staged, &path).unwrap();
    };
    let (old, new) = (ed("old"), ed("new"));
    write(&key_set([&old]));
    let jwks = format!("file:{}", path.display());
    let verifier = verifier_at(&jwks, EAGER, TestClock::new()).await;
    let (of_old, of_new) = (old.token(&claims()), new.token(&claims()));
    assert!(verifier.verify(&of_old).await.is_ok());
    write(&key_set([&new]));
    until("the change", async || verifier.verify(&of_old).await.is_err()).await;
    assert!(verifier.verify(&of_new).await.is_ok());
    std::fs::remove_file(&path).unwrap();
    until("the fault", async || !verifier.health()[0].is_good()).await;
    assert!(verifier.verify(&of_new).await.is_ok());
}
