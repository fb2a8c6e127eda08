//! An etcd member that is behind the others: what is refused is refused on what all of them know.

use std::time::Duration;

use serde_json::{Value, json};

use crate::calls::{Caller, Reply, keys};
use crate::node::{Node, Nodes};
use neokeys_testkit::servers::etcd::Etcd;

const ROUNDS: usize = 6;

/// A member that does not lead, so that the others go on without it.
fn follower(etcd: &Etcd) -> usize {
    let told: Value =
        serde_json::from_str(&etcd.control(&["endpoint", "status", "-w", "json"])).unwrap();
    let status = |member: &Value| {
        let (id, leader) = (&member["Status"]["header"]["member_id"], &member["Status"]["leader"]);
        assert!(id.is_u64(), "{member}");
        id != leader
    };
    told.as_array().unwrap().iter().position(status).unwrap()
}

/// Asks while the store does not answer in time, which a busy machine brings about.
#[expect(clippy::needless_pass_by_value, reason = "a body is written where it is sent")]
fn ask(
    caller: &Caller,
    node: &Node,
    method: &str,
    body: Option<Value>,
    tag: Option<&str>,
) -> Reply {
    let path = if method == "POST" { keys("t") } else { format!("{}/k", keys("t")) };
    for _ in 0..20 {
        match caller.ask_if(node, method, &path, body.clone(), tag) {
            Some(reply) if reply.status != 503 => return reply,
            Some(reply) => {
                let kind = reply.body["type"].as_str().unwrap();
                assert!(kind.ends_with("store-unavailable"), "whether it was done: {reply:?}");
            }
            None => panic!("{method}: no answer"),
        }
    }
    panic!("{method}: the store never answers")
}

#[test]
fn a_member_that_is_behind_refuses_nothing_from_the_past() {
    let etcd = Etcd::builder(3).start();
    etcd.control(&["put", "/behind/t/security.yml", "apiKeys: []"]);
    let behind = follower(&etcd);
    let ahead = (0..3).filter(|member| *member != behind).map(|member| etcd.client(member));
    let ahead = format!("etcd://{}/behind", ahead.collect::<Vec<_>>().join(","));
    let nodes = Nodes::on(&ahead, "3600s");
    let one = nodes.start();
    // It may believe what it knows for an hour, and knows what the member that is behind tells.
    let other = nodes.start_on(&format!("etcd://{}/behind", etcd.client(behind)));
    let caller = Caller::new(&nodes.token());
    let create = || Some(json!({"name": "k", "permissions": ["a"]}));
    let update = |enabled| Some(json!({"enabled": enabled, "permissions": ["a"]}));
    for round in 0..ROUNDS {
        // What the other node does while its member is stopped waits for that, and is judged then.
        let late = |method: &'static str, body, tag: Option<&str>, before: &dyn Fn()| {
            etcd.stop(behind);
            before();
            std::thread::scope(|threads| {
                let asked =
                    threads.spawn(|| ask(&Caller::new(&nodes.token()), &other, method, body, tag));
                std::thread::sleep(Duration::from_millis(50 * round as u64));
                etcd.resume(behind);
                asked.join().unwrap()
            })
        };
        assert_eq!(caller.ask(&other, "GET", &keys("t"), None).unwrap().status, 200);
        let made = || assert_eq!(ask(&caller, &one, "POST", create(), None).status, 201);
        let reply = late("DELETE", None, None, &made);
        assert_eq!(reply.status, 204, "made by the others: {reply:?}");
        made();
        let gone = || assert_eq!(ask(&caller, &one, "DELETE", None, None).status, 204);
        assert_eq!(caller.ask(&other, "GET", &keys("t"), None).unwrap().status, 200);
        let reply = late("POST", create(), None, &gone);
        assert_eq!(reply.status, 201, "deleted by the others: {reply:?}");
        // By the tag of a state that the other node has not seen.
        assert_eq!(ask(&caller, &other, "GET", None, None).status, 200);
        etcd.stop(behind);
        let tag = ask(&caller, &one, "PUT", update(false), None).tag.unwrap();
        etcd.resume(behind);
        let reply = ask(&caller, &other, "PUT", update(true), Some(&tag));
        assert_eq!(reply.status, 200, "changed by the others: {reply:?}");
        // And a condition that holds no more is refused.
        assert_eq!(ask(&caller, &one, "PUT", update(false), Some(&tag)).status, 412);
        gone();
    }
}
