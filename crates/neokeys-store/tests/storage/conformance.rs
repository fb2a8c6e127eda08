//! The conformance suite of document stores. A store is done when it passes this.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use neokeys_store::domain::{Digest, KeyRepository as _, Minute, TenantId};
use neokeys_store::storage::{
    CreateTenantError, DocumentRepository, DocumentStore, FolderStore, MemoryStore, Reading,
    StoredDocument, UsageName, Version, WriteError,
};

use neokeys_testkit::tenants::{commit, create, tenant};

async fn found(store: &dyn DocumentStore, id: &TenantId) -> StoredDocument {
    match store.read(id, None).await.unwrap() {
        Reading::Found(document) => document,
        other => panic!("{other:?}"),
    }
}

/// Whether the document is the one of this version still.
async fn is_still(store: &dyn DocumentStore, id: &TenantId, version: &Version) -> bool {
    match store.read(id, Some(version)).await.unwrap() {
        Reading::Unchanged => true,
        // It goes by another version from now on, which is as good.
        Reading::Confirmed(version) => {
            let again = store.read(id, Some(&version)).await.unwrap();
            matches!(again, Reading::Unchanged | Reading::Confirmed(_))
        }
        Reading::Found(_) | Reading::BeingAcknowledged | Reading::NoSuchTenant => false,
    }
}

/// A write of one node, which another one finds when it asks for the newest, whatever it knows.
#[cfg(any(feature = "etcd", feature = "object-storage"))]
async fn the_newest_is_found(one: &dyn DocumentStore, other: &dyn DocumentStore) {
    let id = tenant("newest");
    one.create_tenant(&id).await.unwrap();
    let mut known = found(other, &id).await;
    for round in 0..50 {
        let there = found(one, &id).await;
        let text = round.to_string();
        one.write(&id, &there, Bytes::from(text.clone())).await.unwrap();
        known = match other.read_newest(&id, Some(&known.version)).await.unwrap() {
            Reading::Found(document) => document,
            known => panic!("round {round}: {known:?}"),
        };
        assert_eq!(known.bytes, text);
        let again = other.read_newest(&id, Some(&known.version)).await.unwrap();
        assert!(matches!(again, Reading::Confirmed(_)), "round {round}: {again:?}");
    }
}

async fn judge(store: Arc<dyn DocumentStore>) {
    a_tenant_exists_once_it_is_made(&*store).await;
    a_document_that_is_not_there_is_absent(&*store).await;
    what_is_written_is_read(&*store).await;
    a_write_replaces_only_what_it_expects(&*store).await;
    what_is_written_again_the_same_is_no_obstacle(&*store).await;
    a_tenant_is_removed_with_the_document_that_is_expected(&*store).await;
    tenants_whose_names_begin_alike_are_kept_apart(&*store).await;
    a_record_of_usage_is_replaced_where_it_is_the_expected_one(&*store).await;
    what_repositories_write_down_at_once_adds_up(&store).await;
    of_writers_that_expect_the_same_one_wins(store).await;
}

async fn a_tenant_exists_once_it_is_made(store: &dyn DocumentStore) {
    let (b, a) = (tenant("b"), tenant("a"));
    assert!(store.tenants().await.unwrap().is_empty());
    assert!(matches!(store.read(&a, None).await, Ok(Reading::NoSuchTenant)));
    let nothing = StoredDocument::absent(Duration::ZERO);
    let write = store.write(&a, &nothing, Bytes::from_static(b"x")).await;
    assert!(matches!(write, Err(WriteError::NoSuchTenant)));
    store.create_tenant(&b).await.unwrap();
    store.create_tenant(&a).await.unwrap();
    assert!(matches!(store.create_tenant(&a).await, Err(CreateTenantError::Exists)));
    assert_eq!(store.tenants().await.unwrap(), [a, b]);
}

async fn a_document_that_is_not_there_is_absent(store: &dyn DocumentStore) {
    let id = tenant("absent");
    store.create_tenant(&id).await.unwrap();
    let document = found(store, &id).await;
    assert_eq!((document.version, document.bytes.len()), (Version::ABSENT, 0));
    assert!(is_still(store, &id, &Version::ABSENT).await);
}

