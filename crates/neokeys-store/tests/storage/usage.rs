//! The last uses of tokens: what several processes know adds up, what fails is tried again, and nothing
//! is written for tenants whose tokens nobody uses.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use neokeys_store::domain::{Digest, KeyRepository as _, Minute, TenantId, Usage};
use neokeys_store::storage::{
    CreateTenantError, DocumentError, DocumentRepository, DocumentStore, MemoryStore, Reading,
    StoreConfig, StoreFuture, StoreUrl, StoredDocument, UsageName, Version, WriteError,
};

use neokeys_testkit::tenants::{Folder, commit, create, delete, tenant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> Minute {
    Minute::of(SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
}

/// So many minutes before the first that asked: what is noted and what is expected later are one minute, though
/// the clock's turns in between.
fn ago(minutes: u32) -> Minute {
    static FIRST: LazyLock<Minute> = LazyLock::new(now);
    Minute::numbered(FIRST.number() - minutes)
}

fn digest(key: &str) -> Digest {
    Digest::of(key.as_bytes())
}

async fn usage(repository: &DocumentRepository, id: &TenantId) -> Usage {
    repository.usage(id).await.unwrap()
}

async fn last_used(repository: &DocumentRepository, id: &TenantId, key: &str) -> Option<Minute> {
    usage(repository, id).await.last_used(&digest(key))
}

fn record(folder: &Folder, name: &str) -> PathBuf {
    folder.root.join(".neokeys/usage").join(name)
}

fn outcomes(repository: &DocumentRepository) -> (u64, u64) {
    let outcomes: BTreeMap<_, _> = repository.statistics().usage_flushes.into_iter().collect();
    (outcomes["written"], outcomes["failed"])
}

#[tokio::test]
async fn a_use_is_shown_at_once_and_elsewhere_once_it_is_written_down() {
    let folder = Folder::new();
    let (one, other) = (folder.open(), folder.open());
    commit(&one, &folder.t, create("a")).await.unwrap();
    assert_eq!(last_used(&one, &folder.t, "a").await, None);
    one.note_use(&folder.t, &digest("a"), ago(3));
    one.note_use(&folder.t, &digest("a"), ago(5));
    assert_eq!(last_used(&one, &folder.t, "a").await, Some(ago(3)));
    assert_eq!(last_used(&other, &folder.t, "a").await, None);
    one.flush_usage(PATIENCE).await;
    assert_eq!(last_used(&other, &folder.t, "a").await, Some(ago(3)));
    assert_eq!(last_used(&one, &folder.t, "a").await, Some(ago(3)));
    assert_eq!(outcomes(&one), (1, 0));
}

#[tokio::test]
async fn what_several_processes_saw_adds_up() {
    let folder = Folder::new();
    let [one, two, three] = [(); 3].map(|()| folder.open());
    for key in ["a", "b", "c", "d"] {
        commit(&one, &folder.t, create(key)).await.unwrap();
    }
    // Each has one to tell that no other knows, whoever comes first.
    let uses = [
        (&one, "a", 9),
        (&one, "d", 3),
        (&two, "a", 7),
        (&two, "b", 5),
        (&three, "b", 6),
        (&three, "c", 1),
    ];
    for (repository, key, minutes) in uses {
        repository.note_use(&folder.t, &digest(key), ago(minutes));
    }
    let flush = async |repository: &DocumentRepository| {
        // Where others had the lock for too long, it is tried again.
        let began = Instant::now();
        while outcomes(repository).0 == 0 {
            assert!(began.elapsed() < PATIENCE, "{:?}", outcomes(repository));
            repository.flush_usage(PATIENCE).await;
        }
    };
    tokio::join!(flush(&one), flush(&two), flush(&three));
    for key in [("a", 7), ("b", 5), ("c", 1), ("d", 3)] {
        assert_eq!(last_used(&folder.open(), &folder.t, key.0).await, Some(ago(key.1)), "{key:?}");
    }
}

#[tokio::test]
async fn what_is_written_by_and_by_is_written_without_being_asked_for() {
    let folder = Folder::new();
    let config = StoreConfig { usage_period: Some(Duration::from_millis(1)), ..Default::default() };
    let url = StoreUrl::File(folder.root.clone());
    let repository = DocumentRepository::open(&url, &config).unwrap();
    commit(&repository, &folder.t, create("a")).await.unwrap();
    repository.note_use(&folder.t, &digest("a"), ago(1));
    let began = Instant::now();
    while !record(&folder, "t").exists() {
        assert!(began.elapsed() < PATIENCE, "the use was never written down");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(last_used(&folder.open(), &folder.t, "a").await, Some(ago(1)));
}

#[tokio::test]
async fn a_token_that_is_no_more_leaves_the_record_and_a_new_one_of_its_name_begins_anew() {
    let folder = Folder::new();
    let repository = folder.open();
    for key in ["a", "b"] {
        commit(&repository, &folder.t, create(key)).await.unwrap();
        repository.note_use(&folder.t, &digest(key), ago(2));
    }
    repository.flush_usage(PATIENCE).await;
    commit(&repository, &folder.t, delete("a")).await.unwrap();
    repository.note_use(&folder.t, &digest("b"), ago(1));
    repository.note_use(&folder.t, &digest("never there"), ago(1));
    repository.flush_usage(PATIENCE).await;
    let usage = usage(&repository, &folder.t).await;
    assert_eq!(usage.last_uses().len(), 1);
    assert_eq!(usage.last_used(&digest("b")), Some(ago(1)));
}

#[tokio::test]
async fn an_entry_that_is_no_key_for_a_while_keeps_its_last_use() {
    let folder = Folder::new();
    let repository = folder.open();
    for key in ["a", "b"] {
        commit(&repository, &folder.t, create(key)).await.unwrap();
        repository.note_use(&folder.t, &digest(key), ago(2));
    }
    repository.flush_usage(PATIENCE).await;
    let text = folder.text();
    folder.write(&text.replacen("enabled: true", "enabled: maybe", 1));
    repository.note_use(&folder.t, &digest("b"), ago(1));
    repository.flush_usage(PATIENCE).await;
    assert_eq!(last_used(&repository, &folder.t, "a").await, Some(ago(2)));
    assert_eq!(last_used(&repository, &folder.t, "b").await, Some(ago(1)));
}

#[tokio::test]
async fn nothing_is_in_the_future_whatever_a_clock_said() {
    let folder = Folder::new();
    let repository = folder.open();
    commit(&repository, &folder.t, create("a")).await.unwrap();
    let before = now();
    repository.note_use(&folder.t, &digest("a"), Minute::numbered(before.number() + 5000));
    for _ in 0..2 {
        let shown = last_used(&repository, &folder.t, "a").await.unwrap();
        assert!(before <= shown && shown <= now(), "{shown:?}");
        repository.flush_usage(PATIENCE).await;
    }
    // It is of the minute in which it was written down, and stays so.
    let text = fs::read_to_string(record(&folder, "t")).unwrap();
    let last: u32 = text.lines().nth(2).unwrap().split_once(' ').unwrap().1.parse().unwrap();
    assert!(before.number() <= last && last <= now().number(), "{text}");
}

#[tokio::test]
async fn nothing_is_written_for_tenants_whose_tokens_nobody_uses() {
    let folder = Folder::new();
    let repository = folder.open();
    commit(&repository, &folder.t, create("a")).await.unwrap();
    repository.get_keyring(&folder.t).await.unwrap();
    repository.flush_usage(PATIENCE).await;
    assert!(!record(&folder, "").exists());
    repository.note_use(&folder.t, &digest("a"), ago(1));
    repository.flush_usage(PATIENCE).await;
    let written = fs::metadata(record(&folder, "t")).unwrap();
    // What others wrote already, and what is of no tenant, needs no writing.
    repository.note_use(&folder.t, &digest("a"), ago(1));
    repository.note_use(&tenant("nobody"), &digest("a"), ago(1));
    repository.flush_usage(PATIENCE).await;
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(fs::metadata(record(&folder, "t")).unwrap().ino(), written.ino());
    assert_eq!(outcomes(&repository), (1, 0));
    let mut names: Vec<_> = fs::read_dir(record(&folder, ""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".since", "t"]);
}

#[tokio::test]
async fn a_token_without_a_last_use_was_not_used_since_the_store_is_tracked() {
    let folder = Folder::new();
    let repository = folder.open();
    commit(&repository, &folder.t, create("a")).await.unwrap();
    let before = now();
    assert!(usage(&repository, &folder.t).await.tracking_since() >= before);
    repository.probe();
    let began = Instant::now();
    while !record(&folder, ".since").exists() {
        assert!(began.elapsed() < PATIENCE, "it was never written down");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let text = fs::read_to_string(record(&folder, ".since")).unwrap();
    let number = text.lines().nth(1).unwrap().strip_prefix("tracking since ").unwrap().to_owned();
    let body = text.rsplit_once("crc32").unwrap().0.replace(&number, "20000000");
    let sealed = format!("{body}crc32 {:08x}\n", crc32fast::hash(body.as_bytes()));
    fs::write(record(&folder, ".since"), sealed).unwrap();
    let later = folder.open();
    assert_eq!(usage(&later, &folder.t).await.tracking_since(), Minute::numbered(20_000_000));
    later.note_use(&folder.t, &digest("a"), ago(1));
    later.flush_usage(PATIENCE).await;
    let usage = usage(&folder.open(), &folder.t).await;
    assert_eq!(usage.tracking_since(), Minute::numbered(20_000_000));
    assert_eq!(usage.last_used(&digest("a")), Some(ago(1)));
}

#[tokio::test]
async fn a_damaged_record_is_kept_aside_and_tracking_begins_anew() {
    let folder = Folder::new();
    let repository = folder.open();
    for key in ["a", "b"] {
        commit(&repository, &folder.t, create(key)).await.unwrap();
    }
    repository.note_use(&folder.t, &digest("a"), ago(9));
    repository.flush_usage(PATIENCE).await;
    let text = fs::read_to_string(record(&folder, "t")).unwrap();
    fs::write(record(&folder, "t"), &text[..text.len() - 3]).unwrap();
    let before = now();
    assert!(usage(&repository, &folder.t).await.tracking_since() >= before);
    repository.note_use(&folder.t, &digest("b"), now());
    repository.flush_usage(PATIENCE).await;
    let usage = usage(&repository, &folder.t).await;
    assert!(usage.tracking_since() >= before, "{usage:?}");
    assert_eq!(usage.last_uses().len(), 1);
    assert_eq!(fs::read_to_string(record(&folder, "t.damaged")).unwrap(), text[..text.len() - 3]);
}

#[tokio::test]
async fn a_record_of_a_later_version_is_left_as_it_is() {
    let folder = Folder::new();
    let repository = folder.open();
    commit(&repository, &folder.t, create("a")).await.unwrap();
    repository.note_use(&folder.t, &digest("a"), ago(1));
    let body = "neokeys usage 2\nwho knows\n";
    let later = format!("{body}crc32 {:08x}\n", crc32fast::hash(body.as_bytes()));
    fs::create_dir(record(&folder, "")).unwrap();
    fs::write(record(&folder, "t"), &later).unwrap();
    repository.flush_usage(PATIENCE).await;
    assert_eq!(outcomes(&repository), (0, 1));
    assert_eq!(fs::read_to_string(record(&folder, "t")).unwrap(), later);
    assert!(repository.usage(&folder.t).await.is_err());
}

#[tokio::test]
async fn where_nothing_can_be_written_keys_are_checked_and_uses_are_kept_until_it_can() {
    let folder = Folder::new();
    let repository = folder.open();
    commit(&repository, &folder.t, create("a")).await.unwrap();
    // As a disk does that is full or takes no writes.
    fs::write(record(&folder, "").to_str().unwrap().trim_end_matches('/'), "in the way").unwrap();
    repository.note_use(&folder.t, &digest("a"), ago(4));
    for failed in 1..4 {
        repository.flush_usage(PATIENCE).await;
        assert_eq!(outcomes(&repository), (0, failed));
        let keyring = repository.get_keyring(&folder.t).await.unwrap();
        assert!(keyring.find_by_digest(&digest("a")).is_some());
        assert!(repository.health().faults.is_empty());
        commit(&repository, &folder.t, create(&format!("b{failed}"))).await.unwrap();
    }
    fs::remove_file(record(&folder, "").to_str().unwrap().trim_end_matches('/')).unwrap();
    repository.flush_usage(PATIENCE).await;
    assert_eq!(outcomes(&repository), (1, 3));
    assert_eq!(last_used(&folder.open(), &folder.t, "a").await, Some(ago(4)));
}

/// A store in memory that says when each record was written, and how many were being written at once.
#[derive(Default)]
struct Watched {
    store: MemoryStore,
    written: Mutex<Vec<Instant>>,
}

impl DocumentStore for Watched {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        self.store.read(tenant, known)
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.store.write(tenant, expected, bytes)
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        self.store.tenants()
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        self.store.create_tenant(tenant)
    }

    fn usage_period(&self) -> Duration {
        Duration::ZERO
    }

    fn read_usage<'a>(
        &'a self,
        name: &'a UsageName,
    ) -> StoreFuture<'a, Option<(Bytes, Version)>, DocumentError> {
        self.store.read_usage(name)
    }

    fn write_usage<'a>(
        &'a self,
        name: &'a UsageName,
        expected: &'a Version,
        bytes: Bytes,
    ) -> StoreFuture<'a, (), WriteError> {
        self.written.lock().unwrap().push(Instant::now());
        self.store.write_usage(name, expected, bytes)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.store.locate(tenant)
    }
}

