//! A head has its time, whichever of a connection's it is and whatever comes before it.

use std::time::Duration;

use crate::clients::{Client, Way};
use crate::node::{ADMIN, KEYS, Node, answer, get, request};

/// How many connections an attacker holds.
const MANY: usize = 1_000;

/// Heads have a second; nothing else ends a connection soon.
const SETTINGS: &str = "limits: {head_time: 1s, idle_time: 1000s, body_time: 1000s}\nmetrics: {listen: '127.0.0.1:0'}\nlog: {level: warn}\n";

const REQUEST: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

/// The pieces that a client sends, and whether it reads an answer before it goes on.
struct Beginning {
    requests: &'static str,
    answers: usize,
    begun: &'static str,
}

const fn after(requests: &'static str, answers: usize, begun: &'static str) -> Beginning {
    Beginning { requests, answers, begun }
}

/// Every way to begin a head and not to end it.
fn beginnings() -> Vec<Beginning> {
    vec![
        after("", 0, "G"),
        after("", 0, "\r\n"),
        after("", 0, "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        after(REQUEST, 1, "\r\n"),
        after(REQUEST, 1, "\n"),
        after(REQUEST, 1, "\r\n\r\n\r\n\r\n"),
        after(REQUEST, 1, "G"),
        after(REQUEST, 1, "GET /health/live HTTP/1.1\r\nHost: x\r\n"),
        // In the wake of a request, in the same segment.
        after("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n\r\n", 1, ""),
        after("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nG", 1, ""),
        after(
            "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\nPOST",
            2,
            "",
        ),
        // Behind a body, of either kind, that nobody reads.
        after("POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcG", 1, ""),
        after(
            "POST /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            1,
            "G",
        ),
    ]
}

fn begin(node: &Node, way: &Way, beginning: &Beginning) -> Client {
    let mut client = way.connect(node);
    if !beginning.requests.is_empty() {
        client.send(beginning.requests);
    }
    for _ in 0..beginning.answers {
        let answer = client.answer();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    }
    if !beginning.begun.is_empty() {
        client.send(beginning.begun);
    }
    client
}

fn every_beginning_comes_to_its_end(node: &Node, way: &Way) {
    for beginning in beginnings() {
        let Beginning { requests, begun, .. } = beginning;
        let rest = begin(node, way, &beginning).rest();
        let closes = rest.is_empty() && requests.starts_with("POST");
        assert!(
            closes || rest.starts_with("HTTP/1.1 408 ") && rest.contains("Connection: close"),
            "{requests:?} {begun:?}: {rest:?}"
        );
    }
}

#[test]
fn a_head_that_was_begun_has_its_time() {
    let node = Node::start(SETTINGS);
    every_beginning_comes_to_its_end(&node, &Way::Plain);
    assert!(node.metric("neokeys_connections_refused_total{reason=\"head_timeout\"}") >= 10.0);
}

#[test]
fn a_head_that_was_begun_has_its_time_over_tls() {
    let node = Node::builder().settings(SETTINGS).secure().start();
    every_beginning_comes_to_its_end(&node, &Way::secure(&node));
}

/// Many such connections take every place, and all of them are given back.
fn many_are_ended(node: &Node, way: &Way) {
    let all = beginnings();
    let mut clients: Vec<_> =
        (0..MANY).map(|number| begin(node, way, &all[number % all.len()])).collect();
    // There is no place left for this one until they are ended.
    let mut other = way.connect(node);
    other.send(&get(KEYS));
    let answer = answer(&mut other);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for client in &mut clients {
        client.rest();
    }
}

#[test]
fn a_thousand_heads_that_never_end_shut_nobody_out() {
    let settings = SETTINGS.replace("limits: {", &format!("limits: {{connections: {MANY}, "));
    many_are_ended(&Node::start(&settings), &Way::Plain);
    let node = Node::builder().settings(&settings).secure().start();
    many_are_ended(&node, &Way::secure(&node));
}

#[test]
fn a_handshake_that_never_ends_has_its_time() {
    let node = Node::builder().settings(SETTINGS).secure().start();
    for begun in ["", "\u{16}", "GET / HTTP/1.1\r\n\r\n"] {
        let mut client = Way::Plain.connect(&node);
        client.send(begun);
        // What an alert says is of no interest here.
        let mut byte = [0; 1024];
        while std::io::Read::read(&mut client, &mut byte).is_ok_and(|count| count > 0) {}
    }
    crate::node::at_last("they are counted", || {
        node.metric("neokeys_connections_refused_total{reason=\"handshake\"}") == 3.0
    });
}

#[test]
fn a_connection_that_says_nothing_is_ended_in_silence() {
    let node = Node::start("limits: {head_time: 1s, idle_time: 1s}\n");
    assert_eq!(Way::Plain.connect(&node).rest(), "");
    let mut used = Way::Plain.connect(&node);
    used.send(REQUEST);
    used.answer();
    assert_eq!(used.rest(), "");
}

#[test]
fn a_body_that_nobody_reads_keeps_no_connection() {
    let node = Node::start("limits: {head_time: 1000s, idle_time: 1000s, body_time: 1s}\n");
    let head = "POST /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for begun in ["", "5\r\nab", "5;x=", "0\r\n"] {
        let mut client = Way::Plain.connect(&node);
        client.send(&format!("{head}{begun}"));
        assert!(client.answer().starts_with("HTTP/1.1 405 "));
        assert_eq!(client.rest(), "", "{begun:?}");
    }
}

