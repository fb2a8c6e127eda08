//! Callers who ask for too much: guessers, and those who never finish a sentence.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::KEYS;
use neokeys_testkit::{Client, Service, token_of};

/// Three failures a minute; the tests' own address is a trusted proxy.
const THROTTLED: &str =
    "  throttle:\n    failures_per_minute: 3\n    trusted_proxies: [127.0.0.0/8]\n";

fn from(client: &Client, address: &str) -> Client {
    client.with("x-forwarded-for", address)
}

#[tokio::test]
async fn an_address_that_fails_too_often_is_turned_away_for_a_while() {
    let service = Service::builder().settings(THROTTLED).start();
    let guesser = from(&service.client().with_api_key("guess"), "198.51.100.7");
    for _ in 0..3 {
        assert_eq!(guesser.get(KEYS).await.status, 401);
    }
    let refused = guesser.get(KEYS).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (429, "too-many-failures".into()));
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    // A guess that is right must not read differently from one that is wrong.
    let right = from(&service.admin(), "198.51.100.7").get(KEYS).await;
    assert_eq!(right.status, 429);
    // Nobody else waits.
    assert_eq!(from(&service.admin(), "198.51.100.8").get(KEYS).await.status, 200);
    let elsewhere = from(&service.client().with_api_key("guess"), "198.51.100.9");
    assert_eq!(elsewhere.get(KEYS).await.status, 401);
}

#[tokio::test]
async fn who_never_fails_is_never_slowed_down() {
    let service = Service::builder().settings(THROTTLED).start();
    let reader = service.client().with_api_key(&token_of("reader"));
    for _ in 0..50 {
        assert_eq!(reader.get(KEYS).await.status, 200);
        // A valid credential that may not is no failed guess.
        assert_eq!(reader.delete(&crate::key("writer")).await.status, 403);
    }
}

#[tokio::test]
async fn who_brings_no_credential_does_not_fail() {
    let service = Service::builder().settings(THROTTLED).start();
    let office = from(&service.client(), "198.51.100.7");
    for path in [KEYS, "/auth/t1", "/api/t1/admin/apiKeys/reader", "/api/nowhere/admin/apiKeys"] {
        for _ in 0..10 {
            assert_eq!(office.get(path).await.status, 401, "{path}");
        }
    }
    let form = "application/x-www-form-urlencoded";
    for _ in 0..10 {
        let request = office.request("POST", "/api/t1/introspect").header("content-type", form);
        assert_eq!(request.body("token=x").send().await.status, 401);
    }
    let reader = from(&service.client(), "198.51.100.7").with_api_key(&token_of("reader"));
    assert_eq!(reader.get(KEYS).await.status, 200);
    // A secret in Basic is a credential, where it is read and where it is not.
    let basic = office.with("authorization", "Basic Z2F0ZXdheTpndWVzcw==");
    for status in [401, 401, 401, 429] {
        let request = basic.request("POST", "/api/t1/introspect").header("content-type", form);
        assert_eq!(request.body("token=x").send().await.status, status);
    }
    assert_eq!(reader.get(KEYS).await.status, 429);
}

#[tokio::test]
async fn nobody_is_slowed_down_unless_it_is_set() {
    let service = Service::start();
    for _ in 0..50 {
        assert_eq!(service.client().with_api_key("guess").get(KEYS).await.status, 401);
    }
}

/// The answer to bytes that are not all that they announce.
fn answer_to(service: &Service, bytes: &str) -> String {
    let address = service.origin().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[tokio::test]
async fn a_request_that_does_not_arrive_is_given_up() {
    let service = Service::builder().settings("limits: {head_time: 1s, body_time: 1s}\n").start();
    let head = answer_to(&service, "GET /health/live HTTP/1.1\r\nHost: x\r\n");
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    let body = answer_to(
        &service,
        &format!(
            "POST {KEYS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-KEY: {}\r\n\
             Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{{",
            token_of("admin")
        ),
    );
    assert!(body.starts_with("HTTP/1.1 408 "), "{body}");
    assert!(body.contains("/problems/request-timeout"), "{body}");
}

#[tokio::test]
async fn a_head_without_end_ends_its_connection_alone() {
    let service = Service::start();
    let long = "x".repeat(200_000);
    let answer = answer_to(&service, &format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {long}"));
    // Closing with bytes unread can reset the connection before the answer was taken off it.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(service.client().get("/health/live").await.status, 200);
}

#[tokio::test]
async fn a_head_over_the_limit_is_a_problem_and_one_at_the_limit_is_taken() {
    let service = Service::builder().settings("limits: {head: 1KiB}\n").start();
    let sent =
        |length: usize| service.admin().request("GET", KEYS).header("x-long", "x".repeat(length));
    let refused = sent(1024).send().await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (431, "head-too-large".into()));
    // The client adds headers of its own.
    assert_eq!(sent(800).send().await.status, 200);
    let path = format!("{KEYS}?x={}", "x".repeat(1024));
    assert_eq!(service.admin().get(&path).await.status, 431);
}

/// Connects, and asks for something small on a connection that stays open.
fn ask(service: &Service) -> TcpStream {
    let mut stream = TcpStream::connect(service.origin().trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    stream
}

/// Whether an answer begins within a time.
fn is_answered(stream: &mut TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).unwrap();
    stream.read(&mut [0; 1]).is_ok_and(|count| count == 1)
}

#[tokio::test]
async fn connections_over_the_limit_wait_until_another_ends() {
    let service = Service::builder().settings("limits: {connections: 2}\n").start();
    let (long, short) = (Duration::from_secs(20), Duration::from_millis(300));
    let mut open: Vec<_> = (0..2).map(|_| ask(&service)).collect();
    assert!(open.iter_mut().all(|stream| is_answered(stream, long)));
    let mut waiting = ask(&service);
    assert!(!is_answered(&mut waiting, short));
    drop(open.pop());
    assert!(is_answered(&mut waiting, long));
}

#[tokio::test]
async fn a_connection_that_is_silent_is_closed() {
    let service = Service::builder().settings("limits: {idle_time: 1s}\n").start();
    let mut stream = ask(&service);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    // It ends: nothing here closes it.
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answers_loses_its_connection() {
    let service = Service::builder().settings("limits: {stall_time: 1s}\n").start();
    let mut stream = TcpStream::connect(service.origin().trim_start_matches("http://")).unwrap();
    // Far more than both ends keep for each other; the documents are large and for everybody.
    let request = "GET /openapi/v1.sdk.json HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let ended = loop {
        match stream.write(request.as_bytes()) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(error) => break error,
        }
        assert!(Instant::now() < deadline, "the connection is still there");
    };
    assert!(matches!(ended.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{ended}");
    assert_eq!(service.client().get("/health/live").await.status, 200);
}
