//! Object storage that says what is not so, lacks what is needed, or says nothing.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use neokeys_store::domain::KeyRepository as _;
use neokeys_store::storage::{
    DocumentError, DocumentRepository, DocumentStore as _, ObjectsStore, StoreUrl, StoredDocument,
    WriteError,
};

use neokeys_testkit::servers::buckets::Buckets;
use neokeys_testkit::servers::wait_until;
use neokeys_testkit::tenants::{commit, create, tenant};

fn open(buckets: &Buckets, prefix: &str) -> ObjectsStore {
    let Ok(StoreUrl::Objects(url)) = buckets.url(prefix).parse() else { panic!("no url") };
    ObjectsStore::open(&url, 1 << 20, Some(Duration::ZERO), &buckets.variables()).unwrap()
}

/// Whatever the server says of a write that it has done, nobody hears that the name is taken: by
/// themselves.
#[tokio::test]
async fn a_write_that_was_done_is_known_by_its_own_id() {
    for mood in ["denies", "fails", "hangs-up"] {
        let buckets = Buckets::spoiled_s3(&[mood]);
        let store = Arc::new(DocumentRepository::new(Arc::new(open(&buckets, "own"))).unwrap());
        for number in 0..4 {
            let id = tenant(&format!("t{number}"));
            let made = store.create_tenant(&id).await;
            assert!(made.is_ok(), "{mood}: {made:?}");
            for name in ["one", "two", "three"] {
                let created = commit(&store, &id, create(name)).await;
                assert!(created.is_ok(), "{mood}, {name}: {created:?}");
            }
            let keyring = store.get_keyring(&id).await.unwrap();
            assert_eq!(keyring.keys().len(), 3, "{mood}");
        }
    }
}

async fn refuses(buckets: &Buckets, words: &str) {
    let store = open(buckets, "lacking");
    store.probe();
    wait_until(&format!("{words:?} in the health"), || {
        store.health().faults.iter().any(|fault| fault.contains(words))
    });
    // One that nobody examined finds out with its first change, and changes nothing.
    let store = open(buckets, "lacking");
    let made = store.create_tenant(&tenant("t")).await.unwrap_err();
    let refused = std::error::Error::source(&made).unwrap().to_string();
    assert!(refused.contains(words) && refused.contains("docs/stores.md"), "{refused}");
    let absent = StoredDocument::absent(Duration::ZERO);
    let written = store.write(&tenant("t"), &absent, Bytes::from_static(b"x")).await;
    assert!(
        matches!(written, Err(WriteError::Refused(DocumentError::NotReplaceable { .. }))),
        "{written:?}"
    );
    assert_eq!(store.tenants().await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_lacks_what_is_needed_is_found_out_and_changed_in_nothing() {
    for (header, words) in [
        ("if-none-match", "does not keep to If-None-Match: *"),
        ("if-match", "does not keep to If-Match"),
        ("x-amz-meta-neokeyswrites", "keeps no metadata"),
    ] {
        refuses(&Buckets::spoiled_s3(&[header]), words).await;
    }
    for (header, words) in [
        ("x-goog-if-generation-match", "does not keep to If-None-Match: *"),
        ("x-goog-meta-neokeyswrites", "keeps no metadata"),
    ] {
        refuses(&Buckets::spoiled_google(&[header]), words).await;
    }
}

#[tokio::test]
async fn servers_that_have_what_is_needed_are_not_complained_of() {
    for buckets in [Buckets::s3(), Buckets::google(), Buckets::azurite(), Buckets::seaweedfs()] {
        let stores: Vec<_> = (0..4).map(|_| open(&buckets, "whole")).collect();
        // All at once on one object.
        stores.iter().for_each(|store| store.probe());
        for (number, store) in stores.iter().enumerate() {
            let id = tenant(&format!("t{number}"));
            store.create_tenant(&id).await.unwrap();
            let faults = store.health().faults;
            assert!(faults.is_empty(), "{}: {faults:?}", buckets.url(""));
        }
        assert_eq!(stores[0].tenants().await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn a_silent_server_holds_nobody_longer_than_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let variables = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT", &endpoint),
        ("AWS_ALLOW_HTTP", "true"),
    ];
    let Ok(StoreUrl::Objects(url)) = "s3://keys/silent".parse() else { panic!("no url") };
    let store = ObjectsStore::open(&url, 1 << 20, None, &variables).unwrap();
    let (id, absent) = (tenant("t"), StoredDocument::absent(Duration::ZERO));
    let began = Instant::now();
    let (read, written) =
        tokio::join!(async { (store.read(&id, None).await, began.elapsed()) }, async {
            (store.write(&id, &absent, Bytes::from_static(b"x")).await, began.elapsed())
        },);
    assert!(matches!(read.0, Err(DocumentError::Unreachable { .. })), "{read:?}");
    assert!(matches!(written.0, Err(WriteError::Refused(_))), "{written:?}");
    // Half as long again, for a machine that is busy.
    assert!(read.1 < Duration::from_millis(4500), "{read:?}");
    assert!(written.1 < Duration::from_secs(12), "{written:?}");
}