async fn what_is_written_is_read(store: &dyn DocumentStore) {
    let id = tenant("written");
    store.create_tenant(&id).await.unwrap();
    let mut document = found(store, &id).await;
    for text in ["one", "two", "", "three\r\n\u{e9}"] {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let version = store.write(&id, &document, bytes.clone()).await.unwrap();
        assert_ne!(version, document.version);
        assert_ne!(version, Version::ABSENT);
        document = found(store, &id).await;
        assert_eq!(document.bytes, bytes);
        assert!(is_still(store, &id, &document.version).await);
    }
}

async fn a_write_replaces_only_what_it_expects(store: &dyn DocumentStore) {
    let id = tenant("expects");
    store.create_tenant(&id).await.unwrap();
    let absent = found(store, &id).await;
    store.write(&id, &absent, Bytes::from_static(b"one")).await.unwrap();
    let one = found(store, &id).await;
    store.write(&id, &one, Bytes::from_static(b"two")).await.unwrap();
    for old in [absent, one] {
        let write = store.write(&id, &old, Bytes::from_static(b"three")).await;
        assert!(matches!(write, Err(WriteError::Conflict)));
        assert_eq!(found(store, &id).await.bytes, "two");
    }
}

async fn a_record_of_usage_is_replaced_where_it_is_the_expected_one(store: &dyn DocumentStore) {
    let id = tenant("usage");
    store.create_tenant(&id).await.unwrap();
    let (name, beside) = (UsageName::of(&id), UsageName::of(&tenant("usage-1")));
    let read = async || store.read_usage(&name).await.unwrap();
    let write = async |expected: &Version, text: &'static str| {
        store.write_usage(&name, expected, Bytes::from_static(text.as_bytes())).await
    };
    let before = store.tenants().await.unwrap();
    assert!(read().await.is_none());
    write(&Version::ABSENT, "one").await.unwrap();
    let (text, one) = read().await.unwrap();
    assert_eq!(text, "one");
    let conflict = write(&Version::ABSENT, "two").await;
    assert!(matches!(conflict, Err(WriteError::Conflict)), "{conflict:?}");
    write(&one, "two").await.unwrap();
    let conflict = write(&one, "three").await;
    assert!(matches!(conflict, Err(WriteError::Conflict)), "{conflict:?}");
    assert_eq!(read().await.unwrap().0, "two");
    // It is no document, and of no other tenant.
    assert!(store.read_usage(&beside).await.unwrap().is_none());
    let document = found(store, &id).await;
    assert_eq!(document.version, Version::ABSENT);
    assert_eq!(store.tenants().await.unwrap(), before);
    // It goes with its tenant.
    store.remove_tenant(&id, &document).await.unwrap();
    assert!(read().await.is_none());
}

/// Each knows of uses of its own, and of one token that all know of.
async fn what_repositories_write_down_at_once_adds_up(store: &Arc<dyn DocumentStore>) {
    const REPOSITORIES: u32 = 5;
    let id = tenant("used");
    store.create_tenant(&id).await.unwrap();
    let open = || DocumentRepository::new(Arc::clone(store)).unwrap();
    let token = |number: u32| Digest::of(number.to_string().as_bytes());
    for number in 0..=REPOSITORIES {
        commit(&open(), &id, create(&number.to_string())).await.unwrap();
    }
    let minute = |number| Minute::numbered(29_000_000 + number);
    let flushes = (1..=REPOSITORIES).map(|number| {
        let repository = open();
        repository.note_use(&id, &token(number), minute(number));
        repository.note_use(&id, &token(0), minute(number));
        tokio::spawn(async move {
            // Where others had the lock for too long, it is tried again.
            let (began, patience) = (Instant::now(), Duration::from_secs(60));
            while repository.statistics().usage_flushes[0] != ("written", 1) {
                assert!(began.elapsed() < patience, "{:?}", repository.statistics().usage_flushes);
                repository.flush_usage(patience).await;
            }
        })
    });
    for flush in flushes.collect::<Vec<_>>() {
        flush.await.unwrap();
    }
    let usage = open().usage(&id).await.unwrap();
    for number in 1..=REPOSITORIES {
        assert_eq!(usage.last_used(&token(number)), Some(minute(number)));
    }
    assert_eq!(usage.last_used(&token(0)), Some(minute(REPOSITORIES)));
}

