//! Documents that are gone or empty, by clocks that a test sets.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use file_lease::{LeaseError, ReadLease};
use rustix::fs::FlockOperation;

use crate::domain::TenantId;
use crate::storage::document_store::{Reading, Version};
use crate::storage::folder::file_system::{FileSystem, Now, OsFileSystem};
use crate::storage::folder::{EDIT_TIME, FolderStore};

/// The system's files, and clocks that are ahead of its own or behind.
#[derive(Default)]
struct Clocks {
    /// By how many milliseconds the time of day is ahead.
    day: AtomicI64,
    /// The clock that only goes on, likewise.
    steady: AtomicI64,
}

impl Clocks {
    fn pass(&self, time: Duration) {
        let milliseconds = time.as_millis() as i64;
        self.day.fetch_add(milliseconds, Ordering::Relaxed);
        self.steady.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

struct Timed(Arc<Clocks>);

impl FileSystem for Timed {
    fn stat(&self, path: &Path) -> io::Result<Metadata> {
        OsFileSystem.stat(path)
    }
    fn stat_link(&self, path: &Path) -> io::Result<Metadata> {
        OsFileSystem.stat_link(path)
    }
    fn stat_open(&self, file: &File) -> io::Result<Metadata> {
        OsFileSystem.stat_open(file)
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        OsFileSystem.open(path)
    }
    fn read(&self, file: &File, most: u64) -> io::Result<Vec<u8>> {
        OsFileSystem.read(file, most)
    }
    fn holds(&self, file: &File, bytes: &[u8]) -> io::Result<bool> {
        OsFileSystem.holds(file, bytes)
    }
    fn create(&self, path: &Path) -> io::Result<File> {
        OsFileSystem.create(path)
    }
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        OsFileSystem.write(file, bytes)
    }
    fn open_or_create(&self, path: &Path) -> io::Result<File> {
        OsFileSystem.open_or_create(path)
    }
    fn read_at(&self, file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
        OsFileSystem.read_at(file, from, to)
    }
    fn write_at(&self, file: &File, from: u64, bytes: &[u8]) -> io::Result<()> {
        OsFileSystem.write_at(file, from, bytes)
    }
    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        OsFileSystem.truncate(file, length)
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        OsFileSystem.sync_data(file)
    }
    fn make_like(&self, path: &Path, file: &File, other: &File) -> io::Result<()> {
        OsFileSystem.make_like(path, file, other)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        OsFileSystem.sync(file)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.sync_folder(path)
    }
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        OsFileSystem.exchange(one, other)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsFileSystem.rename(from, to)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsFileSystem.rename_new(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.remove(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        OsFileSystem.list(path)
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.create_folder(path)
    }
    fn lock(&self, path: &Path) -> io::Result<Option<File>> {
        OsFileSystem.lock(path)
    }
    fn try_lock(&self, file: &File, operation: FlockOperation) -> bool {
        OsFileSystem.try_lock(file, operation)
    }
    fn lease<'f>(&self, file: &'f File) -> Result<ReadLease<'f>, LeaseError> {
        OsFileSystem.lease(file)
    }
    fn now(&self) -> Now {
        let (day, steady) =
            (self.0.day.load(Ordering::Relaxed), self.0.steady.load(Ordering::Relaxed));
        OsFileSystem.now().ahead(day, steady)
    }
    fn pause(&self, time: Duration) {
        self.0.pass(time);
    }
}

/// A store with a tenant and a document, and its clocks.
fn store() -> (tempfile::TempDir, FolderStore, Arc<Clocks>, TenantId) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let clocks = Arc::new(Clocks::default());
    let files = Box::new(Timed(Arc::clone(&clocks)));
    let store = FolderStore::on(folder.path().to_owned(), 1 << 20, EDIT_TIME, files);
    (folder, store, clocks, TenantId::parse("t").unwrap())
}

/// How long the document is known to be as it is.
fn unchanged_for(store: &FolderStore, t: &TenantId) -> Duration {
    match store.folder.read(t, None) {
        Ok(Reading::Found(found)) => found.unchanged_for,
        other => panic!("{other:?}"),
    }
}

const A_MOMENT: Duration = Duration::from_millis(400);

#[test]
fn a_document_that_went_counts_as_gone_though_others_write_in_its_folder() {
    let (folder, store, clocks, t) = store();
    for round in 0..3 {
        assert!(unchanged_for(&store, &t) < A_MOMENT * 3, "round {round}");
        clocks.pass(A_MOMENT);
        File::create(folder.path().join(format!("t/other-{round}"))).unwrap();
    }
    assert!(unchanged_for(&store, &t) >= Duration::from_secs(1));
}

#[test]
fn what_has_a_stamp_of_the_future_counts_from_when_it_was_seen() {
    for document in [None, Some("")] {
        let (folder, store, clocks, t) = store();
        if document.is_some() {
            File::create(folder.path().join("t/security.yml")).unwrap();
        }
        // Every stamp is an hour ahead from here on.
        clocks.day.fetch_sub(3_600_000, Ordering::Relaxed);
        assert!(unchanged_for(&store, &t) < Duration::from_secs(1), "{document:?}");
        clocks.pass(Duration::from_secs(1));
        assert!(unchanged_for(&store, &t) >= Duration::from_secs(1), "{document:?}");
    }
}

#[test]
fn what_went_a_second_time_counts_anew() {
    let (folder, store, clocks, t) = store();
    let document = folder.path().join("t/security.yml");
    clocks.day.fetch_sub(3_600_000, Ordering::Relaxed);
    unchanged_for(&store, &t);
    clocks.pass(Duration::from_secs(5));
    let text = bytes::Bytes::from_static(b"apiKeys: []\n");
    let absent = match store.folder.read(&t, None) {
        Ok(Reading::Found(found)) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(absent.version, Version::ABSENT);
    store.folder.write(&t, &absent, &text).unwrap();
    std::fs::remove_file(&document).unwrap();
    assert!(unchanged_for(&store, &t) < Duration::from_secs(1));
}
