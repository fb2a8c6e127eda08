//! Members and nodes are killed, paused and cut off, one fault after the other, while 64 callers
//! work: what they were answered is linearizable, and no deleted key is accepted beyond the bound.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use neokeys::storage::{DocumentStore as _, EtcdStore, StoreUrl};
use serde_json::json;
use todc_utils::linearizability::history::Action::{Call, Response};

use crate::calls::{Caller, Recorder, keys};
use crate::network::{Network, is_inside};
use crate::node::{Node, Nodes};
use neokeys_testkit::linearizable::model::{Answer, Operation, Request};
use neokeys_testkit::linearizable::{Client as _, demand_linearizable, play};
use neokeys_testkit::seeded::Seeded;
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::tenants::tenant;

const MEMBERS: usize = 3;
const NODES: usize = 3;
/// Faults while histories are recorded, and while the bound is measured.
const FAULTS: [usize; 2] = [50, 14];
const BOUND: Duration = Duration::from_secs(1);
/// Tenants at once, and callers of each: 64 callers.
const TENANTS: usize = 8;
const CALLERS: usize = 8;
const OPERATIONS: usize = 5;

/// Everything that can fail.
struct Machines {
    network: Network,
    etcd: Mutex<Etcd>,
    nodes: Arc<Vec<Node>>,
}

fn member_host(member: usize) -> usize {
    member
}

fn node_host(node: usize) -> usize {
    MEMBERS + node
}

impl Machines {
    /// One fault, for a while. Says which.
    fn fail(&self, draw: &mut Seeded) -> &'static str {
        let (member, node) = (draw.below(MEMBERS), draw.below(NODES));
        let time = Duration::from_millis(100 + draw.below(350) as u64);
        let others: Vec<_> = (0..MEMBERS).filter(|other| *other != member).collect();
        match draw.below(7) {
            0 => {
                self.etcd.lock().unwrap().kill(member);
                std::thread::sleep(time);
                self.etcd.lock().unwrap().restart(member);
                "a member is killed"
            }
            1 => {
                self.etcd.lock().unwrap().stop(member);
                std::thread::sleep(time * 3);
                self.etcd.lock().unwrap().resume(member);
                "a member is paused"
            }
            2 => {
                self.cut(member_host(member), &others, time * 3);
                "a member is cut off from the others"
            }
            3 => {
                let nodes: Vec<_> = (0..NODES).map(node_host).collect();
                self.cut(member_host(member), &[others, nodes].concat(), time * 2);
                "a member is cut off from everybody"
            }
            4 => {
                self.nodes[node].kill();
                std::thread::sleep(time);
                self.nodes[node].start();
                "a node is killed"
            }
            5 => {
                self.nodes[node].stop();
                std::thread::sleep(time * 3);
                self.nodes[node].resume();
                "a node is paused"
            }
            _ => {
                let members: Vec<_> = (0..MEMBERS).map(member_host).collect();
                self.cut(node_host(node), &members, time * 3);
                "a node is cut off from etcd"
            }
        }
    }

    fn cut(&self, host: usize, others: &[usize], time: Duration) {
        self.network.cut(host, others);
        std::thread::sleep(time);
        self.network.heal(host, others);
    }

    /// So many faults, drawn from a seed; the flag is set when all were.
    fn fail_all(self: &Arc<Self>, seed: u64, faults: usize) -> (Arc<AtomicBool>, JoinHandle<()>) {
        let (machines, done) = (Arc::clone(self), Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            let mut draw = Seeded::new(seed);
            let mut counts = BTreeMap::new();
            for _ in 0..faults {
                *counts.entry(machines.fail(&mut draw)).or_insert(0) += 1;
                std::thread::sleep(Duration::from_millis(100 + draw.below(200) as u64));
            }
            flag.store(true, Ordering::Relaxed);
            println!("{faults} faults: {counts:?}");
        });
        (done, thread)
    }
}

fn start(max_staleness: &'static str) -> (Arc<Machines>, Nodes, Arc<EtcdStore>) {
    let network = Network::new(MEMBERS + NODES);
    let mut etcd = Etcd::builder(MEMBERS);
    for member in 0..MEMBERS {
        let enter = network.enter(member_host(member));
        let enter: Vec<_> = enter.iter().map(String::as_str).collect();
        etcd = etcd.place(member, &Network::address(member_host(member)), &enter);
    }
    let etcd = etcd.start();
    let url = etcd.url("chaos");
    let nodes = Nodes::on(&url, max_staleness);
    let started = (0..NODES).map(|node| {
        let listen = format!("{}:8080", Network::address(node_host(node)));
        nodes.start_at(&listen, &network.enter(node_host(node)))
    });
    let machines = Machines { nodes: Arc::new(started.collect()), network, etcd: Mutex::new(etcd) };
    let Ok(StoreUrl::Etcd(url)) = url.parse() else { panic!("{url}") };
    let store = EtcdStore::open(&url, 1 << 20, Some(Duration::ZERO)).unwrap();
    (Arc::new(machines), nodes, Arc::new(store))
}

/// Makes a tenant, whatever fails meanwhile.
fn make(store: &EtcdStore, id: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let id = tenant(id);
    let mut is_asked_again = false;
    while let Err(error) = runtime.block_on(store.create_tenant(&id)) {
        if matches!(error, neokeys::storage::CreateTenantError::Exists) {
            // Its name is this caller's alone: what nobody answered for was done all the same.
            assert!(is_asked_again, "it is not ours");
            return;
        }
        is_asked_again = true;
    }
}

