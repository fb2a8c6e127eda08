//! Between the exchange of a write and its acknowledgement: other processes see the new document, so
//! nobody who reads through the store that writes is given the old one any more.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::fault_injection::{Circumstance, FailingFileSystem};
use crate::domain::{
    Actor, ApiKey, Commit, CommitError, CommitFuture, Digest, Initiator, KeyName,
    KeyRepository as _, KeyringEdit, KeyringFuture, Precondition, ReadError, Right, Scopes,
    TenantId,
};
use crate::storage::DocumentRepository;
use crate::storage::folder::file_system::FileState;
use crate::storage::folder::file_system::{FileSystem as _, OsFileSystem};
use crate::storage::folder::{EDIT_TIME, FolderStore};

/// Longer than a machine that is busy takes.
const IN_THE_END: Duration = Duration::from_secs(60);

/// A place that whoever comes by passes only while it is open.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<(Mutex<Passing>, Condvar)>);

#[derive(Debug, Default)]
struct Passing {
    is_closed: bool,
    arrived: usize,
    end: End,
}

/// The fate of those who pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum End {
    #[default]
    Well,
    Fails,
    Panics,
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}

impl Gate {
    /// Comes by, and waits while it is closed.
    pub(super) fn pass(&self) -> io::Result<()> {
        let (passing, changed) = &*self.0;
        let mut passing = passing.lock().unwrap();
        passing.arrived += 1;
        changed.notify_all();
        let (passing, waited) =
            changed.wait_timeout_while(passing, IN_THE_END, |it| it.is_closed).unwrap();
        assert!(!waited.timed_out(), "the gate stays closed");
        let end = passing.end;
        drop(passing);
        match end {
            End::Well => Ok(()),
            End::Fails => Err(io::Error::from_raw_os_error(5)),
            End::Panics => panic!("the one who passes is to end suddenly"),
        }
    }

    pub(super) fn close(&self) {
        let mut passing = self.0.0.lock().unwrap();
        passing.is_closed = true;
        passing.arrived = 0;
    }

    pub(super) fn open(&self, end: End) {
        let mut passing = self.0.0.lock().unwrap();
        passing.is_closed = false;
        passing.end = end;
        self.0.1.notify_all();
    }

    /// Until somebody stands before it.
    pub(super) fn wait_for_somebody(&self) {
        self.wait_for(1);
    }

    /// Until so many stand before it.
    pub(super) fn wait_for(&self, count: usize) {
        let (passing, changed) = &*self.0;
        let passing = passing.lock().unwrap();
        let (passing, waited) =
            changed.wait_timeout_while(passing, IN_THE_END, |it| it.arrived < count).unwrap();
        assert!(!waited.timed_out(), "{} of {count} come to the gate", passing.arrived);
    }
}

/// A store whose syncs pass gates, and another one on the same folder.
struct Both {
    folder: tempfile::TempDir,
    id: TenantId,
    files: Gate,
    folders: Gate,
    writes: DocumentRepository,
    other: DocumentRepository,
}

impl Both {
    fn with(document: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let id = TenantId::parse("t").unwrap();
        std::fs::create_dir(folder.path().join("t")).unwrap();
        let file = OsFileSystem.create(&folder.path().join("t/security.yml")).unwrap();
        OsFileSystem.write(&file, document.as_bytes()).unwrap();
        let (files, folders) = (Gate::default(), Gate::default());
        let gates = Circumstance::Gates(files.clone(), folders.clone());
        let writes = FailingFileSystem::under(gates);
        let on = |path: &Path, files| FolderStore::on(path.to_owned(), 1 << 24, EDIT_TIME, files);
        let writes =
            DocumentRepository::new(Arc::new(on(folder.path(), Box::new(writes)))).unwrap();
        let other =
            DocumentRepository::new(Arc::new(FolderStore::new(folder.path(), 1 << 24))).unwrap();
        Self { folder, id, files, folders, writes, other }
    }

    fn document(&self) -> PathBuf {
        self.folder.path().join("t/security.yml")
    }

