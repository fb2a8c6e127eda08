//! The cost of several nodes: `cargo bench --features etcd --bench cluster`.
//!
//! On three members of etcd on this machine: checking a key against the same on a folder, in the
//! same process, in alternating rounds; updates of one tenant through one node by 64 clients
//! against bare conditional puts by one; and how long a deleted key is accepted by another node.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark ends at its first fault and prints what it measured"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use etcd_client::{Client, Compare, CompareOp, Txn, TxnOp};
use neokeys_store::domain::{
    Actor, ApiKey, Commit, Digest, Initiator, KeyName, KeyRepository, KeyringEdit, Precondition,
    Right, Scopes, TenantId,
};
use neokeys_store::storage::{DocumentRepository, StoreConfig, StoreUrl};
use neokeys_testkit::servers::etcd::Etcd;

const ROUNDS: usize = 5;
const CHECKS: u32 = 300_000;
const KEYS: usize = 100;
const CLIENTS: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
const DELETIONS: usize = 1000;

fn main() {
    let etcd = Etcd::builder(3).start();
    let folder = tempfile::TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tenant = TenantId::parse("t").unwrap();
        let urls = [format!("file:{}", folder.path().display()), etcd.url("bench")];
        let mut stores = Vec::new();
        for url in &urls {
            let store = open(url);
            store.create_tenant(&tenant).await.unwrap();
            for key in 0..KEYS {
                commit(&store, &tenant, create(key)).await;
            }
            stores.push(store);
        }
        println!("| several nodes | baseline | measured | ratio | target |\n|---|---|---|---|---|");
        check(&stores, &tenant).await;
        update(&etcd, &stores[1], &tenant).await;
        revoke(&stores[1], &open(&urls[1]), &tenant).await;
    });
}

fn open(url: &str) -> Arc<DocumentRepository> {
    let url: StoreUrl = url.parse().unwrap();
    Arc::new(DocumentRepository::open(&url, &StoreConfig::default()).unwrap())
}

fn name(key: usize) -> KeyName {
    KeyName::parse(&format!("k{key}")).unwrap()
}

fn scopes(scope: &str) -> Scopes {
    Scopes::parse(&[scope]).unwrap()
}

fn digest(key: usize) -> Digest {
    Digest::of(format!("token {key}").as_bytes())
}

fn create(key: usize) -> KeyringEdit {
    let digest = digest(key);
    KeyringEdit::Create(ApiKey::new(name(key), true, scopes("a"), digest))
}

async fn commit(store: &DocumentRepository, tenant: &TenantId, edit: KeyringEdit) {
    let (precondition, right) = (Precondition::default(), Right::Operator);
    let (tenant, asked_at) = (tenant.clone(), Instant::now());
    let initiator = Initiator::of(Actor::SERVICE);
    let commit = Commit { tenant, edit, together: None, precondition, right, initiator, asked_at };
    store.commit(commit).await.unwrap();
}

/// The middle of the rounds.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Finding a key of a tenant that did not change, on the folder and on etcd.
async fn check(stores: &[Arc<DocumentRepository>], tenant: &TenantId) {
    let mut times: [Vec<f64>; 2] = Default::default();
    let wanted = digest(KEYS / 2);
    // Until the folder's version is old enough to be trusted, it is read once more.
    let settled = Instant::now();
    while settled.elapsed() < Duration::from_millis(200) {
        for store in stores {
            store.get_keyring(tenant).await.unwrap();
        }
    }
    for _ in 0..ROUNDS {
        for (store, times) in stores.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CHECKS {
                let keyring = store.get_keyring(tenant).await.unwrap();
                assert!(keyring.find_by_digest(&wanted).is_some());
            }
            times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS));
        }
    }
    let [folder, etcd] = times.map(median);
    println!(
        "| check a key, µs, against the folder | {folder:.2} | {etcd:.2} | {:.2} | ≤ 1.1 |",
        etcd / folder
    );
}

/// Conditional puts of a document of the same size by one client, and updates by many.
async fn update(etcd: &Etcd, store: &Arc<DocumentRepository>, tenant: &TenantId) {
    let bytes = Bytes::from(etcd.control(&["get", "/bench/t/security.yml", "--print-value-only"]));
    let mut client = Client::connect([etcd.client(0)], None).await.unwrap();
    let mut rates: [Vec<f64>; 2] = Default::default();
    for round in 0..ROUNDS {
        let put = client.put("/puts", bytes.to_vec(), None).await.unwrap();
        let mut revision = put.header().unwrap().revision();
        let (start, mut puts) = (Instant::now(), 0);
        while start.elapsed() < ROUND {
            let put = Txn::new()
                .when([Compare::mod_revision("/puts", CompareOp::Equal, revision)])
                .and_then([TxnOp::put("/puts", bytes.to_vec(), None)]);
            let put = client.txn(put).await.unwrap();
            assert!(put.succeeded());
            revision = put.header().unwrap().revision();
            puts += 1;
        }
        rates[0].push(f64::from(puts) / start.elapsed().as_secs_f64());
        let start = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (store, tenant) = (Arc::clone(store), tenant.clone());
                tokio::spawn(async move {
                    let mut updates = 0;
                    while start.elapsed() < ROUND {
                        let scopes = scopes(&format!("round:{round}.{updates}"));
                        let edit =
                            KeyringEdit::Update { name: name(client), enabled: true, scopes };
                        commit(&store, &tenant, edit).await;
                        updates += 1;
                    }
                    updates
                })
            })
            .collect();
        let mut updates = 0;
        for client in clients {
            updates += client.await.unwrap();
        }
        rates[1].push(f64::from(updates) / start.elapsed().as_secs_f64());
    }
    let [puts, updates] = rates.map(median);
    println!(
        "| updates by {CLIENTS} clients, 1/s, against puts by one | {puts:.0} | {updates:.0} | {:.1} | ≥ 5 |",
        updates / puts
    );
}

/// From the end of a deletion on one node to the first refusal on another.
async fn revoke(one: &DocumentRepository, other: &DocumentRepository, tenant: &TenantId) {
    let mut lags = Vec::new();
    for key in KEYS..KEYS + DELETIONS {
        commit(one, tenant, create(key)).await;
        let is_accepted = async || {
            let keyring = other.get_keyring(tenant).await.unwrap();
            keyring.find_by_digest(&digest(key)).is_some()
        };
        while !is_accepted().await {}
        commit(one, tenant, KeyringEdit::Delete { name: name(key) }).await;
        let since = Instant::now();
        while is_accepted().await {}
        lags.push(since.elapsed().as_secs_f64() * 1e3);
    }
    lags.sort_by(f64::total_cmp);
    let part = |hundredths: usize| lags[(lags.len() - 1) * hundredths / 100];
    println!(
        "| revocation lag, {DELETIONS} deletions, ms | | p50 {:.2}, p99 {:.2}, max {:.2} | | p99 ≤ 50 |",
        part(50),
        part(99),
        part(100)
    );
}
