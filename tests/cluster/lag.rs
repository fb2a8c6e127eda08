//! How long a deleted key is accepted by the other nodes while nothing fails.

use std::time::{Duration, Instant};

use crate::calls::{Caller, keys};
use crate::node::{Node, Nodes};
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::{document, entry, token_of};

const TENANTS: usize = 50;
const KEYS: usize = 20;
/// Tenants at once.
const LANES: usize = 4;
const BOUND: Duration = Duration::from_secs(2);

#[test]
fn a_deleted_key_is_refused_by_every_node_within_the_bound() {
    let etcd = Etcd::builder(3).start();
    let names: Vec<_> = (0..KEYS).map(|key| format!("k{key}")).collect();
    let entries: Vec<_> = names.iter().map(|name| entry(name, true, &["a"])).collect();
    for tenant in 0..TENANTS {
        etcd.control(&["put", &format!("/lag/t{tenant}/security.yml"), &document(&entries)]);
    }
    let nodes = Nodes::on(&etcd.url("lag"), "2s");
    let started: Vec<_> = (0..3).map(|_| nodes.start()).collect();
    let (token, names, nodes) = (nodes.token(), &names, &started[..]);
    let mut lags: Vec<Duration> = std::thread::scope(|scope| {
        let lanes = (0..LANES).map(|lane| {
            let caller = Caller::new(&token);
            scope.spawn(move || {
                let tenants = (lane..TENANTS).step_by(LANES).map(|tenant| format!("t{tenant}"));
                let lags = tenants.flat_map(|it| delete_all(&caller, nodes, &it, names));
                lags.collect::<Vec<_>>()
            })
        });
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(lags.len(), TENANTS * KEYS * (nodes.len() - 1));
    lags.sort_unstable();
    let part = |hundredths: usize| lags[(lags.len() - 1) * hundredths / 100];
    let (half, most, all) = (part(50), part(99), part(100));
    let deletions = TENANTS * KEYS;
    println!("revocation lag, {deletions} deletions: p50 {half:?}, p99 {most:?}, max {all:?}");
}

/// Deletes every key of a tenant on the first node, and gives how long each other node accepted it.
fn delete_all(caller: &Caller, nodes: &[Node], tenant: &str, names: &[String]) -> Vec<Duration> {
    let mut lags = Vec::new();
    for name in names {
        let token = token_of(name);
        for node in nodes {
            while caller.present(node, tenant, &token) != Some(403) {}
        }
        let path = format!("{}/{name}", keys(tenant));
        assert_eq!(caller.ask(&nodes[0], "DELETE", &path, None).unwrap().status, 204);
        let since = Instant::now();
        let mut waiting: Vec<_> = nodes[1..].iter().collect();
        assert_eq!(caller.present(&nodes[0], tenant, &token), Some(401));
        while !waiting.is_empty() {
            waiting.retain(|node| {
                let begun = since.elapsed();
                match caller.present(node, tenant, &token) {
                    Some(401) => {
                        lags.push(since.elapsed());
                        false
                    }
                    status => {
                        assert_eq!(status, Some(403));
                        assert!(begun <= BOUND, "accepted {begun:?} after its deletion");
                        true
                    }
                }
            });
        }
    }
    lags
}
