//! etcd that was restored to an earlier state, and has come further since than it was.

use std::time::Duration;

use serde_json::json;

use crate::calls::{Caller, keys};
use crate::node::{Node, Nodes};
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::{document, entry, token_of};

/// The tenants whose documents neokeys wrote, and those whose documents people did.
const OURS: [&str; 2] = ["left", "rewritten"];
const THEIRS: [&str; 2] = ["theirs", "theirs-rewritten"];

struct Scene {
    etcd: Etcd,
    caller: Caller,
}

impl Scene {
    fn ask(&self, node: &Node, method: &str, path: &str, body: Option<serde_json::Value>) -> u16 {
        let reply = self.caller.ask(node, method, path, body);
        reply.map_or(0, |reply| reply.status)
    }

    fn create(&self, node: &Node, tenant: &str, name: &str) -> String {
        let body = json!({"name": name, "permissions": ["a"]});
        let reply = self.caller.ask(node, "POST", &keys(tenant), Some(body)).unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body["token"].as_str().unwrap().to_owned()
    }

    /// As people write with a tool of etcd.
    fn put(&self, tenant: &str, name: &str) {
        let key = format!("/restored/{tenant}/security.yml");
        self.etcd.control(&["put", &key, &document(&[entry(name, true, &["a"])])]);
    }

    /// Whether a key is accepted: it may do nothing else.
    fn accepts(&self, node: &Node, tenant: &str, token: &str) -> bool {
        match self.caller.present(node, tenant, token) {
            Some(403) => true,
            Some(401) => false,
            status => panic!("{status:?}"),
        }
    }
}

fn judge(max_staleness: &'static str) {
    let etcd = Etcd::start();
    for tenant in OURS {
        etcd.control(&["put", &format!("/restored/{tenant}/security.yml"), "apiKeys: []"]);
    }
    let nodes = Nodes::on(&etcd.url("restored"), max_staleness);
    let mut scene = Scene { caller: Caller::new(&nodes.token()), etcd };
    let node = nodes.start();
    let kept: Vec<_> = OURS.iter().map(|tenant| scene.create(&node, tenant, "kept")).collect();
    THEIRS.iter().for_each(|tenant| scene.put(tenant, "kept"));
    let saved = scene.etcd.save();

    // What will be lost: the same revisions are given to other changes afterwards.
    THEIRS.iter().for_each(|tenant| scene.put(tenant, "lost"));
    let lost: Vec<_> = OURS.iter().map(|tenant| scene.create(&node, tenant, "lost")).collect();
    for tenant in OURS {
        let path = format!("{}/kept", keys(tenant));
        assert_eq!(scene.ask(&node, "DELETE", &path, None), 204);
    }
    for (tenant, (kept, lost)) in OURS.iter().zip(kept.iter().zip(&lost)) {
        while !scene.accepts(&node, tenant, lost) || scene.accepts(&node, tenant, kept) {}
    }
    for tenant in THEIRS {
        while !scene.accepts(&node, tenant, &token_of("lost")) {}
    }

    // The node sees nothing of how etcd comes to be as it is then.
    node.stop();
    scene.etcd.restore(&saved);
    let other = nodes.start();
    scene.put("theirs-rewritten", "other");
    scene.etcd.control(&["put", "/foreign", "x"]);
    scene.etcd.control(&["put", "/foreign", "x"]);
    let new =
        [scene.create(&other, "rewritten", "new"), scene.create(&other, "rewritten", "newer")];
    for _ in 0..10 {
        scene.etcd.control(&["put", "/foreign", "x"]);
    }
    // Longer than the bound.
    std::thread::sleep(Duration::from_millis(2100));
    node.resume();

    for (tenant, (kept, lost)) in OURS.iter().zip(kept.iter().zip(&lost)) {
        assert!(!scene.accepts(&node, tenant, lost), "{tenant}: of a lost history");
        assert!(scene.accepts(&node, tenant, kept), "{tenant}: deleted in a lost history");
    }
    for token in &new {
        assert!(scene.accepts(&node, "rewritten", token), "made in the history that is");
    }
    for (tenant, name) in [("theirs", "kept"), ("theirs-rewritten", "other")] {
        assert!(!scene.accepts(&node, tenant, &token_of("lost")), "{tenant}: of a lost history");
        assert!(scene.accepts(&node, tenant, &token_of(name)), "{tenant}");
    }
    for tenant in OURS.iter().chain(&THEIRS) {
        scene.create(&node, tenant, "last");
    }
}

#[test]
fn a_node_that_watches_serves_nothing_of_a_history_that_was_lost() {
    judge("2s");
}

#[test]
fn a_node_that_always_asks_serves_nothing_of_a_history_that_was_lost() {
    judge("0");
}
