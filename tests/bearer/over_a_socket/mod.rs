//! Hostile tokens over a real socket: each is a 401 that says nothing of why, and nobody reads a part
//! of it again, in an answer or in a log of everything.

mod server;

use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use neokeys::auth::bearer::SigningAlgorithm;
use serde_json::json;

use neokeys_testkit::signer::{
    AUDIENCE, ISSUER, SIGNERS, Signer, changed, claims_at, key_set, signer,
};

use crate::hostile_issuers::stub::{self, StubIssuer};
use crate::hostile_tokens::table::{OTHER_ISSUER, OTHER_SIGNER, Row, Table};
use server::{Answer, Server};

const INVALID: &str = r#"Bearer realm="neokeys", error="invalid_token""#;

#[expect(clippy::disallowed_methods, reason = "tokens of a test are good by the real clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Settings of an issuer whose keys are there.
fn known(issuer: &str, jwks: &str) -> String {
    format!("{{ issuer: '{issuer}', audience: '{AUDIENCE}', jwks: '{jwks}' }}")
}

/// A server that knows both issuers of the table.
fn serve() -> Server {
    Server::start(
        &[("ours.json", &key_set(SIGNERS.iter())), ("theirs.json", &key_set([&*OTHER_SIGNER]))],
        &[known(ISSUER, "file:ours.json"), known(OTHER_ISSUER, "file:theirs.json")],
    )
}

/// Whether a text can go after `Bearer ` as it is: a line's end would end the header, and spaces at
/// its ends belong to HTTP.
fn can_be_sent(token: &str) -> bool {
    token.trim() == token && !token.contains(['\r', '\n'])
}

/// Whether a text is taken for a bearer token at all (RFC 6750 §2.1), so that its rule is asked.
fn is_b64token(token: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(allowed) && "Bearer ".len() + token.len() <= 16 * 1024
}

/// The parts of a token that are long enough to be nobody else's, each by its beginning and its end.
fn parts(token: &str) -> impl Iterator<Item = &str> {
    // A header is not told either, but one that is good is everybody's.
    let long = |part: &&str| part.len() >= 24 && part.is_ascii();
    token
        .split(['.', ' '])
        .skip(1)
        .filter(long)
        .flat_map(|part| [&part[..24], &part[part.len() - 24..]])
}

fn check(row: &Row, answer: &Answer) {
    let label = format!("{}: {answer:?}", row.name);
    if row.token.contains('\0') || row.token.len() > 64 * 1024 {
        // No request that HTTP knows, or a head over the limit, if it is read to its end at all.
        assert!(answer.status.is_none_or(|status| matches!(status, 400 | 431)), "{label}");
    } else {
        assert_eq!((answer.status, answer.challenge()), (Some(401), Some(INVALID)), "{label}");
        assert_eq!(answer.body()["type"], "/problems/unauthorized", "{label}");
        let detail = "A credential of this request is not valid for this address.";
        assert_eq!(answer.body()["detail"], detail, "{label}");
    }
    for part in parts(&row.token) {
        assert!(!answer.text.contains(part), "{part} of {label}");
    }
}

#[test]
fn each_is_a_401_with_one_challenge_and_its_text_is_nowhere() {
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let address = format!("http://{}/keys", canary.local_addr().unwrap());
    let rows = Table { now: now(), canary: &address }.rows();
    let rows: Vec<_> = rows.into_iter().filter(|row| can_be_sent(&row.token)).collect();
    assert!(rows.len() > 250, "{}", rows.len());
    let server = serve();
    for row in &rows {
        check(row, &server.ask(row.token.as_bytes()));
    }
    assert!(canary.accept().is_err(), "a token made a request");
    let log = server.end();
    for row in &rows {
        for part in parts(&row.token) {
            assert!(!log.contains(part), "{part} of {} is in the log", row.name);
        }
    }
    // The log has the rule of each, in order.
    let told: Vec<String> = refusals(&log);
    let asked: Vec<_> = rows.iter().filter(|row| is_b64token(&row.token)).collect();
    assert_eq!(told.len(), asked.len());
    for (row, reason) in asked.iter().zip(&told) {
        assert!(reason.starts_with(&row.rule.to_string()), "{}: {reason}", row.name);
    }
}