    /// Until reads are answered at once: the document's stamps are old enough, and it is known.
    async fn settled(&self) {
        let is_settled =
            || FileState::of(&self.document().metadata().unwrap()).is_settled(OsFileSystem.now());
        let read = || self.writes.get_keyring(&self.id);
        in_the_end(async {
            while !is_settled() || matches!(read(), KeyringFuture::Pending(_)) {
                read().await.unwrap();
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn change(&self, edit: KeyringEdit) -> CommitFuture {
        let (precondition, right) = (Precondition::default(), Right::Operator);
        let (tenant, asked_at) = (self.id.clone(), Instant::now());
        let initiator = Initiator::of(Actor::SERVICE);
        self.writes.commit(Commit {
            tenant,
            edit,
            together: None,
            precondition,
            right,
            initiator,
            asked_at,
        })
    }

    /// A change that was exchanged and is not acknowledged.
    async fn exchanged(&self, edit: KeyringEdit) -> CommitFuture {
        self.settled().await;
        self.folders.close();
        let change = self.change(edit);
        self.folders.wait_for_somebody();
        change
    }
}

fn key(name: &str) -> ApiKey {
    ApiKey::new(
        KeyName::parse(name).unwrap(),
        true,
        Scopes::parse(&["x"]).unwrap(),
        Digest::of(name.as_bytes()),
    )
}

fn create(name: &str) -> KeyringEdit {
    KeyringEdit::Create(key(name))
}

fn delete(name: &str) -> KeyringEdit {
    KeyringEdit::Delete { name: KeyName::parse(name).unwrap() }
}

async fn names(read: KeyringFuture<'_>) -> Result<Vec<String>, ReadError> {
    let read = tokio::time::timeout(IN_THE_END, read).await.expect("a read without an answer");
    Ok(read?.keys().iter().map(|key| key.name.as_str().to_owned()).collect())
}

async fn in_the_end<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(IN_THE_END, future).await.expect("no answer in the end")
}

/// The documents that were found changed, and so parsed.
fn parsed(store: &DocumentRepository) -> u64 {
    let reloads = store.statistics().reloads;
    reloads.iter().find(|(what, _)| *what == "changed").expect("a count of them").1
}

fn long_document() -> String {
    let entry = |number| {
        format!("  - name: k{number}\n    permissions: [x]\n    hash: {}\n", "0".repeat(64))
    };
    format!("apiKeys:\n{}", (0..2_000).map(entry).collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_through_the_writer_is_not_given_what_others_know_is_past() {
    for document in ["apiKeys: []\n".to_owned(), long_document()] {
        let both = Both::with(&document);
        in_the_end(both.change(create("one"))).await.unwrap();
        let ways: [(KeyringEdit, &str, bool); 4] = [
            (create("two"), "two", true),
            (delete("one"), "one", false),
            (create("three"), "three", true),
            (delete("two"), "two", false),
        ];
        for (edit, name, is_there) in ways {
            let change = both.exchanged(edit).await;
            let shows = |names: Vec<String>| names.iter().any(|it| it == name) == is_there;
            assert!(shows(names(both.other.get_keyring(&both.id)).await.unwrap()));
            let before = parsed(&both.writes);
            let mut reads: Vec<_> = (0..5).map(|_| both.writes.get_keyring(&both.id)).collect();
            for read in &mut reads {
                let polled = std::future::poll_fn(|context| {
                    std::task::Poll::Ready(std::pin::Pin::new(&mut *read).poll(context))
                });
                let polled = polled.await;
                assert!(polled.is_pending(), "{name}: answered before the write was acknowledged");
            }
            both.folders.open(End::Well);
            for read in reads {
                assert!(shows(names(read).await.unwrap()), "{name}: time went back");
            }
            in_the_end(change).await.unwrap();
            assert_eq!(parsed(&both.writes), before, "the document was parsed again for a reader");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_fails_or_ends_suddenly_leaves_no_reader_waiting() {
    for end in [End::Fails, End::Panics] {
        let both = Both::with("apiKeys: []\n");
        in_the_end(both.change(create("one"))).await.unwrap();
        let change = both.exchanged(create("two")).await;
        let read = both.writes.get_keyring(&both.id);
        both.folders.open(end);
        assert_eq!(names(read).await.unwrap(), ["one", "two"], "{end:?}");
        let told = in_the_end(change).await;
        assert!(matches!(told, Err(CommitError::Uncertain(_))), "{end:?}: {told:?}");
        both.folders.open(End::Well);
        in_the_end(both.change(create("three"))).await.unwrap();
        let all = names(both.writes.get_keyring(&both.id)).await.unwrap();
        assert_eq!(all, ["one", "two", "three"], "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_never_ends_keeps_readers_no_longer_than_a_read_may_take() {
    let both = Both::with("apiKeys: []\n");
    // The first change makes the log's folder, which is synced before the document is exchanged.
    in_the_end(both.change(create("zero"))).await.unwrap();
    let change = both.exchanged(create("one")).await;
    let reads = [both.writes.get_keyring(&both.id), both.writes.get_keyring(&both.id)];
    for read in reads {
        let read = names(read).await;
        assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    }
    both.folders.open(End::Well);
    in_the_end(change).await.unwrap();
    assert_eq!(names(both.writes.get_keyring(&both.id)).await.unwrap(), ["zero", "one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_has_not_exchanged_yet_keeps_no_reader() {
    let both = Both::with("apiKeys: []\n");
    both.settled().await;
    both.files.close();
    let change = both.change(create("one"));
    both.files.wait_for_somebody();
    let at_once = |read: KeyringFuture<'_>| assert!(matches!(read, KeyringFuture::Ready(_)));
    at_once(both.writes.get_keyring(&both.id));
    both.files.open(End::Well);
    in_the_end(change).await.unwrap();

    both.settled().await;
    let lock = std::fs::File::open(both.folder.path().join(".neokeys/t.lock")).unwrap();
    lock.lock().unwrap();
    let change = both.change(create("two"));
    at_once(both.writes.get_keyring(&both.id));
    drop(lock);
    in_the_end(change).await.unwrap();

    // Somebody has the document open for writing.
    both.settled().await;
    let hand = std::fs::File::options().append(true).open(both.document()).unwrap();
    let change = both.change(create("three"));
    for _ in 0..100 {
        at_once(both.writes.get_keyring(&both.id));
        tokio::task::yield_now().await;
    }
    drop(hand);
    in_the_end(change).await.unwrap();
    let all = names(both.writes.get_keyring(&both.id)).await.unwrap();
    assert_eq!(all, ["one", "two", "three"]);
}
