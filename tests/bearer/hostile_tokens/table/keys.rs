//! Keys and signatures that are not the issuer's, and algorithms that are not the key's.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{
    BearerError, MALFORMED, OTHER_ISSUER, OTHER_SIGNER, Rows, SigningAlgorithm, Table, es256,
    header_with, row,
};
use neokeys_testkit::signer::{SIGNERS, Signer, base64url};

pub(super) fn rows(table: &Table<'_>) -> Rows {
    [
        no_signature(table),
        shared_secrets(table),
        other_algorithms(table),
        own_keys(table),
        key_ids(table),
        other_signatures(table),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// RFC 8725 §2.1: `none` in every spelling.
fn no_signature(table: &Table<'_>) -> Rows {
    let payload = base64url(table.claims().to_string());
    let mut rows = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "nonE", "none ", "\u{ff4e}one", ""] {
        let header = base64url(json!({ "alg": none }).to_string());
        rows.push(row(format!("{none:?}, empty"), format!("{header}.{payload}."), MALFORMED));
        let zeros = format!("{header}.{payload}.{}", base64url([0; 64]));
        rows.push(row(format!("{none:?}, zeros"), zeros, BearerError::AlgorithmNotAllowed));
    }
    rows
}

/// The public key as an HMAC secret, in every form in which it goes around.
fn shared_secrets(table: &Table<'_>) -> Rows {
    let token = |header: &Value, secret: &[u8]| {
        let claims = table.claims().to_string();
        let input = format!("{}.{}", base64url(header.to_string()), base64url(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("{input}.{}", base64url(hmac::sign(&key, input.as_bytes())))
    };
    let mut rows = Vec::new();
    for signer in SIGNERS.iter() {
        let (jwk, algorithm) = (signer.jwk(), signer.alg());
        let mut secrets = vec![
            ("JWK", jwk.to_string().into_bytes()),
            ("key id", signer.key_id.clone().into_bytes()),
            ("DER", signer.public_der()),
            ("PEM", signer.public_pem().into_bytes()),
            ("PEM without its last newline", signer.public_pem().trim_end().into()),
            ("nothing", Vec::new()),
        ];
        for member in ["n", "x"] {
            if let Some(text) = jwk[member].as_str() {
                secrets.push((member, URL_SAFE_NO_PAD.decode(text).unwrap()));
                secrets.push((member, text.into()));
            }
        }
        for (form, secret) in &secrets {
            let honest = token(&json!({ "alg": "HS256", "kid": signer.key_id }), secret);
            let name = format!("HS256 with {algorithm}'s {form}");
            rows.push(row(name, honest, BearerError::AlgorithmNotAllowed));
            let disguised = token(&signer.header(), secret);
            let name = format!("{algorithm} over HMAC with its {form}");
            rows.push(row(name, disguised, BearerError::BadSignature));
        }
    }
    rows
}

fn other_algorithms(table: &Table<'_>) -> Rows {
    let claims = table.claims();
    let mut rows = Vec::new();
    for name in [
        "HS256", "HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "ES256K",
        "RS1", "ed25519", "Ed448", "EdDSA ", "rs256", "Rs256", "dir", "RSA-OAEP", "A128KW",
    ] {
        let token = es256().sign(&header_with(&json!({ "alg": name })), &claims);
        rows.push(row(name, token, BearerError::AlgorithmNotAllowed));
    }
    for alg in [json!(null), json!(["ES256"]), json!({ "ES256": 1 }), json!(256)] {
        let token = es256().sign(&header_with(&json!({ "alg": alg })), &claims);
        rows.push(row(format!("alg {alg}"), token, MALFORMED));
    }
    rows.push(row(
        "no alg",
        es256().sign(&header_with(&json!({ "alg": "(absent)" })), &claims),
        MALFORMED,
    ));
    for key in SIGNERS.iter() {
        for other in SIGNERS.iter().filter(|other| other.algorithm != key.algorithm) {
            let header = json!({ "alg": other.alg(), "kid": key.key_id });
            let name = format!("{} on the key of {}", other.alg(), key.alg());
            let own = key.sign(&header, &claims);
            rows.push(row(format!("{name}, own"), own, BearerError::KeyMismatch));
            rows.push(row(name, other.sign(&header, &claims), BearerError::KeyMismatch));
        }
    }
    rows
}

/// A token cannot bring its own key, nor borrow another issuer's.
fn own_keys(table: &Table<'_>) -> Rows {
    let own = Signer::generate(SigningAlgorithm::Es256, "k-ES256");
    let claims = table.claims();
    let mut rows = Vec::new();
    for (name, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(table.canary)),
        ("x5u", json!(table.canary)),
        ("x5c", json!([base64url([1; 64])])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("iss", json!(table.canary)),
    ] {
        let header = header_with(&json!({ (name): value }));
        rows.push(row(name, own.sign(&header, &claims), BearerError::BadSignature));
        let mut nameless = header.clone();
        nameless.as_object_mut().unwrap().shift_remove("kid");
        let token = own.sign(&nameless, &claims);
        rows.push(row(format!("{name}, no kid"), token, BearerError::BadSignature));
    }
    let elsewhere = table.claims_with(&json!({ "iss": table.canary }));
    rows.push(row("an issuer of its own", own.token(&elsewhere), BearerError::UnknownIssuer));
    let other = table.claims_with(&json!({ "iss": OTHER_ISSUER }));
    rows.push(row("theirs for ours", OTHER_SIGNER.token(&claims), BearerError::BadSignature));
    rows.push(row("ours for theirs", es256().token(&other), BearerError::BadSignature));
    rows
}

/// A `kid` is a name and nothing else.
fn key_ids(table: &Table<'_>) -> Rows {
    let claims = table.claims();
    let sign = |id: Value| es256().sign(&header_with(&json!({ "kid": id })), &claims);
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
        "\"k-ES256\"",
        "$(id)",
        table.canary,
        "\u{202e}652SE-k",
        &"k".repeat(9000),
    ] {
        rows.push(row(format!("kid {id:.20?}"), sign(json!(id)), BearerError::UnknownKey));
    }
    let megabyte = sign(json!("k".repeat(1024 * 1024)));
    rows.push(row("kid of a megabyte", megabyte, BearerError::TooLong));
    for id in [json!(1), json!(null), json!(["k-ES256"]), json!({ "k": 1 }), json!(true)] {
        rows.push(row(format!("kid {id}"), sign(id), MALFORMED));
    }
    rows
}

/// Signatures that are not the key's own over this token.
fn other_signatures(table: &Table<'_>) -> Rows {
    let mut rows = Vec::new();
    for signer in SIGNERS.iter() {
        let token = signer.token(&table.claims());
        let (input, signature) = token.rsplit_once('.').unwrap();
        let length = signature.len() * 3 / 4;
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
            ("the word null", b"null".to_vec()),
            ("too short", vec![7; length - 1]),
            ("too long", vec![7; length + 1]),
            ("empty DER", vec![0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]),
            ("another key's", other.signature_of(input)),
        ] {
            let forged = format!("{input}.{}", base64url(bytes));
            let name = format!("{}, {name}", signer.alg());
            rows.push(row(name, forged, BearerError::BadSignature));
        }
        let claims = table.claims_with(&json!({ "sub": "other" }));
        let stranger = signer.token(&claims);
        let (other, _) = stranger.rsplit_once('.').unwrap();
        let name = format!("{}, moved to other claims", signer.alg());
        rows.push(row(name, format!("{other}.{signature}"), BearerError::BadSignature));
    }
    rows
}

fn hex(digits: &str) -> Vec<u8> {
    let places = (0..digits.len()).step_by(2);
    places.map(|place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap()).collect()
}