#[test]
fn whatever_fails_the_answers_are_linearizable() {
    if !is_inside("chaos::whatever_fails_the_answers_are_linearizable") {
        return;
    }
    let (machines, nodes, store) = start("0");
    let (done, failing) = machines.fail_all(1, FAULTS[0]);
    let (operations, histories) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let unknown = Arc::new(AtomicUsize::new(0));
    let lanes: Vec<_> = (0..TENANTS)
        .map(|lane| {
            let (machines, store, done) =
                (Arc::clone(&machines), Arc::clone(&store), Arc::clone(&done));
            let (operations, histories, unknown) =
                (Arc::clone(&operations), Arc::clone(&histories), Arc::clone(&unknown));
            let token = nodes.token();
            std::thread::spawn(move || {
                let mut round = 0;
                while !done.load(Ordering::Relaxed) || round == 0 {
                    let id = format!("l{lane}-{round}");
                    make(&store, &id);
                    let callers = (0..CALLERS)
                        .map(|caller| Recorder::new(&token, &machines.nodes, &id, caller));
                    let seed = (lane * 1000 + round) as u64;
                    let mut recorded = play(callers.collect(), OPERATIONS, seed);
                    // What was acknowledged is there at the end.
                    let call = |answer| Operation { request: Request::List, answer };
                    let last = Recorder::new(&token, &machines.nodes, &id, 0).ask(&Request::List);
                    let end = [Call(call(Answer::Unknown)), Response(call(last))];
                    let known = recorded.iter().position(|(_, action)| {
                        matches!(action, Response(it) if it.answer == Answer::Unknown)
                    });
                    let at = known.unwrap_or(recorded.len());
                    recorded.splice(at..at, end.map(|action| (CALLERS, action)));
                    demand_linearizable(&recorded, &id);
                    let lost = recorded.len() - at - 2;
                    unknown.fetch_add(lost, Ordering::Relaxed);
                    operations.fetch_add(recorded.len() / 2, Ordering::Relaxed);
                    histories.fetch_add(1, Ordering::Relaxed);
                    round += 1;
                }
            })
        })
        .collect();
    let outcomes: Vec<_> = lanes.into_iter().map(JoinHandle::join).collect();
    failing.join().unwrap();
    assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()), "see above");
    let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
    println!(
        "{} operations in {} histories are linearizable; of {} nobody knows whether they were done",
        count(&operations),
        count(&histories),
        count(&unknown)
    );
    assert!(count(&operations) > 500, "the callers were kept from working");
}

#[test]
fn whatever_fails_a_deleted_key_is_accepted_no_longer_than_promised() {
    if !is_inside("chaos::whatever_fails_a_deleted_key_is_accepted_no_longer_than_promised") {
        return;
    }
    let (machines, nodes, store) = start("1s");
    let (done, failing) = machines.fail_all(2, FAULTS[1]);
    let longest = Arc::new(Mutex::new(Duration::ZERO));
    let deletions = Arc::new(AtomicUsize::new(0));
    let lanes: Vec<_> = (0..TENANTS)
        .map(|lane| {
            let (machines, done) = (Arc::clone(&machines), Arc::clone(&done));
            let (longest, deletions) = (Arc::clone(&longest), Arc::clone(&deletions));
            let (caller, id) = (Caller::new(&nodes.token()), format!("b{lane}"));
            make(&store, &id);
            std::thread::spawn(move || {
                let mut round = 0;
                while !done.load(Ordering::Relaxed) {
                    round += 1;
                    let node = &machines.nodes[(lane + round) % NODES];
                    let name = format!("k{round}");
                    let body = json!({"name": name, "permissions": ["a"]});
                    let created = caller.ask(node, "POST", &keys(&id), Some(body));
                    let Some(token) = created.filter(|reply| reply.status == 201) else { continue };
                    let token = token.body["token"].as_str().unwrap().to_owned();
                    // Every node has it in memory, if it can.
                    for node in machines.nodes.iter() {
                        caller.present(node, &id, &token);
                    }
                    let path = format!("{}/{name}", keys(&id));
                    let deleted = caller.ask(node, "DELETE", &path, None);
                    if deleted.is_none_or(|reply| reply.status != 204) {
                        continue;
                    }
                    let since = Instant::now();
                    deletions.fetch_add(1, Ordering::Relaxed);
                    while since.elapsed() < BOUND + Duration::from_millis(500) {
                        for node in machines.nodes.iter() {
                            let begun = since.elapsed();
                            if caller.present(node, &id, &token) == Some(403) {
                                let mut longest = longest.lock().unwrap();
                                *longest = (*longest).max(begun);
                                assert!(begun <= BOUND, "accepted {begun:?} after its deletion");
                            }
                        }
                    }
                }
            })
        })
        .collect();
    let outcomes: Vec<_> = lanes.into_iter().map(JoinHandle::join).collect();
    failing.join().unwrap();
    assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()), "see above");
    let deletions = deletions.load(Ordering::Relaxed);
    println!("{deletions} deletions; accepted for {:?} at most", longest.lock().unwrap());
    assert!(deletions > 20, "the callers were kept from working");
}
