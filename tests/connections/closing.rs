//! The last request of a connection is the last that is carried out.

use crate::clients::Way;
use crate::node::{KEYS, Node, get, request};

/// A request with these lines added to its head.
fn with(request: &str, lines: &str) -> String {
    request.replacen("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"), 1)
}

fn create(name: &str) -> String {
    request("POST", KEYS, &format!("{{\"name\": \"{name}\", \"permissions\": [\"a\"]}}"))
}

/// Sends them in one piece, and gives the answers.
fn answers(node: &Node, way: &Way, requests: &[String]) -> String {
    let mut client = way.connect(node);
    client.send(&requests.concat());
    client.rest()
}

fn nothing_behind_the_last_request_is_carried_out(node: &Node, way: &Way) {
    let large = format!("{{\"name\": \"x\", \"x\": \"{}\"}}", "x".repeat(60_000));
    let lasts = [
        ("200", with(&get("/health/live"), "Connection: close")),
        ("200", with(&get("/health/live"), "Connection: keep-alive, Close")),
        ("200", with(&get(KEYS), "Accept: */*\r\nconnection:close")),
        ("200", get("/health/live").replace("HTTP/1.1", "HTTP/1.0")),
        ("400", with(&request("POST", KEYS, &large), "Connection: close")),
        (
            "405",
            "POST /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".to_owned(),
        ),
    ];
    for (number, (status, last)) in lasts.iter().enumerate() {
        let (before, behind) = (format!("before-{number}"), format!("behind-{number}"));
        let answers = answers(node, way, &[create(&before), last.clone(), create(&behind)]);
        assert_eq!(answers.matches("HTTP/1.").count(), 2, "{last}: {answers}");
        assert!(answers.contains(&format!(" {status} ")), "{last}: {answers}");
        let mut client = way.connect(node);
        client.send(&get(KEYS));
        let list = client.answer();
        assert!(list.contains(&before) && !list.contains(&behind), "{last}: {list}");
    }
}

#[test]
fn what_comes_behind_the_last_request_is_not_carried_out() {
    nothing_behind_the_last_request_is_carried_out(&Node::start(""), &Way::Plain);
    let node = Node::builder().secure().start();
    nothing_behind_the_last_request_is_carried_out(&node, &Way::secure(&node));
}

#[test]
fn what_comes_before_the_last_request_is_answered_in_order() {
    let node = Node::start("");
    let names: Vec<_> = (0..20).map(|number| format!("in-line-{number}")).collect();
    let mut requests: Vec<_> = names.iter().map(|name| create(name)).collect();
    requests.push(with(&get(KEYS), "Connection: close"));
    requests.push("nonsense that is no request at all\r\n\r\n".repeat(1_000));
    let answers = answers(&node, &Way::Plain, &requests);
    assert_eq!(answers.matches("HTTP/1.1 201 ").count(), 20, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 21, "{answers}");
    let list = answers.rsplit("HTTP/1.1 200 ").next().unwrap();
    assert!(names.iter().all(|name| list.contains(name)), "{list}");
}

#[test]
fn zeros_that_make_sense_mean_what_they_say() {
    let settings = "limits: {idle_time: 0s, shutdown: 0s, loaded: 0, body_time: 1000s}\n";
    let mut node = Node::start(settings);
    for _ in 0..3 {
        // One request a connection, and nothing kept in memory.
        let mut client = Way::Plain.connect(&node);
        client.send(&get(KEYS));
        let answer = client.rest();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    }
    let mut sending = Way::Plain.connect(&node);
    let whole = create("never-made");
    sending.send(&whole[..whole.len() - 1]);
    node.signal(rustix::process::Signal::TERM);
    assert_eq!(node.ended().code(), Some(0), "{}", node.log());
}