/// A state of which nobody can tell from its content that it is another one.
async fn what_is_written_again_the_same_is_no_obstacle(store: &dyn DocumentStore) {
    let id = tenant("again");
    store.create_tenant(&id).await.unwrap();
    let absent = found(store, &id).await;
    store.write(&id, &absent, Bytes::from_static(b"same")).await.unwrap();
    let mut known = found(store, &id).await;
    for round in 0..3 {
        let there = found(store, &id).await;
        store.write(&id, &there, Bytes::from_static(b"same")).await.unwrap();
        // As whoever knows the state before goes on, on what may be a moment old.
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match store.read(&id, Some(&known.version)).await.unwrap() {
                Reading::Unchanged => {}
                Reading::Confirmed(version) => known.version = version,
                Reading::Found(document) => known = document,
                Reading::BeingAcknowledged => known = found(store, &id).await,
                Reading::NoSuchTenant => panic!("round {round}: no such tenant"),
            }
            assert_eq!(known.bytes, "same");
            match store.write(&id, &known, Bytes::from(format!("other {round}"))).await {
                Ok(_) => break,
                Err(WriteError::Conflict) => assert!(Instant::now() < deadline, "round {round}"),
                Err(error) => panic!("round {round}: {error:?}"),
            }
        }
        let other = found(store, &id).await;
        store.write(&id, &other, Bytes::from_static(b"same")).await.unwrap();
        known = found(store, &id).await;
    }
}

async fn a_tenant_is_removed_with_the_document_that_is_expected(store: &dyn DocumentStore) {
    let id = tenant("removed");
    let nothing = StoredDocument::absent(Duration::ZERO);
    let removed = store.remove_tenant(&id, &nothing).await;
    assert!(matches!(removed, Err(WriteError::NoSuchTenant)), "{removed:?}");
    for round in 0..2 {
        store.create_tenant(&id).await.unwrap();
        let absent = found(store, &id).await;
        assert_eq!(absent.version, Version::ABSENT, "nothing is left of the one before");
        store.write(&id, &absent, Bytes::from(format!("one {round}"))).await.unwrap();
        let one = found(store, &id).await;
        store.write(&id, &one, Bytes::from_static(b"two")).await.unwrap();
        for old in [absent, one] {
            let removed = store.remove_tenant(&id, &old).await;
            assert!(matches!(removed, Err(WriteError::Conflict)), "{removed:?}");
        }
        let two = found(store, &id).await;
        assert_eq!(two.bytes, "two");
        store.remove_tenant(&id, &two).await.unwrap();
        assert!(matches!(store.read(&id, None).await, Ok(Reading::NoSuchTenant)));
        assert!(!store.tenants().await.unwrap().contains(&id));
        let written = store.write(&id, &two, Bytes::from_static(b"three")).await;
        assert!(matches!(written, Err(WriteError::NoSuchTenant)), "{written:?}");
    }
    store.create_tenant(&id).await.unwrap();
    store.remove_tenant(&id, &found(store, &id).await).await.unwrap();
    assert!(matches!(store.read(&id, None).await, Ok(Reading::NoSuchTenant)));
}

async fn tenants_whose_names_begin_alike_are_kept_apart(store: &dyn DocumentStore) {
    let ids = ["tenant-1", "tenant-10", "tenant-1_"].map(tenant);
    for id in &ids {
        store.create_tenant(id).await.unwrap();
    }
    for id in &ids {
        let absent = found(store, id).await;
        assert_eq!(absent.version, Version::ABSENT);
        store.write(id, &absent, Bytes::from(id.as_str().to_owned())).await.unwrap();
    }
    for id in &ids {
        assert_eq!(found(store, id).await.bytes, id.as_str());
    }
    let listed = store.tenants().await.unwrap();
    assert!(ids.iter().all(|id| listed.contains(id)), "{listed:?}");
}

