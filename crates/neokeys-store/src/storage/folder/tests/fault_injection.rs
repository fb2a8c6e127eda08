//! Every call to the file system fails once, or is the last one that the process makes; after each,
//! the document is whole, what was acknowledged is there, and the store works again.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use file_lease::{LeaseError, ReadLease};
use rustix::fs::FlockOperation;

use super::unacknowledged_write::Gate;
use crate::domain::TenantId;
use crate::storage::document_store::{Reading, StoredDocument, Version, WriteError};
use crate::storage::folder::file_system::{FileSystem, Now, OsFileSystem};
use crate::storage::folder::{EDIT_TIME, Folder, FolderStore};

const OLD: &str = "apiKeys: []\n";
const NEW: &str = "apiKeys: []\n# new\n";
const THEIRS: &str = "apiKeys: []\n# theirs\n";

/// The fate of the n-th call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails, and the next ones do not.
    Fails,
    /// It and all after it never happen.
    Dies,
}

/// A capability that the file system lacks, or an event meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Circumstance {
    Usual,
    /// The disk takes so long for each sync.
    SlowSyncs(Duration),
    /// Whoever syncs a file has to pass the first gate, a folder the second.
    Gates(Gate, Gate),
    /// Whoever has written lines of a log passes the first gate before they are synced, and whoever waits for
    /// an editor the second.
    LogGates(Gate, Gate),
    NoExchange,
    /// Someone replaces the document just before it is exchanged.
    EditSlipsIn(PathBuf),
    /// Someone makes the document just after it was looked for.
    DocumentComes(PathBuf),
}

pub(super) struct FailingFileSystem {
    pub(super) calls: Arc<AtomicUsize>,
    pub(super) at: usize,
    pub(super) fault: Fault,
    pub(super) circumstance: Mutex<Circumstance>,
}

impl FailingFileSystem {
    /// Files that never fail.
    pub(super) fn under(circumstance: Circumstance) -> Self {
        Self {
            calls: Arc::default(),
            at: usize::MAX,
            fault: Fault::Fails,
            circumstance: Mutex::new(circumstance),
        }
    }

    /// Files of a process that is killed before its call of this number; and how many it made.
    pub(super) fn dying(at: usize) -> (Self, Arc<AtomicUsize>) {
        let files = Self { at, fault: Fault::Dies, ..Self::under(Circumstance::Usual) };
        let calls = Arc::clone(&files.calls);
        (files, calls)
    }

    /// Files of which the call of this number fails.
    pub(super) fn failing(at: usize) -> Self {
        Self { at, ..Self::under(Circumstance::Usual) }
    }

    /// How many calls were made.
    pub(super) fn calls(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.calls)
    }

    fn circumstance(&self) -> Circumstance {
        self.circumstance.lock().unwrap().clone()
    }

    /// Whether the disk is slow, which is waited for.
    fn is_slow(&self) -> bool {
        let Circumstance::SlowSyncs(time) = self.circumstance() else { return false };
        std::thread::sleep(time);
        true
    }

    fn step(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let fails = match self.fault {
            Fault::Fails => call == self.at,
            Fault::Dies => call >= self.at,
        };
        if fails { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    fn let_document_come(&self, path: &Path) {
        let comes = *self.circumstance.lock().unwrap() == Circumstance::DocumentComes(path.into());
        if comes && !path.exists() {
            put(path, OLD);
        }
    }
}

fn is_note(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "note")
}

