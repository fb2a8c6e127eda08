//! SIGHUP has things read anew and ends nothing.

use std::io::Write as _;

use rustix::process::Signal;

use crate::clients::Way;
use crate::node::{KEYS, Node, answer, at_last, certify, get};

#[test]
fn a_certificate_is_read_anew() {
    let mut node = Node::builder().secure().start();
    let first = Way::secure(&node);
    let mut kept = first.connect(&node);
    kept.send(&get(KEYS));
    assert!(kept.answer().starts_with("HTTP/1.1 200 "));
    for round in 1..=3 {
        certify(node.path("").as_path());
        node.signal(Signal::HUP);
        at_last("it is read", || {
            node.log().matches("reloaded the TLS certificate").count() >= round
        });
        let mut client = Way::secure(&node).connect(&node);
        client.send(&get(KEYS));
        assert!(client.answer().starts_with("HTTP/1.1 200 "));
        kept.send(&get(KEYS));
        assert!(kept.answer().starts_with("HTTP/1.1 200 "));
    }
    assert!(!node.has_ended(), "{}", node.log());
}

#[test]
fn it_never_ends_the_process() {
    let mut node = Node::start("limits: {body_time: 1000s, shutdown: 1000s}\n");
    for round in 1..=5 {
        node.signal(Signal::HUP);
        at_last("it is heard", || node.log().matches("SIGHUP").count() >= round);
        assert!(node.list().starts_with("HTTP/1.1 200 "));
    }
    // Not while it is ending either, and it is no second SIGTERM.
    let mut sending = node.connect();
    let whole = crate::node::request("POST", KEYS, "{\"name\": \"a\", \"permissions\": [\"a\"]}");
    let (start, end) = whole.split_at(whole.len() - 1);
    sending.write_all(start.as_bytes()).unwrap();
    assert!(node.list().starts_with("HTTP/1.1 200 ") && node.list().starts_with("HTTP/1.1 200 "));
    node.signal(Signal::TERM);
    at_last("it is ending", || node.log().contains("finishing requests in flight"));
    node.signal(Signal::HUP);
    at_last("it is heard", || node.log().matches("SIGHUP").count() >= 6);
    sending.write_all(end.as_bytes()).unwrap();
    let answer = answer(&mut sending);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(node.ended().code(), Some(0), "{}", node.log());
}

#[test]
fn a_certificate_that_became_a_pipe_holds_nobody_up() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let node = Node::builder().secure().start();
    let way = Way::secure(&node);
    for name in ["cert.pem", "key.pem"] {
        std::fs::rename(node.path(name), node.path("aside")).unwrap();
        mknodat(CWD, node.path(name), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        // As many handshakes as there can be workers.
        for _ in 0..16 {
            let mut client = way.connect(&node);
            client.send(&get(KEYS));
            assert!(client.answer().starts_with("HTTP/1.1 200 "), "{name}");
        }
        std::fs::remove_file(node.path(name)).unwrap();
        std::fs::rename(node.path("aside"), node.path(name)).unwrap();
    }
    assert!(node.log().contains("name a file"), "{}", node.log());
}
