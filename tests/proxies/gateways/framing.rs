//! Each request is judged by itself, wherever it begins and ends.

use std::io::Write as _;
use std::net::Shutdown;

use super::way::{ORDERS, Way, identity, of_shop, ways};
use crate::connections::ambiguous;
use crate::raw::{connect, get, read_answer};
use neokeys_testkit::token_of;

fn head(way: &Way, method: &str, path: &str, lines: &str) -> String {
    let (host, key) = (way.proxy.address(), token_of("shop"));
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-API-KEY: {key}\r\n{lines}\r\n")
}

#[tokio::test]
async fn a_body_comes_through_whole_however_it_is_framed() {
    let body = "x".repeat(200_000);
    let chunked: String = body
        .as_bytes()
        .chunks(4_000)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
        .collect();
    for way in ways() {
        let length = format!("Content-Length: {}\r\n", body.len());
        for (lines, sent) in [
            (length.clone(), body.clone()),
            ("Content-Length: 5\r\nExpect: 100-continue\r\n".to_owned(), "xxxxx".to_owned()),
            ("Transfer-Encoding: chunked\r\n".to_owned(), format!("{chunked}0\r\n\r\n")),
            ("Content-Length: 0\r\n".to_owned(), String::new()),
        ] {
            let mut connection = connect(way.proxy.address());
            connection.write_all(head(&way, "POST", ORDERS, &lines).as_bytes()).unwrap();
            connection.write_all(sent.as_bytes()).unwrap();
            let answer = read_answer(&mut connection);
            let label = format!("{:?}: {lines:?}: {} {}", way.gateway, answer.status, answer.head);
            assert_eq!(answer.status, 200, "{label}");
            assert_ne!(answer.body.len(), 0, "{label}");
            let told = answer.json();
            let expected = if sent.len() < body.len() { sent.as_str() } else { &body };
            assert!(told["body"] == expected, "{label}");
            assert_eq!(identity(&told), of_shop(), "{label}");
        }
    }
}

#[tokio::test]
async fn requests_that_come_at_once_are_judged_each_by_itself() {
    for way in ways() {
        let bad = format!("GET {ORDERS}/hidden HTTP/1.1\r\nHost: {}\r\n\r\n", way.proxy.address());
        let good = head(&way, "GET", ORDERS, "");
        let last = head(&way, "GET", ORDERS, "Connection: close\r\n");
        let mut connection = connect(way.proxy.address());
        connection.write_all(format!("{good}{bad}{last}").as_bytes()).unwrap();
        let first = read_answer(&mut connection);
        assert_eq!(first.status, 200, "{:?}: {first:?}", way.gateway);
        // Whether it goes on after that is its own affair.
        let second = read_answer(&mut connection);
        assert!(matches!(second.status, 0 | 401), "{:?}: {second:?}", way.gateway);
        assert_hidden(&way, "three at once");
    }
}

/// The request that nobody judged did not reach the service behind.
fn assert_hidden(way: &Way, label: &str) {
    let paths = way.upstream.paths();
    let hidden = paths.iter().filter(|it| it.contains("hidden")).count();
    assert_eq!(hidden, 0, "{:?}: {label}: {paths:?}", way.gateway);
}

#[tokio::test]
async fn no_request_is_hidden_in_another() {
    let hidden = "GET /shops/demo/hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for way in ways() {
        let first = format!("{ORDERS}\r\nX-API-KEY: {}", token_of("shop"));
        // The key belongs to the head of the first alone.
        let (path, key) = first.split_once("\r\n").unwrap();
        for request in ambiguous("POST", path, way.proxy.address(), hidden) {
            let request = request.replacen("\r\n", &format!("\r\n{key}\r\n"), 1);
            let mut connection = connect(way.proxy.address());
            // It may be cut off.
            let _ = connection.write_all(request.as_bytes());
            let _ = connection.shutdown(Shutdown::Write);
            let _ = read_answer(&mut connection);
            // The next one on the gateway's own connections gets its own answer.
            let lines = [key.as_bytes().to_vec()];
            let next = get(way.proxy.address(), ORDERS, &lines);
            assert_eq!(next.status, 200, "{:?}: {request:?}: {next:?}", way.gateway);
            assert_eq!(next.json()["path"], ORDERS, "{:?}: {request:?}", way.gateway);
            assert_hidden(&way, &request);
        }
    }
}
