//! A record of usage is the old one or the new one, whole, whichever call to the file system fails or is
//! the last one that the process makes.

use std::sync::atomic::Ordering;

use super::fault_injection::FailingFileSystem;
use crate::domain::TenantId;
use crate::storage::document_store::{UsageName, Version, WriteError};
use crate::storage::folder::{EDIT_TIME, Folder, FolderStore};

const OLD: &[u8] = b"old";
const NEW: &[u8] = b"new, and longer";

fn text_of(folder: &Folder, name: &UsageName) -> Option<Vec<u8>> {
    folder.read_usage(name).unwrap().map(|(bytes, _)| bytes.to_vec())
}

fn write(folder: &Folder, name: &UsageName, bytes: &[u8]) -> Result<(), WriteError> {
    let known = folder.read_usage(name).map_err(WriteError::Refused)?;
    let version = known.map_or(Version::ABSENT, |(_, version)| version);
    folder.write_usage(name, &version, bytes)
}

/// One write with a fault at a call. Gives how many calls there were.
fn write_with_fault(old: Option<&[u8]>, files: FailingFileSystem) -> usize {
    let root = tempfile::tempdir().unwrap();
    let name = UsageName::of(&TenantId::parse("t").unwrap());
    let whole = FolderStore::new(root.path(), 1 << 20).folder;
    old.iter().for_each(|old| write(&whole, &name, old).unwrap());
    let calls = files.calls();
    let failing = FolderStore::on(root.path().to_owned(), 1 << 20, EDIT_TIME, Box::new(files));
    let outcome = write(&failing.folder, &name, NEW);
    let made = calls.load(Ordering::Relaxed);
    let found = text_of(&whole, &name);
    let says = format!("call {made}: {outcome:?} {found:?}");
    match outcome {
        Ok(()) => assert_eq!(found.as_deref(), Some(NEW), "{says}"),
        Err(_) => assert_eq!(found.as_deref(), old, "{says}"),
    }
    // What the process left behind is in nobody's way.
    write(&whole, &name, b"again").unwrap();
    assert_eq!(text_of(&whole, &name).as_deref(), Some(&b"again"[..]), "{says}");
    let left = root.path().join(".neokeys/usage").read_dir().unwrap();
    assert_eq!(left.count(), 1, "{says}");
    made
}

#[test]
fn a_record_of_usage_survives_a_fault_at_every_call() {
    for old in [None, Some(OLD)] {
        let calls = write_with_fault(old, FailingFileSystem::failing(usize::MAX));
        assert!(calls > 5, "only {calls} calls");
        for at in 0..calls {
            write_with_fault(old, FailingFileSystem::failing(at));
            write_with_fault(old, FailingFileSystem::dying(at).0);
        }
    }
}
