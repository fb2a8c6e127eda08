//! Logs in etcd and in a bucket that somebody laid hands on: what was done is found and named by its line, and
//! no key is kept from being checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use neokeys_store::domain::KeyRepository as _;
use neokeys_store::storage::{
    AuditConfig, DocumentRepository, ObjectsStore, StoreConfig, StoreUrl, VerifyLogError,
};
use neokeys_testkit::servers::buckets::{BUCKET, Buckets};
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::tenants::{commit, create, tenant};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

/// The parts that a store has of a tenant's log, by name.
type Parts = BTreeMap<String, Vec<u8>>;

/// The store as it is to whoever has its password.
trait Raw {
    /// The names of all that is below this, without it, with what is there.
    async fn read(&self, below: &str) -> Parts;
    async fn put(&self, name: &str, bytes: Vec<u8>);
    async fn delete(&self, name: &str);

    async fn spoil(&self, log: &str, spoil: impl FnOnce(&mut Parts)) {
        let before = self.read(log).await;
        let mut after = before.clone();
        spoil(&mut after);
        assert_ne!(before, after, "{log}: nothing was spoilt");
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            self.delete(&format!("{log}{name}")).await;
        }
        for (name, bytes) in after.into_iter().filter(|(name, it)| before.get(name) != Some(it)) {
            self.put(&format!("{log}{name}"), bytes).await;
        }
    }
}

impl Raw for etcd_client::Client {
    async fn read(&self, below: &str) -> Parts {
        let options = etcd_client::GetOptions::new().with_prefix();
        let found = self.kv_client().get(below, Some(options)).await.unwrap();
        let part = |kv: &etcd_client::KeyValue| {
            (kv.key_str().unwrap().replacen(below, "", 1), kv.value().to_vec())
        };
        found.kvs().iter().map(part).collect()
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) {
        self.kv_client().put(name, bytes, None).await.unwrap();
    }

    async fn delete(&self, name: &str) {
        self.kv_client().delete(name, None).await.unwrap();
    }
}

struct Bucket(Box<dyn ObjectStore>);

impl Raw for Bucket {
    async fn read(&self, below: &str) -> Parts {
        let prefix = Path::from(below);
        let found: Vec<_> = self.0.list(Some(&prefix)).try_collect().await.unwrap();
        let mut parts = Parts::new();
        for object in found {
            let bytes = self.0.get(&object.location).await.unwrap().bytes().await.unwrap();
            parts.insert(object.location.as_ref().replacen(below, "", 1), bytes.to_vec());
        }
        parts
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) {
        self.0.put(&Path::from(name), bytes.into()).await.unwrap();
    }

    async fn delete(&self, name: &str) {
        self.0.delete(&Path::from(name)).await.unwrap();
    }
}

/// The names of the parts in a store.
#[derive(Clone, Copy)]
struct Names {
    /// The address or folder that the logs are below.
    logs: &'static str,
    /// The beginning of the names of lines.
    lines: &'static str,
    /// The line that is named where only the hash of all lines tells.
    of_all: u64,
}

impl Names {
    fn line(self, sequence: u64) -> String {
        format!("{}{sequence:020}", self.lines)
    }
}

/// Keys of each tenant. Its log has a line for each, and before them the one of the tenant.
const KEYS: u64 = 4;

/// One way to lay hands on a log.
struct Hand {
    what: &'static str,
    spoil: fn(&mut Parts, Names),
    /// The line that is named; none where only the hash of all lines tells.
    line: Option<u64>,
}

fn line(parts: &mut Parts, names: Names, sequence: u64) -> &mut Vec<u8> {
    parts.get_mut(&names.line(sequence)).unwrap()
}

const HANDS: [Hand; 9] = [
    Hand {
        what: "a line is removed",
        spoil: |parts, names| drop(parts.remove(&names.line(2))),
        line: Some(2),
    },
    Hand {
        what: "the last line is removed",
        spoil: |parts, names| drop(parts.remove(&names.line(KEYS))),
        line: Some(KEYS),
    },
    Hand {
        what: "two lines are swapped",
        spoil: |parts, names| {
            let one = std::mem::take(line(parts, names, 1));
            let other = std::mem::replace(line(parts, names, 2), one);
            *line(parts, names, 1) = other;
        },
        line: Some(1),
    },
    Hand {
        what: "a line is doubled in its place",
        spoil: |parts, names| *line(parts, names, 2) = line(parts, names, 2).repeat(2),
        line: Some(3),
    },
    Hand {
        what: "a line is doubled behind the last",
        spoil: |parts, names| {
            let doubled = line(parts, names, KEYS).clone();
            parts.insert(names.line(KEYS + 1), doubled);
        },
        line: Some(KEYS + 1),
    },
    Hand {
        what: "a line is cut short",
        spoil: |parts, names| {
            let cut = line(parts, names, 3);
            cut.truncate(cut.len() / 2);
        },
        line: Some(3),
    },
    Hand {
        what: "a line says another name",
        spoil: |parts, names| {
            let text = String::from_utf8(line(parts, names, 3).clone()).unwrap();
            *line(parts, names, 3) = text.replace("\"k2\"", "\"k9\"").into_bytes();
        },
        line: None,
    },
    Hand {
        what: "the head is removed",
        spoil: |parts, _| drop(parts.remove("head")),
        line: Some(0),
    },
    Hand {
        what: "the head is of one line less",
        spoil: |parts, _| {
            let head = String::from_utf8(parts.remove("head").unwrap()).unwrap();
            let text = head.replace(&format!("\"size\":{}", KEYS + 1), &format!("\"size\":{KEYS}"));
            parts.insert("head".to_owned(), text.into_bytes());
        },
        line: Some(KEYS - 1),
    },
];

