//! A process is killed at every call of a change while others go on, a hand writes to what it left,
//! and it starts again: nobody is given less than what anybody was given before.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::fault_injection::{FailingFileSystem, put};
use crate::domain::TenantId;
use crate::storage::document_store::{Reading, StoredDocument};
use crate::storage::folder::file_names::{MadeName, STAGED};
use crate::storage::folder::{EDIT_TIME, FolderStore};

const OLD: &str = "apiKeys: []\n";
const BY_THE_KILLED: &str = "# by the killed\n";
const BY_THE_OTHER: &str = "# by the other\n";
const BY_HAND: &str = "# by hand\n";

/// When a hand writes to the file that was the document at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HandWrites {
    Never,
    AfterTheKill,
    AfterTheOther,
}

/// The doings of the other process before the killed one starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    Reads,
    Writes,
    /// It writes, and its file has the number that the killed process' file had.
    WritesOnAReusedInode,
}

struct Place {
    folder: tempfile::TempDir,
    id: TenantId,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("t")).unwrap();
        put(&folder.path().join("t/security.yml"), OLD);
        Self { folder, id: TenantId::parse("t").unwrap() }
    }

    fn document(&self) -> PathBuf {
        self.folder.path().join("t/security.yml")
    }

    fn store(&self) -> FolderStore {
        FolderStore::new(self.folder.path(), 1 << 20)
    }

    fn read(&self, store: &FolderStore) -> StoredDocument {
        let read = store.folder.read(&self.id, None).unwrap();
        let Reading::Found(found) = read else { panic!("{read:?}") };
        found
    }

    fn text(&self, store: &FolderStore) -> String {
        String::from_utf8(self.read(store).bytes.to_vec()).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let names = self.folder.path().join("t").read_dir().unwrap();
        names.map(|entry| entry.unwrap().path()).collect()
    }

    /// A hand that has the file open appends to it, whatever its name is now; where it has none,
    /// nobody can have it open that came late.
    fn write_by_hand(&self, inode: u64) -> bool {
        let is_it = |path: &PathBuf| fs::metadata(path).unwrap().ino() == inode;
        let Some(path) = self.files().into_iter().find(is_it) else { return false };
        let mut file = fs::File::options().append(true).open(path).unwrap();
        file.write_all(BY_HAND.as_bytes()).unwrap();
        true
    }

    /// Lets what the killed process left look as it does once its file is gone and the document has
    /// the file's number.
    fn reuse_inode(&self) {
        let inode = fs::metadata(self.document()).unwrap().ino();
        for path in self.files() {
            if let Some(name) = MadeName::parse(name_of(&path), STAGED)
                && name.inode != fs::metadata(&path).unwrap().ino()
            {
                let reused = MadeName { inode, ..name }.to_file_name(STAGED);
                fs::rename(&path, path.with_file_name(reused)).unwrap();
            }
        }
    }
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Gives how many calls the change made.
fn kill_at(at: usize, hand: HandWrites, other: Other) -> usize {
    let place = Place::new();
    let survivor = place.store();
    let first = place.read(&survivor);
    let inode = fs::metadata(place.document()).unwrap().ino();

    let (files, calls) = FailingFileSystem::dying(at);
    let killed =
        FolderStore::on(place.folder.path().to_owned(), 1 << 20, EDIT_TIME, Box::new(files));
    let change = Bytes::from(format!("{OLD}{BY_THE_KILLED}"));
    let outcome = killed.folder.write(&place.id, &first, &change);
    let calls = calls.load(Ordering::Relaxed);
    drop(killed);
    let says = format!("call {at}, {hand:?}, {other:?}: {outcome:?}");

    let mut seen = place.text(&survivor);
    let keeps = |seen: &mut String, store: &FolderStore, when: &str| {
        let now = place.text(store);
        for line in seen.lines() {
            assert!(now.contains(line), "{says}: {when}: {now:?} after {seen:?}");
        }
        *seen = now;
    };
    assert!(outcome.is_err() || seen.contains(BY_THE_KILLED), "{says}: {seen:?}");
    let mut wrote = hand == HandWrites::AfterTheKill && place.write_by_hand(inode);
    keeps(&mut seen, &survivor, "after the kill");
    if other != Other::Reads {
        let found = place.read(&survivor);
        let change = [&found.bytes[..], BY_THE_OTHER.as_bytes()].concat();
        survivor.folder.write(&place.id, &found, &Bytes::from(change)).unwrap();
        seen += BY_THE_OTHER;
        keeps(&mut seen, &survivor, "after the other's change");
    }
    if other == Other::WritesOnAReusedInode {
        place.reuse_inode();
    }
    wrote |= hand == HandWrites::AfterTheOther && place.write_by_hand(inode);
    keeps(&mut seen, &survivor, "before it starts again");

    let restarted = place.store();
    keeps(&mut seen, &restarted, "to the one that starts again");
    keeps(&mut seen, &survivor, "to the other");
    keeps(&mut seen, &place.store(), "to a third");
    let texts: Vec<_> =
        place.files().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(!wrote || texts.iter().any(|text| text.contains(BY_HAND)), "{says}: {texts:?}");
    let left = place.files();
    let is_left = |path: &PathBuf| name_of(path).starts_with(STAGED);
    assert!(!left.iter().any(is_left), "{says}: {left:?}");
    calls
}

#[test]
fn nobody_is_given_less_after_a_kill_at_every_call() {
    let calls = kill_at(usize::MAX, HandWrites::Never, Other::Reads);
    assert!(calls > 8, "only {calls} calls");
    let mut faults = Vec::new();
    for hand in [HandWrites::Never, HandWrites::AfterTheKill, HandWrites::AfterTheOther] {
        for other in [Other::Reads, Other::Writes, Other::WritesOnAReusedInode] {
            for at in 0..calls {
                let run = std::panic::catch_unwind(|| kill_at(at, hand, other));
                faults.extend(run.err().map(|_| (at, hand, other)));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}
