//! A client that reads nothing costs a slice of its answer, and that for a while.

use std::net::TcpStream;

use crate::clients::{Client, Way};
use crate::node::{KEYS, Node, at_last, entry, get};

/// How many clients read nothing.
const READERS: usize = 1_000;

/// The bytes that they may take together.
const BAR: u64 = 64 << 20;

/// A client's window is as small as the system lets it be, so that answers stay where they are made.
fn stalled(node: &Node, way: &Way, path: &str) -> Client {
    let mut client = way.connect(node);
    let stream: &TcpStream = match &client {
        Client::Plain(stream) => stream,
        Client::Secure(secure) => &secure.sock,
    };
    rustix::net::sockopt::set_socket_recv_buffer_size(stream, 4096).unwrap();
    client.send(&get(path));
    client
}

fn stalled_readers_cost_little(node: &Node, way: &Way, path: &str) {
    let served = || node.metric("neokeys_connections");
    // One that reads all: what is shared by all who come is there now. A busy machine may take longer
    // to read a large document than a caller is let wait.
    at_last("it is answered", || {
        let mut first = way.connect(node);
        first.send(&get(path));
        let answer = first.answer();
        answer.starts_with("HTTP/1.1 200 ") && answer.len() > 1_000_000
    });
    at_last("nobody is there", || served() == 0.0);
    let before = node.memory();
    let count = |operation: &str| {
        node.metric(&format!(
            "neokeys_http_requests_total{{operation=\"{operation}\",status=\"200\"}}"
        ))
    };
    let operation = if path == KEYS { "ListApiKeys" } else { "other" };
    let answered = count(operation);
    let readers: Vec<_> = (0..READERS).map(|_| stalled(node, way, path)).collect();
    at_last("all were answered", || count(operation) - answered >= READERS as f64);
    let mut during = 0;
    // What a thousand connections at once took to be made goes back soon.
    at_last("the memory that they hold is little", || {
        during = node.memory();
        during < before + BAR
    });
    assert_eq!(served(), READERS as f64);
    println!("{path}: {} KiB a reader", during.saturating_sub(before) / 1024 / READERS as u64);
    drop(readers);
    at_last("they are gone", || served() == 0.0);
    let mut after = 0;
    at_last("memory is given back", || {
        after = node.memory();
        after < before + BAR / 4
    });
    println!("{path}: from {before} to {during} to {after}");
}

/// A list of more than a megabyte.
fn entries() -> String {
    (0..20_000)
        .map(|number| {
            let name = format!("{number}-{}", "long-name".repeat(8));
            entry(&name, &number.to_string())
        })
        .collect()
}

const SETTINGS: &str = "metrics: {listen: '127.0.0.1:0'}\nlog: {level: warn}\nlimits: {stall_time: 1000s, idle_time: 1000s}\n";

#[test]
fn readers_of_the_page_who_stall_cost_little() {
    let node = Node::start(SETTINGS);
    stalled_readers_cost_little(&node, &Way::Plain, "/swagger-ui/swagger-ui-bundle.js");
}

#[test]
fn readers_of_a_large_list_who_stall_cost_little() {
    let node = Node::builder().settings(SETTINGS).entries(&entries()).start();
    stalled_readers_cost_little(&node, &Way::Plain, KEYS);
}

#[test]
fn readers_who_stall_over_tls_cost_little() {
    let node = Node::builder().settings(SETTINGS).secure().start();
    let way = Way::secure(&node);
    stalled_readers_cost_little(&node, &way, "/swagger-ui/swagger-ui-bundle.js");
}

#[test]
fn the_page_can_be_left_out() {
    let node = Node::start("swagger_ui: {enabled: false}\n");
    for path in ["/", "/swagger-ui", "/swagger-ui/", "/swagger-ui/swagger-ui-bundle.js"] {
        let answer = node.ask(&get(path));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.contains("path-not-found"), "{path}: {answer}");
    }
    assert!(node.ask(&get("/openapi/v1.json")).starts_with("HTTP/1.1 200 "));
}
