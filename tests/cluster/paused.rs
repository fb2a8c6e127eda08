//! A node that was paused does not answer from the past, and an etcd that was paused leaves nobody
//! without an answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neokeys::domain::{CommitError, KeyRepository as _};
use neokeys::storage::{DocumentRepository, StoreConfig, StoreUrl};
use serde_json::json;
use tokio::time::timeout;

use crate::calls::{Caller, keys};
use crate::node::Nodes;
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::tenants::{commit, create, names, tenant};

/// More than there are threads for blocking work.
const WRITERS: usize = 750;
/// How long etcd is paused, at least.
const PAUSE: Duration = Duration::from_millis(700);
/// Longer than any answer takes on a busy machine.
const IN_THE_END: Duration = Duration::from_secs(120);

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

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_waits_for_a_paused_etcd_is_answered() {
    let etcd = Etcd::start();
    let url: StoreUrl = etcd.url("crowd").parse().unwrap();
    let store = Arc::new(DocumentRepository::open(&url, &StoreConfig::default()).unwrap());
    let ids: Vec<_> = (0..=WRITERS).map(|number| tenant(&format!("t{number}"))).collect();
    for id in &ids {
        store.create_tenant(id).await.unwrap();
    }
    let (other, ids) = ids.split_last().unwrap();
    etcd.stop(0);
    let paused = Instant::now();
    let asked: Vec<_> = ids
        .iter()
        .map(|id| {
            let (store, id) = (Arc::clone(&store), id.clone());
            tokio::spawn(async move { commit(&store, &id, create("one")).await.map(drop) })
        })
        .collect();
    while paused.elapsed() < PAUSE || store.statistics().commits_waiting < WRITERS as u64 {
        assert!(paused.elapsed() < IN_THE_END, "the changes never come to wait");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    etcd.resume(0);
    let (mut done, mut refused, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (asked, id) in asked.into_iter().zip(ids) {
        let answer = timeout(IN_THE_END, asked).await;
        match answer.unwrap_or_else(|_| panic!("{id} was never answered")).unwrap() {
            Ok(()) => done.push(id),
            // A busy machine does not get through all of them in a request's time.
            Err(CommitError::Unavailable(_)) => refused.push(id),
            Err(CommitError::Uncertain(_)) => unknown.push(id),
            Err(error) => panic!("{id}: {error:?}"),
        }
    }
    println!("{} done, {} refused, {} unknown", done.len(), refused.len(), unknown.len());
    // Those who were not there go on, and so does each of those who were.
    let again = async |id, name: &str| {
        let began = Instant::now();
        while let Err(error) = commit(&store, id, create(name)).await {
            assert!(began.elapsed() < IN_THE_END, "{id}: {error:?}");
        }
    };
    again(other, "other").await;
    for (ids, before) in [(done, &["one"][..]), (refused, &[])] {
        for id in ids {
            again(id, "two").await;
            let keyring = store.get_keyring(id).await.unwrap();
            assert_eq!(names(&keyring), [before, &["two"]].concat(), "{id}");
        }
    }
    for id in unknown {
        again(id, "two").await;
    }
    let since = Instant::now();
    while store.statistics().commits_waiting > 0 || !store.health().faults.is_empty() {
        assert!(since.elapsed() < IN_THE_END, "{:?}", store.health());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