async fn of_writers_that_expect_the_same_one_wins(store: Arc<dyn DocumentStore>) {
    let id = tenant("race");
    store.create_tenant(&id).await.unwrap();
    let mut document = found(&*store, &id).await;
    for round in 0..20 {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (store, id, expected) = (Arc::clone(&store), id.clone(), document.clone());
                let runtime = tokio::runtime::Handle::current();
                std::thread::spawn(move || {
                    let text = format!("{round} {writer}");
                    let write = runtime.block_on(store.write(&id, &expected, Bytes::from(text)));
                    write.is_ok().then_some(writer)
                })
            })
            .collect();
        let won: Vec<_> = writers.into_iter().filter_map(|writer| writer.join().unwrap()).collect();
        document = found(&*store, &id).await;
        assert_eq!(won.len(), 1);
        assert_eq!(document.bytes, format!("{round} {}", won[0]));
    }
}

#[tokio::test]
async fn memory_conforms() {
    judge(Arc::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn the_folder_conforms() {
    let folder = tempfile::tempdir().unwrap();
    judge(Arc::new(FolderStore::new(folder.path(), 1 << 20))).await;
}

#[cfg(feature = "etcd")]
mod etcd {
    use neokeys_store::storage::{EtcdStore, StoreUrl};

    use super::{Arc, Duration, judge, the_newest_is_found};
    use neokeys_testkit::servers::etcd::{DEBIAN, Etcd};

    pub(super) async fn etcd_conforms(program: &std::path::Path) {
        let etcd = Etcd::builder(1).program(program).start();
        for (prefix, max_staleness) in [("watched", None), ("asked", Some(Duration::ZERO))] {
            let Ok(StoreUrl::Etcd(url)) = etcd.url(prefix).parse() else { panic!("no url") };
            judge(Arc::new(EtcdStore::open(&url, 1 << 20, max_staleness).unwrap())).await;
        }
        let Ok(StoreUrl::Etcd(url)) = etcd.url("newest").parse() else { panic!("no url") };
        let open = || EtcdStore::open(&url, 1 << 20, Some(Duration::from_secs(60))).unwrap();
        the_newest_is_found(&open(), &open()).await;
    }

    #[tokio::test]
    async fn debians_etcd_conforms() {
        etcd_conforms(DEBIAN.as_ref()).await;
    }

    #[tokio::test]
    async fn a_later_etcd_conforms() {
        etcd_conforms(&neokeys_testkit::programs::tool("stores/bin/etcd")).await;
    }
}

#[cfg(feature = "object-storage")]
mod objects {
    use neokeys_store::storage::{ObjectsStore, StoreUrl};

    use super::{Arc, Duration, judge, the_newest_is_found};
    use neokeys_testkit::servers::buckets::Buckets;

    async fn conforms(buckets: &Buckets) {
        for (prefix, max_staleness) in [("a/while", None), ("asked", Some(Duration::ZERO))] {
            let Ok(StoreUrl::Objects(url)) = buckets.url(prefix).parse() else { panic!("no url") };
            let variables = buckets.variables();
            let store = ObjectsStore::open(&url, 1 << 20, max_staleness, &variables).unwrap();
            judge(Arc::new(store)).await;
        }
        let Ok(StoreUrl::Objects(url)) = buckets.url("newest").parse() else { panic!("no url") };
        let (variables, hour) = (buckets.variables(), Some(Duration::from_secs(3600)));
        let open = || ObjectsStore::open(&url, 1 << 20, hour, &variables).unwrap();
        the_newest_is_found(&open(), &open()).await;
    }

    #[tokio::test]
    async fn azure_conforms() {
        conforms(&Buckets::azurite()).await;
    }

    #[tokio::test]
    async fn s3_conforms() {
        conforms(&Buckets::s3()).await;
    }

    #[tokio::test]
    async fn seaweedfs_conforms() {
        conforms(&Buckets::seaweedfs()).await;
    }

    #[tokio::test]
    async fn google_conforms() {
        conforms(&Buckets::google()).await;
    }
}
