//! Logs in stores that several nodes change: one order, whichever node writes when.

use std::sync::Arc;
use std::time::Duration;

use neokeys_store::domain::{CommitError, KeyRepository as _, TenantId};
#[cfg(feature = "etcd")]
use neokeys_store::storage::StoreConfig;
#[cfg(any(feature = "etcd", feature = "object-storage"))]
use neokeys_store::storage::StoreUrl;
use neokeys_store::storage::{DocumentRepository, DocumentStore, MemoryStore};
use neokeys_store::transparency::{CompactRange, TreeHash};
use neokeys_testkit::audit_log::explained_in;
use neokeys_testkit::tenants::{commit, create, tenant, update};

/// Two nodes that make keys in one tenant at once, each by several callers.
async fn nodes_leave_one_explained_order(
    nodes: [DocumentRepository; 2],
    documents: &dyn DocumentStore,
    (writers, keys): (usize, usize),
) {
    let (t, nodes) = (tenant("t"), nodes.map(Arc::new));
    nodes[0].create_tenant(&t).await.unwrap();
    let mut callers = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        for writer in 0..writers {
            let (node, t) = (Arc::clone(node), t.clone());
            callers.push(tokio::spawn(async move {
                for key in 0..keys {
                    create_in_turn(&node, &t, &format!("k{number}-{writer}-{key}")).await;
                }
            }));
        }
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let mut told = explained_in(documents, &t).await;
    assert_eq!((told.len(), told[0].as_str()), (2 * writers * keys + 1, "Create t"), "{told:?}");
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 2 * writers * keys + 1, "each once");
    lines_and_hashes_agree(documents, &t).await;
    let verified = nodes[1].verify_log(&t, None).await.unwrap();
    assert!(!verified.is_document_changed && verified.lines >= told.len() as u64);
}

/// Creates a key, however long it takes: of what did not get its turn nothing was written.
async fn create_in_turn(node: &DocumentRepository, t: &TenantId, name: &str) {
    let began = std::time::Instant::now();
    loop {
        match commit(node, t, create(name)).await {
            Err(CommitError::Unavailable(_)) if began.elapsed() < Duration::from_secs(120) => {}
            created => return drop(created.unwrap()),
        }
    }
}

async fn lines_and_hashes_agree(documents: &dyn DocumentStore, t: &TenantId) {
    let log = documents.audit_log().unwrap();
    let size = log.read_end(t).await.unwrap().head.size;
    let (mut tree, mut roots, mut lines) = (CompactRange::default(), Vec::new(), Vec::new());
    while (lines.len() as u64) < size {
        let block = log.read_lines(t, lines.len() as u64).await.unwrap();
        assert!(!block.is_empty(), "{} of {size} lines", lines.len());
        roots.extend(block.iter().filter_map(|line| tree.append(TreeHash::of_line(line))));
        lines.extend(block);
    }
    assert_eq!(log.block_hashes(t, 0).await.unwrap(), roots);
    for from in [0, 1, size / 2, size - 1] {
        let rest = log.read_lines(t, from).await.unwrap();
        let end = ((from / 256 + 1) * 256).min(size);
        assert!(rest == lines[usize::try_from(from).unwrap()..usize::try_from(end).unwrap()]);
    }
    assert!(log.read_lines(t, size).await.unwrap().is_empty());
}

/// A change by other means while nobody runs is recorded with its keys all the same.
async fn a_change_from_outside_is_told(
    open: impl Fn() -> DocumentRepository,
    documents: &dyn DocumentStore,
) {
    let t = tenant("outside");
    let node = open();
    node.create_tenant(&t).await.unwrap();
    commit(&node, &t, create("a")).await.unwrap();
    // The copy of the document is kept while nobody waits.
    let log = documents.audit_log().unwrap();
    let began = std::time::Instant::now();
    while log.recall(&t).await.unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(60), "no copy was ever kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(node);
    let neokeys_store::storage::Reading::Found(found) = documents.read(&t, None).await.unwrap()
    else {
        panic!("no document")
    };
    let text = String::from_utf8(found.bytes.to_vec()).unwrap().replace("name: a", "name: b");
    documents.write(&t, &found, text.into()).await.unwrap();
    let node = open();
    commit(&node, &t, update("b", false, &["x"])).await.unwrap();
    assert!(node.get_keyring(&t).await.is_ok());
    let told = explained_in(documents, &t).await;
    assert_eq!(told, ["Create outside", "Create a", "Change from outside outside", "Update b"]);
    let line = log.read_lines(&t, 2).await.unwrap().remove(0);
    let line = String::from_utf8(line.to_vec()).unwrap();
    assert!(line.contains(r#""came":["b"],"went":["a"]"#), "{line}");
}

#[cfg(feature = "etcd")]
fn always_asks() -> StoreConfig {
    StoreConfig { max_staleness: Some(Duration::ZERO), ..StoreConfig::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_in_memory_leave_one_explained_order() {
    let documents = Arc::new(MemoryStore::new());
    let open = || DocumentRepository::new(Arc::clone(&documents) as Arc<_>).unwrap();
    nodes_leave_one_explained_order([open(), open()], &*documents, (4, 40)).await;
    a_change_from_outside_is_told(open, &*documents).await;
}

#[cfg(feature = "etcd")]
#[tokio::test(flavor = "multi_thread")]
async fn nodes_on_etcd_leave_one_explained_order() {
    use neokeys_store::storage::EtcdStore;
    use neokeys_testkit::servers::etcd::Etcd;

    let etcd = Etcd::start();
    let url: StoreUrl = etcd.url("audited").parse().unwrap();
    let open = || DocumentRepository::open(&url, &always_asks()).unwrap();
    let StoreUrl::Etcd(address) = &url else { panic!("no address of etcd") };
    let documents = EtcdStore::open(address, 1 << 20, Some(Duration::ZERO)).unwrap();
    nodes_leave_one_explained_order([open(), open()], &documents, (4, 40)).await;
    a_change_from_outside_is_told(open, &documents).await;
}

#[cfg(feature = "object-storage")]
mod objects {
    use neokeys_store::storage::ObjectsStore;
    use neokeys_testkit::servers::buckets::Buckets;

    use super::{
        Arc, DocumentRepository, Duration, StoreUrl, a_change_from_outside_is_told,
        nodes_leave_one_explained_order,
    };

    async fn nodes_on(buckets: &Buckets, load: (usize, usize)) {
        for (prefix, max_staleness) in [("asked", Some(Duration::ZERO)), ("a/while", None)] {
            let open_documents = || {
                let Ok(StoreUrl::Objects(url)) = buckets.url(prefix).parse() else {
                    panic!("no url")
                };
                ObjectsStore::open(&url, 1 << 20, max_staleness, &buckets.variables()).unwrap()
            };
            let open = || DocumentRepository::new(Arc::new(open_documents())).unwrap();
            let documents = open_documents();
            nodes_leave_one_explained_order([open(), open()], &documents, load).await;
            a_change_from_outside_is_told(open, &documents).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nodes_on_s3_leave_one_explained_order() {
        // More lines than a block of the log has.
        nodes_on(&Buckets::s3(), (4, 33)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nodes_on_azure_leave_one_explained_order() {
        nodes_on(&Buckets::azurite(), (2, 10)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nodes_on_seaweedfs_leave_one_explained_order() {
        nodes_on(&Buckets::seaweedfs(), (2, 10)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nodes_on_google_leave_one_explained_order() {
        nodes_on(&Buckets::google(), (2, 10)).await;
    }
}
