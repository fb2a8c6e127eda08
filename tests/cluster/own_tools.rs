//! Changes that people make to the documents with etcd's own tools.

use serde_json::json;

use crate::calls::Caller;
use crate::node::Nodes;
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::servers::wait_until;

const KEYS: &str = "/api/t/admin/apiKeys";

#[test]
fn a_key_that_etcdctl_puts_is_a_tenant_and_one_that_it_deletes_is_none() {
    let etcd = Etcd::start();
    let nodes = Nodes::on(&etcd.url("tools"), "2s");
    let (node, caller) = (nodes.start(), Caller::new(&nodes.token()));
    let list = || caller.ask(&node, "GET", KEYS, None).map(|it| (it.status, it.body));
    wait_until("a node that knows no tenant", || list().is_some_and(|it| it.0 == 404));
    // Empty, and never written since it was made: a tenant without keys.
    etcd.control(&["put", "/tools/t/security.yml", ""]);
    wait_until("the tenant", || list() == Some((200, json!([]))));
    let document = "apiKeys:\n  - { name: by-hand, enabled: true, permissions: [p], hash: \
                    5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8 }\n";
    etcd.control(&["put", "/tools/t/security.yml", document]);
    wait_until("the key", || list().is_some_and(|(_, it)| it[0]["name"] == "by-hand"));
    etcd.control(&["del", "/tools/t/security.yml"]);
    wait_until("the end of the tenant", || list().is_some_and(|it| it.0 == 404));
}
