//! A node that was paused does not answer from the past.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::calls::{Caller, keys};
use crate::node::Nodes;
use neokeys_testkit::servers::etcd::Etcd;

#[test]
fn the_first_answer_after_a_pause_is_of_now() {
    let etcd = Etcd::start();
    etcd.control(&["put", "/paused/t/security.yml", "apiKeys: []"]);
    let nodes = Nodes::on(&etcd.url("paused"), "300ms");
    let (node, other) = (nodes.start(), nodes.start());
    let caller = Caller::new(&nodes.token());
    for round in 0..5 {
        let name = format!("k{round}");
        let body = json!({"name": name, "permissions": ["a"]});
        let created = caller.ask(&other, "POST", &keys("t"), Some(body)).unwrap();
        assert_eq!(created.status, 201, "{created:?}");
        let token = created.body["token"].as_str().unwrap().to_owned();
        while caller.present(&node, "t", &token) != Some(403) {}
        node.stop();
        let path = format!("{}/{name}", keys("t"));
        assert_eq!(caller.ask(&other, "DELETE", &path, None).unwrap().status, 204);
        std::thread::sleep(Duration::from_millis(350));
        // The request is there before the node is back.
        let address = node.origin().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        let path = keys("t");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-API-KEY: {token}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        node.resume();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "round {round}: {answer}");
    }
}
