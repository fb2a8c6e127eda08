//! People and their tools at the same file: no byte of either side is lost.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use neokeys_store::domain::KeyRepository;

use crate::concurrent::on_a_thread;
use neokeys_testkit::tenants::{Folder, commit, create, delete, names, update};

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Waits for what happens on another thread, without a guess at how long it takes.
pub(crate) fn eventually(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn an_editor_that_had_the_file_open_loses_nothing() {
    let folder = Folder::new();
    folder.write("# mine\napiKeys: []\n");
    let store = folder.open();
    let mut editor = OpenOptions::new().append(true).open(folder.document()).unwrap();
    commit(&store, &folder.t, create("one")).await.unwrap();
    editor.write_all(b"# late\n").unwrap();
    drop(editor);
    eventually(|| folder.text().ends_with("# late\n"));
    assert!(folder.text().starts_with("# mine\napiKeys:\n  - name: one\n"), "{}", folder.text());
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    assert_eq!(names(&keyring), ["one"]);
}

#[tokio::test]
async fn the_last_look_is_taken_before_the_program_ends() {
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    let store = folder.open();
    let mut editor = OpenOptions::new().append(true).open(folder.document()).unwrap();
    commit(&store, &folder.t, create("one")).await.unwrap();
    editor.write_all(b"# late\n").unwrap();
    drop(editor);
    drop(store);
    eventually(|| folder.text().ends_with("# late\n"));
    eventually(|| folder.listing() == ["security.yml"]);
}

#[tokio::test]
async fn a_staged_file_of_a_crash_is_never_read_and_goes() {
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    let stray = folder.root.join("t/.security.yml.neokeys-new-1-1");
    std::fs::write(&stray, "apiKeys: 5\n").unwrap();
    let staged = folder.root.join("t/staged");
    std::fs::write(&staged, "apiKeys: 6\n").unwrap();
    let inode = staged.metadata().unwrap().ino();
    std::fs::rename(&staged, folder.root.join(format!("t/.security.yml.neokeys-{inode}-1-1")))
        .unwrap();
    let store = folder.open();
    assert!(store.get_keyring(&folder.t).await.unwrap().keys().is_empty());
    assert_eq!(folder.listing(), ["security.yml"]);
}

#[tokio::test]
async fn an_edit_that_a_crash_left_outside_is_kept_beside_what_others_may_have_read() {
    let folder = Folder::new();
    // As it is after an exchange that met another file than the one expected.
    folder.write("apiKeys: []\n# ours, never acknowledged\n");
    let inode = folder.document().metadata().unwrap().ino();
    let stray = folder.root.join(format!("t/.security.yml.neokeys-{inode}-1-1"));
    std::fs::write(&stray, "apiKeys: []\n# theirs\n").unwrap();
    let store = folder.open();
    assert!(store.get_keyring(&folder.t).await.unwrap().keys().is_empty());
    assert_eq!(folder.text(), "apiKeys: []\n# ours, never acknowledged\n");
    assert_eq!(folder.listing(), ["security.yml", "security.yml.conflict-1"]);
    let kept = folder.kept_edit();
    assert_eq!(kept, "apiKeys: []\n# theirs\n");
}

/// Thirty-two clients and a person for a while.
#[test]
fn clients_and_a_person_at_one_file_lose_nothing() {
    let seconds = 2;
    let folder = Folder::new();
    folder.write("apiKeys:\n  - name: flag\n    enabled: true\n    hash: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\nroles: 1\n");
    let (store, other) = (folder.open(), folder.open());
    let done = Arc::new(AtomicBool::new(false));
    let commits = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..32)
        .map(|client| {
            let store = Arc::clone(if client % 4 == 0 { &other } else { &store });
            let (t, done, commits) = (folder.t.clone(), Arc::clone(&done), Arc::clone(&commits));
            on_a_thread(move || async move {
                let mut number = 0;
                while !done.load(Ordering::Relaxed) {
                    let key = format!("c{client}-{}", number % 3);
                    commit(&store, &t, create(&key)).await.unwrap();
                    commit(&store, &t, update(&key, false, &["x", "y"])).await.unwrap();
                    commit(&store, &t, delete(&key)).await.unwrap();
                    commits.fetch_add(3, Ordering::Relaxed);
                    number += 1;
                }
                commit(&store, &t, create(&format!("last{client}"))).await.unwrap();
            })
        })
        .collect();
    let started = Instant::now();
    let mut edits = 0;
    while started.elapsed() < Duration::from_secs(seconds) {
        if edits % 3 == 2 {
            replace_under_the_lock(&folder, edits);
        } else {
            append(&folder.document(), &format!("# edit {edits}.\n"));
        }
        edits += 1;
        // A person is not faster than the clients.
        let seen = commits.load(Ordering::Relaxed);
        eventually(|| commits.load(Ordering::Relaxed) > seen);
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    eventually(|| {
        let text = folder.text();
        let count = text.lines().filter(|line| line.starts_with("# edit ")).count();
        count >= edits
    });
    let text = folder.text();
    let mut found: Vec<_> = text.lines().filter(|line| line.starts_with("# edit ")).collect();
    found.sort_unstable();
    let mut expected: Vec<_> = (0..edits).map(|edit| format!("# edit {edit}.")).collect();
    expected.sort();
    assert_eq!(found, expected);
    for client in 0..32 {
        assert!(text.contains(&format!("  - name: last{client}\n")), "{client}");
    }
    assert_eq!(text.matches("- name:").count(), 33);
    println!(
        "{} commits and {edits} edits by hand in {seconds} s",
        commits.load(Ordering::Relaxed)
    );
}

/// A careful script: holds off neokeys, and puts a new file in the place of the old one.
fn replace_under_the_lock(folder: &Folder, edit: usize) {
    let path = folder.root.join(".neokeys/t.lock");
    let Ok(lock) = File::open(&path) else {
        return append(&folder.document(), &format!("# edit {edit}.\n"));
    };
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let new = folder.root.join("t/mine");
    std::fs::write(&new, format!("{}# edit {edit}.\n", folder.text())).unwrap();
    std::fs::rename(&new, folder.document()).unwrap();
}
