//! Keys and signatures that are not the issuer's, and algorithms that are not the key's.

use std::net::TcpListener;

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::super::testing::{
    SIGNERS, Signer, TestClock, base64url, claims, claims_with, issuer_config, key_set, verdict,
};
use super::super::{BearerConfig, BearerError, BearerVerifier, FixedIssuer, SigningAlgorithm};
use super::{es256, header_with, malformed, refuse_all};

fn hmac_token(header: &Value, secret: &[u8]) -> String {
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims().to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    format!("{input}.{}", base64url(hmac::sign(&key, input.as_bytes())))
}

fn hex(digits: &str) -> Vec<u8> {
    let places = (0..digits.len()).step_by(2);
    places.map(|place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn no_signature_and_no_shared_secret_stands_for_a_signature() {
    let mut rows = Vec::new();
    let payload = base64url(claims().to_string());
    for none in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let header = base64url(json!({ "alg": none }).to_string());
        rows.push((format!("{none:?}, empty"), format!("{header}.{payload}."), malformed()));
        let any = format!("{header}.{payload}.{}", base64url([0; 64]));
        rows.push((format!("{none:?}, zeros"), any, BearerError::AlgorithmNotAllowed));
    }
    // The public key as an HMAC secret, in every form in which it goes around.
    for signer in SIGNERS.iter() {
        let jwk = signer.jwk();
        let mut secrets = vec![jwk.to_string().into_bytes(), signer.key_id.clone().into_bytes()];
        for member in ["n", "x"] {
            if let Some(text) = jwk[member].as_str() {
                secrets.push(text.into());
            }
        }
        secrets.push(signer.public_der());
        secrets.push(signer.public_pem().into_bytes());
        for (place, secret) in secrets.iter().enumerate() {
            let honest = hmac_token(&json!({ "alg": "HS256", "kid": signer.key_id }), secret);
            let name = format!("HS256 with {} {place}", signer.algorithm);
            rows.push((name, honest, BearerError::AlgorithmNotAllowed));
            let disguised = hmac_token(&signer.header(), secret);
            let name = format!("{} over HMAC {place}", signer.algorithm);
            rows.push((name, disguised, BearerError::BadSignature));
        }
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn an_algorithm_off_the_list_or_off_its_key_is_refused_before_arithmetic() {
    let mut rows = Vec::new();
    for name in [
        "HS256", "HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "ES256K",
        "RS1", "Ed25519", "Ed448", "EdDSA ", "rs256", "Rs256", "dir", "RSA-OAEP", "A128KW",
    ] {
        let token = es256().sign(&header_with(&json!({ "alg": name })), &claims());
        rows.push((name.to_owned(), token, BearerError::AlgorithmNotAllowed));
    }
    for key in SIGNERS.iter() {
        for other in SIGNERS.iter().filter(|other| other.algorithm != key.algorithm) {
            let header = json!({ "alg": other.algorithm.as_str(), "kid": key.key_id });
            let name = format!("{} on the key of {}", other.algorithm, key.algorithm);
            rows.push((name.clone(), other.sign(&header, &claims()), BearerError::KeyMismatch));
            rows.push((name + ", own", key.sign(&header, &claims()), BearerError::KeyMismatch));
        }
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn a_token_cannot_bring_its_own_key() {
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let address = format!("http://{}/keys", canary.local_addr().unwrap());
    let own = Signer::generate(SigningAlgorithm::Es256, "k-ES256");
    let mut rows = Vec::new();
    for (name, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(address)),
        ("x5u", json!(address)),
        ("x5c", json!([base64url([1; 64])])),
        ("x5t", json!("AAAA")),
        ("iss", json!(address)),
    ] {
        let header = header_with(&json!({ (name): value }));
        rows.push((name.to_owned(), own.sign(&header, &claims()), BearerError::BadSignature));
        let mut nameless = header.clone();
        nameless.as_object_mut().unwrap().shift_remove("kid");
        let token = own.sign(&nameless, &claims());
        rows.push((format!("{name}, no kid"), token, BearerError::BadSignature));
        // The same members beside a good signature are just not looked at.
        assert!(verdict(&es256().sign(&header, &claims())).await.is_ok(), "{name}");
    }
    refuse_all(rows).await;
    assert!(canary.accept().is_err(), "a token made a request");
}

#[tokio::test]
async fn a_kid_is_a_name_and_nothing_else() {
    let mut rows = Vec::new();
    for id in [
        "",
        "K-ES256",
        "k-ES256 ",
        "k-ES256\0",
        "../../../../dev/null",
        "/etc/passwd",
        "file:///dev/null",
        "' OR '1'='1",
        "k-ES256' --",
        "$(id)",
        "https://evil.example/key",
        "\u{202e}652SE-k",
        &"k".repeat(9000),
    ] {
        let token = es256().sign(&header_with(&json!({ "kid": id })), &claims());
        rows.push((format!("{:.20?}", id), token, BearerError::UnknownKey));
    }
    let megabyte = header_with(&json!({ "kid": "k".repeat(1024 * 1024) }));
    rows.push(("a megabyte".into(), es256().sign(&megabyte, &claims()), BearerError::TooLong));
    for id in [json!(1), json!(null), json!(["k-ES256"]), json!({ "k": 1 }), json!(true)] {
        let token = es256().sign(&header_with(&json!({ "kid": id })), &claims());
        rows.push((id.to_string(), token, malformed()));
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn no_signature_but_the_keys_own_is_taken() {
    let mut rows = Vec::new();
    for signer in SIGNERS.iter() {
        let token = signer.token(&claims());
        let (input, signature) = token.rsplit_once('.').unwrap();
        let length = signature.len() * 3 / 4;
        let forged = |bytes: &[u8]| format!("{input}.{}", base64url(bytes));
        let other = Signer::generate(SigningAlgorithm::EdDsa, &signer.key_id);
        // Zero, one, the order of P-256 and all ones as r and s; too short, too long.
        let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        let mut one = vec![0; length];
        one[length - 1] = 1;
        for (name, bytes) in [
            ("zeros", vec![0; length]),
            ("one", one),
            ("all ones", vec![0xff; length]),
            ("the order twice", [order.clone(), order].concat()),
            ("a single zero", vec![0]),
            ("too short", vec![7; length - 1]),
            ("too long", vec![7; length + 1]),
            ("empty DER", vec![0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]),
            ("another key's", other.signature_of(input)),
        ] {
            rows.push((
                format!("{} {name}", signer.algorithm),
                forged(&bytes),
                BearerError::BadSignature,
            ));
        }
        // One bit of each part changed.
        let stranger = signer.sign(&signer.header(), &claims_with(json!({ "sub": "other" })));
        let (other_input, _) = stranger.rsplit_once('.').unwrap();
        let moved = format!("{other_input}.{signature}");
        rows.push((format!("{} moved", signer.algorithm), moved, BearerError::BadSignature));
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn a_key_of_one_issuer_signs_for_no_other() {
    let mine = Signer::generate(SigningAlgorithm::Es256, "shared");
    let theirs = Signer::generate(SigningAlgorithm::Es256, "shared");
    let mut other = issuer_config();
    other.issuer = "https://other.example/".to_owned();
    let fixed = vec![
        FixedIssuer { config: issuer_config(), keys: key_set([&mine]) },
        FixedIssuer { config: other, keys: key_set([&theirs]) },
    ];
    let config = BearerConfig::default();
    let verifier = BearerVerifier::open_with(config, fixed, TestClock::new()).await.unwrap();
    assert!(verifier.verify(&mine.token(&claims())).await.is_ok());
    let refused = verifier.verify(&theirs.token(&claims())).await;
    assert_eq!(refused, Err(BearerError::BadSignature));
    let claimed = claims_with(json!({ "iss": "https://other.example/" }));
    assert_eq!(verifier.verify(&mine.token(&claimed)).await, Err(BearerError::BadSignature));
    assert!(verifier.verify(&theirs.token(&claimed)).await.is_ok());
}
