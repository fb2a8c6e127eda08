//! etcd that is not there, and etcd that is full.

use serde_json::json;

use crate::calls::{Caller, keys};
use crate::node::Nodes;
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::servers::wait_until;

const KEYS: &str = "/api/t/admin/apiKeys";

#[test]
fn a_node_that_comes_before_etcd_says_so_and_works_once_it_is_there() {
    let mut etcd = Etcd::start();
    etcd.control(&["put", "/early/t/security.yml", "apiKeys: []"]);
    etcd.kill(0);
    let nodes = Nodes::on(&etcd.url("early"), "2s");
    let (node, caller) = (nodes.start(), Caller::new(&nodes.token()));
    let ready = caller.ask(&node, "GET", "/health/ready", None).unwrap();
    assert_eq!((ready.status, &ready.body["status"]), (503, &json!("cut-off")));
    let live = caller.ask(&node, "GET", "/health/live", None).unwrap();
    assert_eq!(live.status, 200);
    assert_eq!(caller.ask(&node, "GET", KEYS, None).unwrap().status, 503);
    wait_until("a line in the log", || node.log().contains("etcd is not reached; start it"));
    etcd.restart(0);
    etcd.wait();
    wait_until("a ready node", || {
        caller.ask(&node, "GET", "/health/ready", None).is_some_and(|ready| ready.status == 200)
    });
    assert_eq!(caller.ask(&node, "GET", KEYS, None).unwrap().status, 200);
    let body = json!({"name": "k", "permissions": ["a"]});
    assert_eq!(caller.ask(&node, "POST", KEYS, Some(body)).unwrap().status, 201);
    // Gone again: what is in memory is served for the time of the bound, and then no more.
    etcd.kill(0);
    wait_until("a refusal", || {
        caller.ask(&node, "GET", KEYS, None).is_some_and(|reply| reply.status == 503)
    });
    let body = json!({"name": "l", "permissions": ["a"]});
    assert_eq!(caller.ask(&node, "POST", KEYS, Some(body)).unwrap().status, 503);
}

#[test]
fn etcd_out_of_space_takes_no_changes_and_goes_on_checking_keys() {
    let etcd = Etcd::builder(1).arguments(&["--quota-backend-bytes=1500000"]).start();
    etcd.control(&["put", "/full/t/security.yml", "apiKeys: []"]);
    let nodes = Nodes::on(&etcd.url("full"), "300ms");
    let (node, caller) = (nodes.start(), Caller::new(&nodes.token()));
    let body = |name: &str| Some(json!({"name": name, "permissions": ["tenant.apiKey:read"]}));
    wait_until("a ready node", || {
        caller.ask(&node, "GET", "/health/ready", None).is_some_and(|ready| ready.status == 200)
    });
    let created = caller.ask(&node, "POST", KEYS, body("first")).unwrap();
    let token = created.body["token"].as_str().unwrap().to_owned();
    let filling = "x".repeat(100_000);
    wait_until("a full etcd", || etcd.try_control(&["put", "/filling", &filling]).is_none());
    let refused = caller.ask(&node, "POST", KEYS, body("second")).unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    for _ in 0..3 {
        assert_eq!(caller.present(&node, "t", &token), Some(200));
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    let ready = caller.ask(&node, "GET", "/health/ready", None).unwrap();
    assert_eq!((ready.status, &ready.body["status"]), (200, &json!("degraded")), "{ready:?}");
    assert!(ready.body["faults"][0].as_str().unwrap().contains("out of space"), "{ready:?}");
    // As etcd's own pages say: compact, defragment, disarm.
    let status = etcd.control(&["get", "/filling", "-w", "json"]);
    let revision = status.split("\"revision\":").nth(1).unwrap().split(',').next().unwrap();
    etcd.control(&["compact", revision]);
    etcd.control(&["defrag"]);
    etcd.control(&["alarm", "disarm"]);
    // It is noticed without anybody writing.
    wait_until("a node that is ready again", || {
        let ready = caller.ask(&node, "GET", "/health/ready", None);
        ready.is_some_and(|ready| ready.body["status"] == json!("ready"))
    });
    let created = caller.ask(&node, "POST", KEYS, body("second")).unwrap();
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(keys("t"), KEYS);
}

#[test]
fn changes_that_were_compacted_away_unseen_are_read_anew() {
    let etcd = Etcd::start();
    etcd.control(&["put", "/compacted/t/security.yml", "apiKeys: []"]);
    let nodes = Nodes::on(&etcd.url("compacted"), "300ms");
    let (node, other) = (nodes.start(), nodes.start());
    let caller = Caller::new(&nodes.token());
    let names = |node| {
        let reply = caller.ask(node, "GET", KEYS, None).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body.as_array().unwrap().len()
    };
    assert_eq!(names(&node), 0);
    for round in 1..4 {
        node.stop();
        let body = json!({"name": format!("k{round}"), "permissions": ["a"]});
        assert_eq!(caller.ask(&other, "POST", KEYS, Some(body)).unwrap().status, 201);
        let found = etcd.control(&["get", "/x", "-w", "json"]);
        let revision = found.split("\"revision\":").nth(1).unwrap().split(',').next().unwrap();
        etcd.control(&["compact", revision]);
        // A watch that comes back has to begin before the compaction.
        std::thread::sleep(std::time::Duration::from_millis(400));
        node.resume();
        assert_eq!(names(&node), round, "after its bound a node knows everything");
    }
}
