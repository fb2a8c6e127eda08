//! A rotation under the eyes of a thousand callers of several nodes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::calls::{Caller, Reply, keys};
use crate::node::{Node, Nodes};
use neokeys_testkit::servers::buckets::Buckets;
use neokeys_testkit::servers::etcd::Etcd;

const CALLERS: usize = 1_000;
/// Pause of a caller between two requests: all of them at once, as fast as they can, would leave nothing of
/// a small machine to the store.
const PACE: Duration = Duration::from_secs(3);
const KEY: &str = "/api/t/admin/apiKeyDetails/crm";

/// The answers that callers see, and those that they may.
#[derive(Default)]
struct Watch {
    let_in: AtomicUsize,
    /// Set before the request that ends the older token is sent.
    is_ending: AtomicBool,
    /// When that one was answered.
    ended: OnceLock<Instant>,
}

impl Watch {
    /// Presents a token until it is refused, which is not before its end, nor later than the bound after it.
    async fn present(
        self: Arc<Self>,
        client: reqwest::Client,
        url: String,
        token: String,
        bound: Duration,
    ) {
        loop {
            let was_over = self.ended.get().is_some_and(|ended| ended.elapsed() > bound);
            let reply = client.get(&url).header("X-API-KEY", &token).send().await.unwrap();
            match reply.status().as_u16() {
                401 => break,
                403 => {
                    assert!(!was_over, "let in beyond the bound after its end");
                    self.let_in.fetch_add(1, Ordering::SeqCst);
                }
                // A store under a thousand callers may be too slow to be asked: nobody was judged, and it
                // is left alone for as long as the answer says.
                503 => tokio::time::sleep(retry_after(&reply)).await,
                status => panic!("{status}"),
            }
            tokio::time::sleep(PACE).await;
        }
        assert!(self.is_ending.load(Ordering::SeqCst), "refused before its end");
    }

    /// Waits until every caller was let in once more, on average.
    fn go_on(&self) {
        let before = self.let_in.load(Ordering::SeqCst);
        let since = Instant::now();
        while self.let_in.load(Ordering::SeqCst) < before + CALLERS {
            assert!(since.elapsed() < Duration::from_secs(120), "callers are not let in any more");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The pause that an answer asks for.
fn retry_after(reply: &reqwest::Response) -> Duration {
    let seconds = reply.headers().get("retry-after").unwrap().to_str().unwrap();
    Duration::from_secs(seconds.parse().unwrap())
}

/// Waits until a node takes a token, as long as a node may not know of another's change.
fn is_let_in(caller: &Caller, node: &Node, token: &str) {
    let since = Instant::now();
    while caller.present(node, "t", token) != Some(403) {
        assert!(since.elapsed() < Duration::from_secs(60), "the token is not taken");
    }
}

/// The first answer about a token that is no 503.
fn judged(caller: &Caller, node: &Node, token: &str) -> u16 {
    let since = Instant::now();
    loop {
        match caller.present(node, "t", token) {
            None | Some(503) => assert!(since.elapsed() < Duration::from_secs(120), "no answer"),
            Some(status) => return status,
        }
    }
}

/// Changes something, again where the store under its callers was too slow and nothing was changed.
fn change(caller: &Caller, node: &Node, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let since = Instant::now();
    loop {
        let reply = caller.ask(node, method, path, body.cloned()).unwrap();
        if reply.status != 503 {
            return reply;
        }
        assert!(since.elapsed() < Duration::from_secs(120), "{reply:?}\n{}", node.log());
    }
}

/// The key has its older token for as long as it is to have it, on every node.
fn judge(nodes: &Nodes, started: &[Node], bound: Duration) {
    let caller = Caller::new(&nodes.token());
    let body = json!({"name": "crm", "permissions": ["a"]});
    let created = caller.ask(&started[0], "POST", &keys("t"), Some(body)).unwrap();
    let old = created.body["token"].as_str().unwrap().to_owned();
    for node in started {
        is_let_in(&caller, node, &old);
    }
    let watch = Arc::new(Watch::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let url = started[number % started.len()].origin() + &keys("t");
            let watch = Arc::clone(&watch);
            runtime.spawn(watch.present(client.clone(), url, old.clone(), bound))
        })
        .collect();
    watch.go_on();
    let rotation = json!({"overlapSeconds": 3600});
    let rotated = change(&caller, &started[0], "POST", &format!("{KEY}/rotate"), Some(&rotation));
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let new = rotated.body["token"].as_str().unwrap().to_owned();
    assert_eq!(judged(&caller, &started[0], &new), 403);
    for node in started {
        is_let_in(&caller, node, &new);
    }
    watch.go_on();
    watch.is_ending.store(true, Ordering::SeqCst);
    let ended = change(&caller, &started[0], "DELETE", &format!("{KEY}/previousTokens"), None);
    assert_eq!(ended.status, 204, "{ended:?}");
    watch.ended.set(Instant::now()).unwrap();
    assert_eq!(judged(&caller, &started[0], &old), 401);
    runtime.block_on(async {
        for caller in callers {
            caller.await.unwrap();
        }
    });
    for node in started {
        assert_eq!(judged(&caller, node, &new), 403);
    }
}

#[test]
fn callers_of_three_nodes_on_etcd_go_on_until_the_older_token_is_ended() {
    let etcd = Etcd::builder(3).start();
    etcd.control(&["put", "/rotation/t/security.yml", "apiKeys: []\n"]);
    let nodes = Nodes::on(&etcd.url("rotation"), "2s");
    let started: Vec<_> = (0..3).map(|_| nodes.start()).collect();
    judge(&nodes, &started, Duration::from_secs(2));
}

#[test]
fn callers_of_two_nodes_on_a_bucket_go_on_until_the_older_token_is_ended() {
    let buckets = Buckets::s3();
    let nodes = Nodes::on(&buckets.url("two"), "1s").with(&buckets.variables());
    let started = [nodes.start(), nodes.start()];
    crate::objects::make_tenant(&buckets);
    judge(&nodes, &started, Duration::from_secs(1));
}