/// Why bearer tokens were refused, in the order of the log.
fn refusals(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines
        .filter(|line| line["message"] == "a bearer token was refused")
        .map(|line| line["reason"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_only_unusual_is_judged_by_what_it_says() {
    let server = serve();
    let time = now();
    let token =
        |changes| signer(SigningAlgorithm::Es256).token(&changed(claims_at(time), &changes));
    for signer in SIGNERS.iter() {
        let answer = server.ask(signer.token(&claims_at(time)).as_bytes());
        assert_eq!(answer.status, Some(200), "{answer:?}");
    }
    // Both ends of the leeway, and an audience among others.
    for changes in [
        json!({ "exp": time - 20 }),
        json!({ "nbf": time + 20 }),
        json!({ "aud": ["other", AUDIENCE] }),
        json!({ "exp": 1.9e9 }),
    ] {
        let answer = server.ask(token(changes.clone()).as_bytes());
        assert_eq!(answer.status, Some(200), "{changes}: {answer:?}");
    }
    // A comma parts no scopes (RFC 6749 §3.3): one scope of an odd name, which grants nothing.
    let listed = "tenant.apiKey:read,tenant.apiKey:write";
    for changes in
        [json!({ "scope": listed }), json!({ "scope": "" }), json!({ "scope": "(absent)" })]
    {
        let answer = server.ask(token(changes).as_bytes());
        let challenge = "Bearer realm=\"neokeys\", error=\"insufficient_scope\", \
                         scope=\"tenant.apiKey:read\"";
        assert_eq!((answer.status, answer.challenge()), (Some(403), Some(challenge)), "{answer:?}");
        assert!(!answer.text.contains(listed));
    }
    // Nothing was presented: no error code.
    let nothing = server.ask_without_credential();
    assert_eq!(
        (nothing.status, nothing.challenge()),
        (Some(401), Some(r#"Bearer realm="neokeys""#))
    );
}

#[test]
fn a_flood_of_unknown_keys_makes_one_request_in_ten_seconds_and_delays_nobody() {
    let stub = StubIssuer::start();
    let good = signer(SigningAlgorithm::EdDsa);
    stub.answer("/jwks", stub::Answer::json(&key_set([good])));
    let server = Server::start(&[], &[known(ISSUER, &stub.url("/jwks"))]);
    let token = good.token(&claims_at(now()));
    assert_eq!(server.ask(token.as_bytes()).status, Some(200));
    assert_eq!(stub.requests("/jwks"), 1);
    // The issuer hangs from now on: whoever asks it waits, and nobody else does.
    stub.answer("/jwks", stub::Answer::Dripping);
    let stranger = Signer::generate(SigningAlgorithm::EdDsa, "unknown");
    let began = std::time::Instant::now();
    let answered = std::thread::scope(|scope| {
        let flood: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| server.flood(500, &stranger.token(&claims_at(now())))))
            .collect();
        let mut answered = 0;
        while !flood.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            assert_eq!(server.ask(token.as_bytes()).status, Some(200));
            answered += 1;
        }
        for part in flood {
            assert_eq!(part.join().unwrap(), 500);
        }
        answered
    });
    let windows = usize::try_from(began.elapsed().as_secs() / 10).unwrap() + 1;
    assert!(stub.requests("/jwks") <= 1 + windows, "{} requests", stub.requests("/jwks"));
    assert!(stub.requests("/jwks") > 1, "no unknown key made a request");
    // Who waited for the issuer would be answered once or twice while it is asked.
    assert!(answered > 10 * windows, "{answered} answers in {windows} windows");
}
