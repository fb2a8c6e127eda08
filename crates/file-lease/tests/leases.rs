//! Leases on real files, taken and broken.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files need not last"
)]

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;

use file_lease::{LeaseError, ReadLease};

/// Tells a copy of this test program which file to take a lease on.
const FILE: &str = "FILE_LEASE_TEST_FILE";

fn a_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "text").unwrap();
    (folder, path)
}

/// Opens a file for writing, but does not wait for who has a lease on it.
fn open_at_once(path: &PathBuf) -> std::io::Result<File> {
    OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[test]
fn a_lease_is_had_while_nobody_has_the_file_open_for_writing() {
    let (_folder, path) = a_file();
    let (file, other) = (File::open(&path).unwrap(), File::open(&path).unwrap());
    let lease = ReadLease::take(&file).unwrap();
    assert!(!lease.is_breaking().unwrap());
    let another = ReadLease::take(&other).unwrap();
    drop((lease, another));
    for way in [
        OpenOptions::new().write(true),
        OpenOptions::new().append(true),
        OpenOptions::new().read(true).write(true),
    ] {
        let writer = way.open(&path).unwrap();
        assert!(matches!(ReadLease::take(&file), Err(LeaseError::OpenForWriting)));
        drop(writer);
        drop(ReadLease::take(&file).unwrap());
    }
}

#[test]
fn a_lease_that_is_given_back_stops_nobody() {
    let (_folder, path) = a_file();
    let file = File::open(&path).unwrap();
    let lease = ReadLease::take(&file).unwrap();
    assert_eq!(open_at_once(&path).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(lease.is_breaking().unwrap());
    drop(lease);
    let writer = open_at_once(&path).unwrap();
    assert!(matches!(ReadLease::take(&file), Err(LeaseError::OpenForWriting)));
    drop(writer);
    assert!(!ReadLease::take(&file).unwrap().is_breaking().unwrap());
}

#[test]
fn who_opens_the_file_for_writing_waits_for_the_lease() {
    let (_folder, path) = a_file();
    let file = File::open(&path).unwrap();
    let lease = ReadLease::take(&file).unwrap();
    std::thread::scope(|threads| {
        let writer = threads.spawn(|| OpenOptions::new().write(true).truncate(true).open(&path));
        while !lease.is_breaking().unwrap() {
            std::thread::yield_now();
        }
        // It waits before it truncates.
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
        drop(lease);
        writer.join().unwrap().unwrap();
    });
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[test]
fn what_has_no_leases_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), "/dev/null".as_ref()] {
        let file = File::open(path).unwrap();
        let outcome = ReadLease::take(&file);
        assert!(matches!(outcome, Err(LeaseError::NotPossible(_))), "{path:?}: {outcome:?}");
    }
}

/// Not a test of its own: a process with a lease that is broken, and nothing done about signals.
#[test]
fn a_process_has_its_lease_broken() {
    let Ok(path) = std::env::var(FILE) else { return };
    let path = PathBuf::from(path);
    let file = File::open(&path).unwrap();
    for _ in 0..100 {
        let lease = ReadLease::take(&file).unwrap();
        assert_eq!(open_at_once(&path).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(lease.is_breaking().unwrap());
    }
}

#[test]
fn a_broken_lease_never_ends_the_process() {
    let (_folder, path) = a_file();
    let outcome = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_has_its_lease_broken"])
        .env(FILE, &path)
        .output()
        .unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
}
