//! However many connections there are, documents can be opened.

use std::io::Write as _;

use crate::node::{KEYS, Node, answer, get, put, request};

const METRICS: &str = "metrics: {listen: '127.0.0.1:0'}\n";

#[test]
fn the_limit_of_a_plain_shell_is_raised() {
    let node = Node::builder().settings(METRICS).after("ulimit -Sn 1024").start();
    let idle: Vec<_> = (0..1_200).map(|_| node.connect()).collect();
    let created = node.ask(&request("POST", KEYS, "{\"name\": \"a\", \"permissions\": [\"a\"]}"));
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    assert!(node.metric("process_max_fds") >= 10_256.0);
    assert_eq!(node.metric("neokeys_connections_max"), 10_000.0);
    drop(idle);
}

#[test]
fn where_it_cannot_be_raised_connections_leave_room_for_documents() {
    for hard in [300, 600] {
        let node = Node::builder().settings(METRICS).after(&format!("ulimit -n {hard}")).start();
        let most = node.metric("neokeys_connections_max");
        assert!(most < f64::from(hard) - 100.0 && most >= 100.0, "{most}");
        assert!(node.log().contains("LimitNOFILE"), "{}", node.log());
        let mut admin = node.connect();
        let mut ask = |request: &str| {
            admin.write_all(request.as_bytes()).unwrap();
            answer(&mut admin)
        };
        assert!(ask(&get(KEYS)).starts_with("HTTP/1.1 200 "));
        let _idle: Vec<_> = (0..hard).map(|_| node.connect()).collect();
        for round in 0..20 {
            let body = format!("{{\"name\": \"a{round}\", \"permissions\": [\"a\"]}}");
            let created = ask(&request("POST", KEYS, &body));
            assert!(created.starts_with("HTTP/1.1 201 "), "{hard}: {created}");
        }
        // A hand edit counts at once.
        put(&node.path("data/t1/security.yml"), "apiKeys: []\n");
        let refused = ask(&get(KEYS));
        assert!(refused.starts_with("HTTP/1.1 401 "), "{hard}: {refused}");
    }
}