impl FileSystem for FailingFileSystem {
    fn stat(&self, path: &Path) -> io::Result<Metadata> {
        let looked = self.step().and_then(|()| OsFileSystem.stat(path));
        self.let_document_come(path);
        looked
    }
    fn stat_link(&self, path: &Path) -> io::Result<Metadata> {
        self.step().and_then(|()| OsFileSystem.stat_link(path))
    }
    fn stat_open(&self, file: &File) -> io::Result<Metadata> {
        self.step().and_then(|()| OsFileSystem.stat_open(file))
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        let opened = self.step().and_then(|()| OsFileSystem.open(path));
        self.let_document_come(path);
        opened
    }
    fn read(&self, file: &File, most: u64) -> io::Result<Vec<u8>> {
        self.step().and_then(|()| OsFileSystem.read(file, most))
    }
    fn holds(&self, file: &File, bytes: &[u8]) -> io::Result<bool> {
        self.step().and_then(|()| OsFileSystem.holds(file, bytes))
    }
    fn create(&self, path: &Path) -> io::Result<File> {
        self.step().and_then(|()| OsFileSystem.create(path))
    }
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        let torn = self.step().inspect_err(|_| {
            let _ = OsFileSystem.write(file, &bytes[..bytes.len() / 2]);
        });
        torn.and_then(|()| OsFileSystem.write(file, bytes))
    }
    fn open_or_create(&self, path: &Path) -> io::Result<File> {
        self.step()?;
        OsFileSystem.open_or_create(path)
    }
    fn read_at(&self, file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
        self.step()?;
        OsFileSystem.read_at(file, from, to)
    }
    fn write_at(&self, file: &File, from: u64, bytes: &[u8]) -> io::Result<()> {
        self.step().inspect_err(|_| {
            let _ = OsFileSystem.write_at(file, from, &bytes[..bytes.len() / 2]);
        })?;
        OsFileSystem.write_at(file, from, bytes)
    }
    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.step()?;
        OsFileSystem.truncate(file, length)
    }
    fn sync_data(&self, file: &File) -> io::Result<()> {
        if let Circumstance::LogGates(gate, _) = self.circumstance() {
            gate.pass()?;
        }
        self.sync(file)
    }
    fn make_like(&self, path: &Path, file: &File, other: &File) -> io::Result<()> {
        self.step().and_then(|()| OsFileSystem.make_like(path, file, other))
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.step()?;
        if let Circumstance::Gates(gate, _) = self.circumstance() {
            gate.pass()?;
        }
        if self.is_slow() { Ok(()) } else { OsFileSystem.sync(file) }
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        if let Circumstance::Gates(_, gate) = self.circumstance() {
            gate.pass()?;
        }
        if self.is_slow() { Ok(()) } else { OsFileSystem.sync_folder(path) }
    }
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.step()?;
        let mut circumstance = self.circumstance.lock().unwrap();
        // What happens meanwhile happens to documents.
        if is_note(other) && *circumstance != Circumstance::NoExchange {
            return OsFileSystem.exchange(one, other);
        }
        match std::mem::replace(&mut *circumstance, Circumstance::Usual) {
            Circumstance::Usual | Circumstance::DocumentComes(_) | Circumstance::SlowSyncs(_) => {}
            gates @ (Circumstance::Gates(..) | Circumstance::LogGates(..)) => *circumstance = gates,
            Circumstance::NoExchange => {
                *circumstance = Circumstance::NoExchange;
                return Err(io::Error::from_raw_os_error(22));
            }
            Circumstance::EditSlipsIn(document) => put(&document, THEIRS),
        }
        OsFileSystem.exchange(one, other)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let has_exchange = self.circumstance() != Circumstance::NoExchange;
        assert!(!(has_exchange && is_note(to) && to.exists()), "ext4 syncs what is renamed over");
        self.step().and_then(|()| OsFileSystem.rename(from, to))
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step().and_then(|()| OsFileSystem.rename_new(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step().and_then(|()| OsFileSystem.remove(path))
    }
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.step().and_then(|()| OsFileSystem.list(path))
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.step().and_then(|()| OsFileSystem.create_folder(path))
    }
    fn lock(&self, path: &Path) -> io::Result<Option<File>> {
        self.step().and_then(|()| OsFileSystem.lock(path))
    }
    fn try_lock(&self, file: &File, operation: FlockOperation) -> bool {
        OsFileSystem.try_lock(file, operation)
    }
    fn lease<'f>(&self, file: &'f File) -> Result<ReadLease<'f>, LeaseError> {
        self.step().map_err(LeaseError::NotPossible)?;
        OsFileSystem.lease(file)
    }
    fn now(&self) -> Now {
        OsFileSystem.now()
    }
    fn pause(&self, time: Duration) {
        if let Circumstance::LogGates(_, gate) = self.circumstance() {
            gate.pass().unwrap();
        }
        OsFileSystem.pause(time);
    }
}

/// Replaces a document as an editor does.
pub(super) fn put(document: &Path, text: &str) {
    let file = document.with_file_name("editor");
    let _ = std::fs::remove_file(&file);
    OsFileSystem.create(&file).and_then(|open| OsFileSystem.write(&open, text.as_bytes())).unwrap();
    std::fs::rename(&file, document).unwrap();
}

fn text_of(folder: &Folder, t: &TenantId) -> Option<(StoredDocument, String)> {
    match folder.read(t, None).unwrap() {
        Reading::Found(found) if found.version == Version::ABSENT => None,
        Reading::Found(found) => {
            let text = String::from_utf8(found.bytes.to_vec()).unwrap();
            Some((found, text))
        }
        other @ (Reading::Unchanged
        | Reading::Confirmed(_)
        | Reading::BeingAcknowledged
        | Reading::NoSuchTenant) => panic!("{other:?}"),
    }
}