#[test]
fn a_body_that_takes_longer_than_a_head_may_is_taken() {
    let node = Node::start("limits: {head_time: 1s, idle_time: 1s}\n");
    let body = "{\"name\": \"slow\", \"permissions\": [\"*\"]}";
    let whole = request("POST", KEYS, body);
    let (start, end) = whole.split_at(whole.len() - 1);
    // This one began before: once its head's time is over, so is that of the other's head.
    let mut clock = Way::Plain.connect(&node);
    let mut client = Way::Plain.connect(&node);
    client.send(start);
    clock.send("G");
    assert!(clock.rest().starts_with("HTTP/1.1 408 "));
    client.send(end);
    let answer = client.answer();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[test]
fn an_idle_connection_outlives_the_time_of_a_head() {
    let node = Node::start("limits: {head_time: 1s, idle_time: 1000s}\n");
    let mut client = Way::Plain.connect(&node);
    for _ in 0..2 {
        client.send(&get(KEYS));
        assert!(client.answer().starts_with("HTTP/1.1 200 "));
        let mut clock = Way::Plain.connect(&node);
        clock.send("G");
        clock.rest();
    }
    // Pieces of a head that arrives in time, each after a pause.
    let request = get(KEYS);
    for piece in request.as_bytes().chunks(request.len() / 4 + 1) {
        client.send(std::str::from_utf8(piece).unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(client.answer().starts_with("HTTP/1.1 200 "));
    assert!(!ADMIN.is_empty());
}

#[test]
fn what_is_no_http_is_counted() {
    let node = Node::start(SETTINGS);
    for (bytes, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\n b: c\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}".to_owned(), "400"),
    ] {
        let mut client = Way::Plain.connect(&node);
        client.send(&bytes);
        let rest = client.rest();
        assert!(rest.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes:?}: {rest}");
    }
    let refused = |reason: &str| {
        node.metric(&format!("neokeys_connections_refused_total{{reason=\"{reason}\"}}"))
    };
    crate::node::at_last("they are counted", || refused("bad_request") == 5.0);
    let mut client = Way::Plain.connect(&node);
    client.send(&format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}", "x".repeat(200_000)));
    client.rest();
    crate::node::at_last("a head that is too large is counted", || {
        refused("head_too_large") == 1.0
    });
    // Anybody can send as much nonsense as they like: it fills no log.
    assert!(!node.log().contains("ERROR"), "{}", node.log());
}
