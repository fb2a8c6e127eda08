//! Tokens that are signed well and written ill: shapes, texts, types and claims.

use serde_json::json;

use super::super::BearerError;
use super::super::testing::{
    SIGNERS, TestClock, base64url, claims, claims_with, issuer_config, key_set, verdict,
    verifier_of,
};
use super::{es256, header_with, malformed, refuse_all};

#[tokio::test]
async fn extensions_and_other_types_are_refused() {
    let mut rows = Vec::new();
    for changes in [
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "crit": ["b64"], "b64": true }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "b64": false }),
    ] {
        let token = es256().sign(&header_with(&changes), &claims());
        rows.push((changes.to_string(), token, BearerError::CriticalHeader));
    }
    // RFC 7797: the payload unencoded in the signature, and in the token.
    let header = base64url(header_with(&json!({ "b64": false, "crit": ["b64"] })).to_string());
    let unencoded = es256().sign_input(&format!("{header}.{{}}"));
    rows.push(("unencoded".into(), unencoded, malformed()));
    for typ in
        ["JWE", "dpop+jwt", "logout+jwt", "secevent+jwt", "id+jwt", "kb+jwt", "at", "at+JWT+"]
    {
        let token = es256().sign(&header_with(&json!({ "typ": typ })), &claims());
        rows.push((typ.to_owned(), token, BearerError::WrongType));
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn what_is_not_three_parts_of_canonical_base64url_is_malformed() {
    let token = es256().token(&claims());
    let parts: Vec<_> = token.split('.').collect();
    let mut rows = Vec::new();
    for count in [1, 2, 4, 5, 6, 7] {
        let parts: Vec<_> = parts.iter().cycle().take(count).copied().collect();
        rows.push((format!("{count} parts"), parts.join("."), malformed()));
    }
    for (name, bent) in [
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("padded", format!("{token}==")),
        ("a newline after", format!("{token}\n")),
        ("a space before", format!(" {token}")),
        ("a second scheme", format!("Bearer {token}")),
        ("an empty payload", format!("{}..{}", parts[0], parts[2])),
        ("an empty signature", format!("{}.{}.", parts[0], parts[1])),
        ("standard Base64", format!("{}.{}.{}", parts[0], parts[1], "+/".repeat(43))),
        ("percent-encoded", token.replace('.', "%2E")),
        ("a wide dot", token.replacen('.', "\u{ff0e}", 1)),
        ("JSON serialization", json!({ "payload": parts[1], "signature": parts[2] }).to_string()),
    ] {
        rows.push((name.to_owned(), bent, malformed()));
    }
    // The same bytes with stray bits at the end: not one of these may be a second token.
    let last = token.chars().last().unwrap();
    for digit in ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']) {
        if digit != last {
            let other = format!("{}{digit}", &token[..token.len() - 1]);
            assert!(verdict(&other).await.is_err(), "{digit}");
        }
    }
    refuse_all(rows).await;
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
async fn what_is_not_one_plain_json_object_is_malformed() {
    let mut rows = Vec::new();
    let (header, payload) = (es256().header().to_string(), claims().to_string());
    let sign = |header: &[u8], payload: &[u8]| es256().sign_text(header, payload);
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let bom = |text: &str| format!("\u{feff}{text}").into_bytes();
    for (name, header, payload) in [
        ("UTF-16 header", utf16(&header), payload.clone().into_bytes()),
        ("UTF-16 claims", header.clone().into_bytes(), utf16(&payload)),
        ("BOM header", bom(&header), payload.clone().into_bytes()),
        ("BOM claims", header.clone().into_bytes(), bom(&payload)),
        ("two headers", format!("{header}{header}").into(), payload.clone().into()),
        ("array header", format!("[{header}]").into(), payload.clone().into()),
        ("array claims", header.clone().into(), format!("[{payload}]").into()),
        ("text after", header.clone().into(), format!("{payload}x").into()),
        ("surrogate", header.clone().into(), payload.replace("user-1", "\\ud800").into()),
        ("surrogate kid", header.replace("k-ES256", "\\udfff").into(), payload.clone().into()),
        (
            "repeated alg",
            header.replacen('{', r#"{"alg":"none","#, 1).into(),
            payload.clone().into(),
        ),
        ("repeated iss", header.clone().into(), payload.replacen('{', r#"{"iss":"x","#, 1).into()),
        (
            "repeated sub",
            header.clone().into(),
            payload.replacen('{', r#"{"sub":"admin","#, 1).into(),
        ),
        (
            "escaped twin",
            header.clone().into(),
            payload.replacen('{', r#"{"\u0073ub":"a","#, 1).into(),
        ),
        (
            "nested twin",
            header.clone().into(),
            payload.replacen('{', r#"{"x":{"a":1,"a":2},"#, 1).into(),
        ),
        ("raw newline", header.clone().into(), payload.replace("user-1", "user\n1").into()),
        (
            "not UTF-8",
            header.clone().into(),
            [&b"{\"sub\":\"\xff\","[..], &payload.as_bytes()[1..]].concat(),
        ),
        ("endless", header.clone().into(), format!("{{\"x\":{}", "[".repeat(10_000)).into()),
        ("1e999", header.clone().into(), payload.replace("1700000600", "1e999").into()),
        ("empty", header.clone().into(), " ".into()),
        ("null", header.clone().into(), "null".into()),
        ("text", header.clone().into(), "\"{}\"".into()),
    ] {
        rows.push((name.to_owned(), sign(&header, &payload), malformed()));
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn claims_that_bend_the_rules_are_refused_by_name() {
    use BearerError::{Expired, InvalidClaim, MissingClaim, UnknownIssuer, WrongAudience};
    let many: Vec<_> = (0..10_000).map(|_| "x").collect();
    let mut rows = Vec::new();
    for (changes, error) in [
        (json!({ "exp": "(absent)" }), MissingClaim("exp")),
        (json!({ "exp": "1900000000" }), InvalidClaim("exp")),
        (json!({ "exp": [1_900_000_000] }), InvalidClaim("exp")),
        (json!({ "exp": { "at": 1 } }), InvalidClaim("exp")),
        (json!({ "exp": true }), InvalidClaim("exp")),
        (json!({ "exp": null }), InvalidClaim("exp")),
        (json!({ "exp": 0 }), Expired),
        (json!({ "exp": -1 }), Expired),
        (json!({ "exp": -1e300 }), Expired),
        (json!({ "nbf": "0" }), InvalidClaim("nbf")),
        (json!({ "nbf": null }), InvalidClaim("nbf")),
        (json!({ "nbf": 1e300 }), BearerError::NotYetValid),
        (json!({ "iss": "(absent)" }), MissingClaim("iss")),
        (json!({ "iss": ["https://issuer.example/"] }), InvalidClaim("iss")),
        (json!({ "iss": null }), InvalidClaim("iss")),
        (json!({ "iss": "https://issuer.example" }), UnknownIssuer),
        (json!({ "iss": "https://ISSUER.example/" }), UnknownIssuer),
        (json!({ "iss": "https://issuer.example/ " }), UnknownIssuer),
        (json!({ "iss": "https://issuer.example/x" }), UnknownIssuer),
        (json!({ "iss": "" }), UnknownIssuer),
        (json!({ "aud": "(absent)" }), MissingClaim("aud")),
        (json!({ "aud": [] }), WrongAudience),
        (json!({ "aud": "https://api.example" }), WrongAudience),
        (json!({ "aud": "HTTPS://API.EXAMPLE/" }), WrongAudience),
        // What an ID token says: it is for the client.
        (json!({ "aud": "client-1", "nonce": "n", "at_hash": "h" }), WrongAudience),
        (json!({ "scope": { "a": 1 } }), InvalidClaim("scope")),
        (json!({ "scope": [["*"]] }), InvalidClaim("scope")),
        (json!({ "scope": "ten\u{430}nt.apiKey:read" }), InvalidClaim("of scopes")),
        (json!({ "tenants": { "demo": true } }), InvalidClaim("of tenants")),
        (json!({ "scope": many }), BearerError::TooLong),
    ] {
        let name = changes.to_string().chars().take(60).collect();
        rows.push((name, es256().token(&claims_with(changes)), error));
    }
    refuse_all(rows).await;
}

#[tokio::test]
async fn an_error_tells_nothing_of_the_token() {
    let canary = "c4n4ryc4n4ry";
    let verifier = verifier_of(issuer_config(), key_set(SIGNERS.iter()), TestClock::new()).await;
    for (header, claims) in [
        (json!({ "alg": canary }), claims()),
        (header_with(&json!({ "kid": canary })), claims()),
        (header_with(&json!({ "typ": canary })), claims()),
        (header_with(&json!({ "crit": [canary] })), claims()),
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
