//! Two nodes on object storage.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::calls::{Caller, keys};
use crate::node::{Node, Nodes};
use neokeys_testkit::programs::free_port;
use neokeys_testkit::servers::buckets::Buckets;
use neokeys_testkit::servers::{get, wait_until};

const WRITERS: usize = 4;
const CHANGES: usize = 5;

fn judge(buckets: &Buckets) {
    let nodes = Nodes::on(&buckets.url("two"), "1s").with(&buckets.variables());
    let started: Arc<[Node; 2]> = Arc::new([nodes.start(), nodes.start()]);
    make_tenant(buckets);
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (started, caller) = (Arc::clone(&started), Caller::new(&nodes.token()));
            std::thread::spawn(move || {
                for change in 0..CHANGES {
                    let name = format!("w{writer}-{change}");
                    let body = json!({"name": name, "permissions": ["a"]});
                    let node = &started[writer % 2];
                    let reply = caller.ask(node, "POST", &keys("t"), Some(body)).unwrap();
                    assert_eq!(reply.status, 201, "{reply:?}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let caller = Caller::new(&nodes.token());
    // As long as a node may not know of the other's changes.
    std::thread::sleep(Duration::from_millis(1100));
    for node in started.iter() {
        let list = caller.ask(node, "GET", &keys("t"), None).unwrap();
        assert_eq!(list.body.as_array().unwrap().len(), WRITERS * CHANGES);
    }
    a_refusal_counts_from_the_newest_document(&caller, &started);
    a_deletion_counts_within_the_bound(&caller, &started);
}

fn a_refusal_counts_from_the_newest_document(caller: &Caller, nodes: &[Node; 2]) {
    let body = || Some(json!({"name": "quick", "permissions": ["a"]}));
    let path = format!("{}/quick", keys("t"));
    for round in 0..4 {
        let (one, other) = (&nodes[round % 2], &nodes[(round + 1) % 2]);
        caller.ask(other, "GET", &keys("t"), None).unwrap();
        assert_eq!(caller.ask(one, "POST", &keys("t"), body()).unwrap().status, 201);
        assert_eq!(caller.ask(other, "DELETE", &path, None).unwrap().status, 204, "made there");
        assert_eq!(
            caller.ask(one, "POST", &keys("t"), body()).unwrap().status,
            201,
            "deleted there"
        );
        assert_eq!(caller.ask(other, "POST", &keys("t"), body()).unwrap().status, 409);
        assert_eq!(caller.ask(other, "DELETE", &path, None).unwrap().status, 204);
    }
}

fn a_deletion_counts_within_the_bound(caller: &Caller, nodes: &[Node; 2]) {
    let body = json!({"name": "gone", "permissions": ["a"]});
    let created = caller.ask(&nodes[0], "POST", &keys("t"), Some(body)).unwrap();
    let token = created.body["token"].as_str().unwrap().to_owned();
    while caller.present(&nodes[1], "t", &token) != Some(403) {}
    let path = format!("{}/gone", keys("t"));
    assert_eq!(caller.ask(&nodes[0], "DELETE", &path, None).unwrap().status, 204);
    let since = Instant::now();
    assert_eq!(caller.present(&nodes[0], "t", &token), Some(401));
    loop {
        let begun = since.elapsed();
        match caller.present(&nodes[1], "t", &token) {
            Some(401) => break,
            status => assert_eq!(status, Some(403)),
        }
        assert!(begun <= Duration::from_secs(1), "accepted {begun:?} after its deletion");
    }
}

/// With the program, as an operator does.
pub fn make_tenant(buckets: &Buckets) {
    let status = std::process::Command::new(neokeys_testkit::server::neokeys())
        .args(["tenants", "create", "t", "--store", &buckets.url("two")])
        .envs(buckets.variables())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn two_nodes_on_s3_lose_no_change() {
    judge(&Buckets::s3());
}

#[test]
fn two_nodes_on_azure_lose_no_change() {
    judge(&Buckets::azurite());
}

/// No server takes a port that a test did not give it, so tests run side by side.
#[test]
fn two_servers_of_a_kind_run_side_by_side() {
    for start in [Buckets::azurite, Buckets::s3, Buckets::seaweedfs, Buckets::google] {
        let two = [start(), start()];
        let urls: Vec<_> = two.iter().map(|it| it.variables()).collect();
        assert_ne!(urls[0], urls[1]);
    }
}

#[test]
fn two_nodes_on_seaweedfs_lose_no_change() {
    judge(&Buckets::seaweedfs());
}

#[test]
fn two_nodes_on_google_lose_no_change() {
    judge(&Buckets::google());
}

#[test]
fn a_node_says_what_its_server_lacks_and_changes_nothing() {
    let buckets = Buckets::spoiled_s3(&["if-match"]);
    let nodes = Nodes::on(&buckets.url("lacking"), "1s").with(&buckets.variables());
    let (node, caller) = (nodes.start(), Caller::new(&nodes.token()));
    wait_until("a fault in the readiness", || {
        let ready = caller.ask(&node, "GET", "/health/ready", None).unwrap();
        ready.body.to_string().contains("does not keep to If-Match")
    });
    wait_until("a line in the log", || node.log().contains("does not keep to If-Match"));
    let run = std::process::Command::new(neokeys_testkit::server::neokeys())
        .args(["tenants", "create", "t", "--store", &buckets.url("lacking")])
        .envs(buckets.variables())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("does not keep to If-Match"), "{said}");
}

/// A refusal by a rule counts only from the newest document, however long a node may believe what it
/// knows.
#[test]
fn no_rule_is_judged_from_the_past() {
    for buckets in [Buckets::s3(), Buckets::azurite(), Buckets::google()] {
        let nodes = Nodes::on(&buckets.url("two"), "3600s").with(&buckets.variables());
        let [one, other] = [nodes.start(), nodes.start()];
        make_tenant(&buckets);
        let caller = Caller::new(&nodes.token());
        let status = |node, method, path: &str, body| {
            let reply = caller.ask(node, method, path, body).unwrap();
            reply.status
        };
        let path = format!("{}/k", keys("t"));
        let body = || Some(json!({"name": "k", "permissions": ["a"]}));
        for _ in 0..3 {
            for node in [&one, &other] {
                status(node, "GET", &keys("t"), None);
            }
            assert_eq!(status(&one, "POST", &keys("t"), body()), 201);
            assert_eq!(status(&other, "DELETE", &path, None), 204, "made by the other node");
            assert_eq!(status(&one, "POST", &keys("t"), body()), 201, "gone by the other node");
            let update = Some(json!({"enabled": false, "permissions": ["a"]}));
            assert_eq!(status(&other, "PUT", &path, update), 200, "made by the other node");
            assert_eq!(status(&one, "DELETE", &path, None), 204);
            assert_eq!(status(&other, "DELETE", &path, None), 404);
        }
    }
}

/// Readiness says what the last requests met, at once, and nobody has to write for it to recover.
#[test]
fn readiness_says_what_the_last_requests_met() {
    for buckets in [Buckets::s3(), Buckets::seaweedfs()] {
        let metrics = format!("127.0.0.1:{}", free_port());
        let mut variables = buckets.variables();
        variables.push(("NEOKEYS_METRICS__LISTEN", &metrics));
        let nodes = Nodes::on(&buckets.url("two"), "0s").with(&variables);
        let (node, caller) = (nodes.start(), Caller::new(&nodes.token()));
        make_tenant(&buckets);
        let ready = || caller.ask(&node, "GET", "/health/ready", None).unwrap().body;
        let is_reached = |now: u8| {
            let page = get(&metrics, "/metrics").unwrap_or_default();
            page.contains(&format!("\nneokeys_store_reachable {now}"))
        };
        wait_until("a ready node", || ready()["status"] == json!("ready"));
        for _ in 0..2 {
            buckets.stop();
            wait_until("a refusal", || {
                caller.ask(&node, "GET", &keys("t"), None).unwrap().status == 503
            });
            let told = ready();
            assert_eq!(told["status"], json!("cut-off"), "after a 503: {told}");
            assert!(is_reached(0), "the metric says another thing than readiness");
            buckets.resume();
            wait_until("a node that is ready again", || ready()["status"] == json!("ready"));
            assert!(is_reached(1), "the metric says another thing than readiness");
            assert_eq!(caller.ask(&node, "GET", &keys("t"), None).unwrap().status, 200);
        }
    }
}