#[tokio::test]
async fn of_a_hundred_thousand_busy_tenants_fifty_are_written_in_a_second() {
    const TENANTS: usize = 100_000;
    let documents = Arc::new(Watched::default());
    let hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
    let text = format!("apiKeys:\n  - name: a\n    hash: {hash}\n");
    let tenants: Vec<_> = (0..TENANTS).map(|number| tenant(&format!("t{number}"))).collect();
    tenants.iter().for_each(|id| documents.store.put(id, text.clone()));
    let repository = DocumentRepository::new(Arc::clone(&documents) as Arc<_>).unwrap();
    for id in &tenants {
        repository.note_use(id, &digest("password"), ago(1));
    }
    let began = Instant::now();
    while documents.written.lock().unwrap().len() < 150 {
        assert!(began.elapsed() < PATIENCE, "they are not written down");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let written = documents.written.lock().unwrap().clone();
    // Fifty-one that are begun take a second. Sixteen more may have been begun before, and come late; and
    // one is the store's own.
    for some in written.windows(51 + 16 + 1) {
        let took = some[some.len() - 1] - some[0];
        assert!(took >= Duration::from_secs(1), "{took:?}");
    }
    // All of it is shown, wherever it is.
    for id in [&tenants[0], &tenants[TENANTS - 1]] {
        assert_eq!(last_used(&repository, id, "password").await, Some(ago(1)));
    }
}
