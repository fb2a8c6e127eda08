//! Many writers and readers at once, in one process and in two: no lost update, no torn read.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use neokeys_store::domain::KeyRepository;

use neokeys_testkit::tenants::{Folder, commit, create, delete, names};

/// Tells a copy of this test program which folder to write to, and under which names.
const FOLDER: &str = "NEOKEYS_TEST_FOLDER";
const PREFIX: &str = "NEOKEYS_TEST_PREFIX";

/// Runs a future on a thread and a runtime of its own, as the workers of the service do.
pub(crate) fn on_a_thread<F: Future<Output = ()>>(
    future: impl FnOnce() -> F + Send + 'static,
) -> JoinHandle<()> {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(future());
    })
}

#[test]
fn sixty_four_writers_and_readers_lose_and_tear_nothing() {
    let folder = Folder::new();
    let store = folder.open();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..64)
        .map(|_| {
            let (store, t, done) = (Arc::clone(&store), folder.t.clone(), Arc::clone(&done));
            on_a_thread(move || async move {
                let mut most = 0;
                while !done.load(Ordering::Relaxed) {
                    let count = store.get_keyring(&t).await.unwrap().keys().len();
                    assert!(count >= most, "{count} after {most}");
                    most = count;
                    std::thread::yield_now();
                }
            })
        })
        .collect();
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let (store, t) = (Arc::clone(&store), folder.t.clone());
            on_a_thread(move || async move {
                for number in 0..5 {
                    let key = format!("w{writer}-{number}");
                    commit(&store, &t, create(&key)).await.unwrap();
                    assert!(store.get_keyring(&t).await.unwrap().find_by_name(&key).is_some());
                }
            })
        })
        .collect();
    let outcomes: Vec<_> = writers.into_iter().map(JoinHandle::join).collect();
    done.store(true, Ordering::Relaxed);
    for outcome in outcomes.into_iter().chain(readers.into_iter().map(JoinHandle::join)) {
        outcome.unwrap();
    }
    let again = folder.open();
    on_a_thread({
        let t = folder.t.clone();
        move || async move {
            assert_eq!(again.get_keyring(&t).await.unwrap().keys().len(), 320);
        }
    })
    .join()
    .unwrap();
    assert_eq!(folder.listing(), ["security.yml"]);
}

/// Not a test of its own: what the second process does.
#[tokio::test]
async fn another_process_writes_where_it_is_told() {
    let (Ok(root), Ok(prefix)) = (std::env::var(FOLDER), std::env::var(PREFIX)) else { return };
    let store = neokeys_store::storage::DocumentRepository::open(
        &neokeys_store::storage::StoreUrl::File(root.into()),
        &neokeys_store::storage::StoreConfig::default(),
    )
    .unwrap();
    let t = neokeys_testkit::tenants::tenant("t");
    for number in 0..50 {
        commit(&store, &t, create(&format!("{prefix}{number}"))).await.unwrap();
        if number % 5 == 0 {
            commit(&store, &t, delete(&format!("{prefix}{number}"))).await.unwrap();
        }
    }
}

#[tokio::test]
async fn two_processes_on_one_folder_lose_nothing() {
    let folder = Folder::new();
    let this = std::env::current_exe().unwrap();
    let start = |prefix: &str| {
        Command::new(&this)
            .args(["--exact", "concurrent::another_process_writes_where_it_is_told"])
            .env(FOLDER, &folder.root)
            .env(PREFIX, prefix)
            .spawn()
            .unwrap()
    };
    let mut others = [start("a"), start("b")];
    let store = folder.open();
    for number in 0..50 {
        commit(&store, &folder.t, create(&format!("c{number}"))).await.unwrap();
    }
    for other in &mut others {
        assert!(other.wait().unwrap().success());
    }
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    let mut expected: Vec<String> = (0..50).map(|number| format!("c{number}")).collect();
    for prefix in ["a", "b"] {
        expected.extend((0..50).filter(|number| number % 5 != 0).map(|n| format!("{prefix}{n}")));
    }
    expected.sort();
    let mut found = names(&keyring);
    found.sort_unstable();
    assert_eq!(found, expected);
}