async fn each_hand_is_found(raw: &impl Raw, names: Names, open: impl Fn() -> DocumentRepository) {
    let node = open();
    let make = async |id: &str| {
        let id = tenant(id);
        node.create_tenant(&id).await.unwrap();
        for key in 0..KEYS {
            commit(&node, &id, create(&format!("k{key}"))).await.unwrap();
        }
        assert_eq!(node.verify_log(&id, None).await.unwrap().lines, KEYS + 1);
        id
    };
    let log = |id: &str| format!("{}{id}/", names.logs);
    let is_found = async |id: &_, what: &str, place: &str| {
        // Nothing settles it by itself.
        for _ in 0..2 {
            let told = node.verify_log(id, None).await.unwrap_err();
            let is_fault = matches!(told, VerifyLogError::Fault { .. });
            let told = told.to_string();
            assert!(is_fault && told.contains(place), "{what}: {told}");
        }
        for node in [&node, &open()] {
            let keys = node.get_keyring(id).await.unwrap().keys().len();
            assert_eq!(keys as u64, KEYS, "{what}");
        }
    };
    for (number, Hand { what, spoil, line }) in HANDS.iter().enumerate() {
        let id = make(&format!("t{number}")).await;
        raw.spoil(&log(id.as_str()), |parts| spoil(parts, names)).await;
        let line = line.unwrap_or(names.of_all);
        is_found(&id, what, &format!(", line {line})")).await;
    }
    let (own, other) = (make("own").await, make("other").await);
    let head = raw.read(&log(other.as_str())).await.remove("head").unwrap();
    raw.put(&format!("{}head", log(own.as_str())), head).await;
    is_found(&own, "the head is another tenant's", ", line ").await;
    raw.put(&format!("{}head", log(own.as_str())), b"{}".to_vec()).await;
    is_found(&own, "the head is none", "/own/head").await;
    // What is spoilt is not written upon, and the neighbour is not affected.
    commit(&node, &own, create("more")).await.unwrap_err();
    commit(&node, &other, create("more")).await.unwrap();
    assert_eq!(node.verify_log(&other, None).await.unwrap().lines, KEYS + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_etcd_that_somebody_laid_hands_on_is_told_by_its_line() {
    let (etcd, place) = (Etcd::start(), tempfile::tempdir().unwrap());
    let url: StoreUrl = etcd.url("spoilt").parse().unwrap();
    let audit = AuditConfig { signing_key: Some(place.path().join("key")), ..Default::default() };
    let max_staleness = Some(Duration::ZERO);
    let config = StoreConfig { max_staleness, audit, ..StoreConfig::default() };
    let raw = etcd_client::Client::connect([etcd.client(0)], None).await.unwrap();
    let names = Names { logs: "/spoilt.audit/", lines: "events/", of_all: 0 };
    each_hand_is_found(&raw, names, || DocumentRepository::open(&url, &config).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_a_bucket_that_somebody_laid_hands_on_is_told_by_its_line() {
    let buckets = Buckets::s3();
    let Ok(StoreUrl::Objects(url)) = buckets.url("spoilt").parse() else { panic!("no url") };
    let variable =
        |(name, value): (&str, &str)| (name.to_lowercase().parse().unwrap(), value.to_owned());
    let raw = buckets.variables().into_iter().map(variable);
    let raw = raw
        .fold(AmazonS3Builder::new().with_bucket_name(BUCKET), |builder, (name, value)| {
            builder.with_config(name, value)
        });
    // Unsigned, as nodes are that were given no key.
    let names = Names { logs: "spoilt.audit/", lines: "", of_all: KEYS };
    let open = || {
        let staleness = Some(Duration::ZERO);
        let documents = ObjectsStore::open(&url, 1 << 20, staleness, &buckets.variables());
        DocumentRepository::new(Arc::new(documents.unwrap())).unwrap()
    };
    each_hand_is_found(&Bucket(Box::new(raw.build().unwrap())), names, open).await;
}
