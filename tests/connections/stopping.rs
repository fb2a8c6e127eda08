//! Told to end once, the process finishes what it does; told twice, it ends.

use std::io::Write as _;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::node::{KEYS, Node, answer, at_last, get, request};

const SIGNALS: [Signal; 2] = [Signal::TERM, Signal::INT];

/// Longer than any test waits: nothing ends in time by itself.
const PATIENT: &str = "limits: {shutdown: 1000s, body_time: 1000s, stall_time: 1000s}\n";

/// Clients that keep a process from ending by itself: a body that does not arrive, and an answer that is
/// not taken.
fn load(node: &Node) -> [TcpStream; 2] {
    let mut sending = node.connect();
    let whole = request("POST", KEYS, "{\"name\": \"a\", \"permissions\": [\"a\"]}");
    sending.write_all(&whole.as_bytes()[..whole.len() - 1]).unwrap();
    let mut stalled = node.connect();
    rustix::net::sockopt::set_socket_recv_buffer_size(&stalled, 4096).unwrap();
    let page = get("/swagger-ui/swagger-ui-bundle.js").repeat(16);
    stalled.write_all(page.as_bytes()).unwrap();
    // Both requests are known once a later one is answered, by each of two workers.
    for _ in 0..4 {
        assert!(node.list().starts_with("HTTP/1.1 200 "));
    }
    [sending, stalled]
}

#[test]
fn an_idle_process_ends_when_it_is_told_so_however_often() {
    for signal in SIGNALS {
        for times in 1..=5 {
            let mut node = Node::start(PATIENT);
            // A connection that is kept and a head that was begun are nothing in flight.
            let (mut kept, mut begun) = (node.connect(), node.connect());
            kept.write_all(get(KEYS).as_bytes()).unwrap();
            assert!(answer(&mut kept).starts_with("HTTP/1.1 200 "));
            begun.write_all(b"GET").unwrap();
            (0..times).for_each(|_| node.signal(signal));
            assert_eq!(node.ended().code(), Some(0), "{signal:?} {times}: {}", node.log());
        }
    }
}

#[test]
fn a_second_signal_ends_what_is_in_flight() {
    for (first, second) in SIGNALS.into_iter().flat_map(|a| SIGNALS.map(|b| (a, b))) {
        for times in 1..=4 {
            let mut node = Node::start(PATIENT);
            let _load = load(&node);
            node.signal(first);
            at_last("the first is heard", || node.log().contains("finishing requests in flight"));
            assert!(!node.has_ended());
            (0..times).for_each(|_| node.signal(second));
            assert_eq!(node.ended().code(), Some(0), "{first:?} {second:?}: {}", node.log());
            assert!(node.log().contains("again: aborting requests in flight"), "{}", node.log());
        }
    }
}

#[test]
fn signals_in_quick_succession_are_more_than_one() {
    for times in 2..=5 {
        let mut node = Node::start(PATIENT);
        let _load = load(&node);
        for turn in 0..times {
            node.signal(SIGNALS[turn % 2]);
        }
        assert_eq!(node.ended().code(), Some(0), "{times}: {}", node.log());
    }
}

#[test]
fn what_is_in_flight_is_finished_when_it_is_told_once() {
    for signal in SIGNALS {
        let mut node = Node::start(PATIENT);
        let mut sending = node.connect();
        let whole = request("POST", KEYS, "{\"name\": \"last\", \"permissions\": [\"a\"]}");
        let (start, end) = whole.split_at(whole.len() - 1);
        sending.write_all(start.as_bytes()).unwrap();
        assert!(node.list().starts_with("HTTP/1.1 200 "));
        assert!(node.list().starts_with("HTTP/1.1 200 "));
        node.signal(signal);
        at_last("it is heard", || node.log().contains("finishing requests in flight"));
        sending.write_all(end.as_bytes()).unwrap();
        let answer = answer(&mut sending);
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert_eq!(node.ended().code(), Some(0), "{}", node.log());
    }
}