/// One write with a fault at a call. Gives how many calls there were.
fn write_with_fault(
    at: usize,
    fault: Fault,
    old: Option<&str>,
    circumstance: &Circumstance,
) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let t = TenantId::parse("t").unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let document = folder.path().join("t/security.yml");
    let slips_in = matches!(circumstance, Circumstance::EditSlipsIn(_));
    let circumstance =
        if slips_in { Circumstance::EditSlipsIn(document.clone()) } else { circumstance.clone() };
    let before = FolderStore::new(folder.path(), 1 << 20);
    if let Some(old) = old {
        put(&document, old);
    }
    let expected = text_of(&before.folder, &t)
        .map_or(StoredDocument::absent(Duration::ZERO), |(found, _)| found);
    let calls = Arc::new(AtomicUsize::new(0));
    let circumstance = Mutex::new(circumstance);
    let files = FailingFileSystem { calls: Arc::clone(&calls), at, fault, circumstance };
    let failing = FolderStore::on(folder.path().to_owned(), 1 << 20, EDIT_TIME, Box::new(files));
    let outcome = failing.folder.write(&t, &expected, &Bytes::from_static(NEW.as_bytes()));
    let says = format!("call {at} {fault:?}: {outcome:?}");
    let made = calls.load(Ordering::Relaxed);
    drop(failing);

    let after = FolderStore::new(folder.path(), 1 << 20);
    let found = text_of(&after.folder, &t).map(|(_, text)| text);
    let kept = if slips_in { found.as_deref() == Some(THEIRS) } else { found.as_deref() == old };
    let new = found.as_deref() == Some(NEW);
    let edit_is_there = |text: &str| {
        let names = folder.path().join("t").read_dir().unwrap();
        names
            .map(|name| name.unwrap().path())
            .any(|path| std::fs::read_to_string(path).unwrap() == text)
    };
    match &outcome {
        Ok(_) => assert!(new, "{says} {found:?}"),
        Err(WriteError::Refused(_) | WriteError::Conflict | WriteError::NoSuchTenant) => {
            // Where the fault came before the exchange, nobody slipped in.
            assert!(kept || found.as_deref() == old, "{says} {found:?}");
        }
        Err(WriteError::Uncertain(_)) => assert!(kept || new, "{says} {found:?}"),
    }
    if slips_in && found.as_deref() != old {
        assert!(edit_is_there(THEIRS), "{says} {found:?}");
    }
    let strays = OsFileSystem.list(&folder.path().join("t")).unwrap();
    let is_stray = |name: &OsString| {
        name.to_string_lossy().starts_with(crate::storage::folder::file_names::STAGED)
    };
    assert!(!strays.iter().any(is_stray), "{says} {strays:?}");
    let expected = text_of(&after.folder, &t)
        .map_or(StoredDocument::absent(Duration::ZERO), |(found, _)| found);
    after.folder.write(&t, &expected, &Bytes::from_static(b"# again\n")).unwrap();
    assert_eq!(text_of(&after.folder, &t).unwrap().1, "# again\n");
    made
}

fn sweep(old: Option<&str>, circumstance: &Circumstance) {
    let calls = write_with_fault(usize::MAX, Fault::Fails, old, circumstance);
    assert!(calls > 8, "only {calls} calls");
    for fault in [Fault::Fails, Fault::Dies] {
        for at in 0..calls {
            write_with_fault(at, fault, old, circumstance);
        }
    }
}

#[test]
fn a_replacement_survives_a_fault_at_every_call() {
    sweep(Some(OLD), &Circumstance::Usual);
}

#[test]
fn a_first_document_survives_a_fault_at_every_call() {
    sweep(None, &Circumstance::Usual);
}

#[test]
fn a_replacement_without_exchange_survives_a_fault_at_every_call() {
    sweep(Some(OLD), &Circumstance::NoExchange);
}

#[test]
fn an_edit_that_slips_in_survives_a_fault_at_every_call() {
    sweep(Some(OLD), &Circumstance::EditSlipsIn(PathBuf::new()));
}

#[test]
fn a_document_that_comes_while_it_is_looked_for_is_no_broken_link() {
    let folder = tempfile::tempdir().unwrap();
    let t = TenantId::parse("t").unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let document = folder.path().join("t/security.yml");
    for looks_first in [true, false] {
        let files = FailingFileSystem::under(Circumstance::DocumentComes(document.clone()));
        let store = FolderStore::on(folder.path().to_owned(), 1 << 20, EDIT_TIME, Box::new(files));
        if looks_first {
            assert!(store.folder.glance(&t, Some(&Version::ABSENT)).is_none());
        } else {
            assert_eq!(text_of(&store.folder, &t).unwrap().1, OLD);
        }
        std::fs::remove_file(&document).unwrap();
    }
}
