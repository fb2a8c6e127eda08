//! People and their tools that take their time: who has the file open for writing is waited for, and
//! what they write into a file that was replaced meanwhile comes over when they close it.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use neokeys_store::domain::{CommitError, KeyRepository, Remedy};
use neokeys_store::storage::{DocumentRepository, StoreConfig, StoreUrl};

use crate::hand_edits::eventually;
use neokeys_testkit::tenants::{Folder, commit, create, delete, names};

fn hash(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn entry(name: &str, digit: char) -> String {
    let hash = hash(digit);
    format!("  - name: {name}\n    enabled: true\n    permissions:\n      - x\n    hash: {hash}\n")
}

fn open_for_writing(folder: &Folder) -> File {
    OpenOptions::new().read(true).write(true).open(folder.document()).unwrap()
}

/// Waits until no process watches the displaced file: a store goes a while after it is dropped.
fn wait_until_nobody_watches(folder: &Folder) {
    let displaced = folder.root.join("t").join(&folder.listing()[0]);
    let displaced = File::open(displaced).unwrap();
    let alone = rustix::fs::FlockOperation::NonBlockingLockExclusive;
    eventually(|| rustix::fs::flock(&displaced, alone).is_ok());
}

#[tokio::test]
async fn a_change_waits_for_a_hand_in_the_middle_of_a_line() {
    let folder = Folder::new();
    let old = format!("apiKeys:\n{}", entry("old", '1'));
    folder.write(&old);
    let store = folder.open();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["old"]);
    let mut hand = open_for_writing(&folder);
    hand.set_len(0).unwrap();
    let whole = format!("{old}{}", entry("theirs", '2'));
    let half = whole.len() - 45;
    hand.write_all(&whole.as_bytes()[..half]).unwrap();
    let (store_of_writer, t) = (folder.open(), folder.t.clone());
    let change = tokio::spawn(async move { commit(&store_of_writer, &t, create("ours")).await });
    // Nobody is logged out or in by half of a file.
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["old"]);
    assert!(!change.is_finished());
    hand.write_all(&whole.as_bytes()[half..]).unwrap();
    drop(hand);
    change.await.unwrap().unwrap();
    let text = folder.text();
    assert!(text.starts_with(&whole), "{text}");
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["old", "theirs", "ours"]);
    assert_eq!(folder.listing(), ["security.yml"]);
}

#[tokio::test]
async fn a_forgotten_descriptor_stops_no_revocation_and_loses_nothing() {
    for unfinished in ["", "# no newline at the end"] {
        let folder = Folder::new();
        folder.write(&format!("apiKeys:\n{}{}{unfinished}", entry("a", '1'), entry("b", '2')));
        let store = folder.open();
        store.get_keyring(&folder.t).await.unwrap();
        let mut forgotten = open_for_writing(&folder);
        let began = Instant::now();
        commit(&store, &folder.t, delete("a")).await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["b"]);
        // The file that it has open is watched, and kept under a name, until it is closed.
        assert!(folder.listing()[0].starts_with(".security.yml.neokeys-displaced-"));
        forgotten.seek(std::io::SeekFrom::End(0)).unwrap();
        forgotten.write_all(b"\n# much later\n").unwrap();
        drop(forgotten);
        eventually(|| folder.text().ends_with("# much later\n"));
        eventually(|| folder.listing() == ["security.yml"]);
        assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["b"]);
    }
}

#[tokio::test]
async fn a_file_that_goes_on_changing_refuses_a_change() {
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    let store = folder.open();
    let mut hand = OpenOptions::new().append(true).open(folder.document()).unwrap();
    let (done, stop) = std::sync::mpsc::channel::<()>();
    let dripping = std::thread::spawn(move || {
        while stop.recv_timeout(Duration::from_millis(5)).is_err() {
            hand.write_all(b"# drip\n").unwrap();
        }
    });
    let refused = commit(&store, &folder.t, create("one")).await.unwrap_err();
    let CommitError::Unavailable(cause) = &refused else { panic!("{refused:?}") };
    assert_eq!(*cause.remedy(), Remedy::WaitForEditor, "{refused:?}");
    done.send(()).unwrap();
    dripping.join().unwrap();
    commit(&store, &folder.t, create("one")).await.unwrap();
    assert!(folder.text().contains("# drip\n") && folder.text().contains("name: one"));
}

#[tokio::test]
async fn the_time_that_a_change_waits_for_a_hand_can_be_set() {
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    let config = StoreConfig { edit_time: Duration::from_secs(3), ..StoreConfig::default() };
    let store = DocumentRepository::open(&StoreUrl::File(folder.root.clone()), &config).unwrap();
    store.get_keyring(&folder.t).await.unwrap();
    let mut hand = open_for_writing(&folder);
    // Half a line, and then nothing: no key is put behind it.
    hand.write_all(b"apiKeys: [ {name: a, ha").unwrap();
    let refused = commit(&store, &folder.t, create("one")).await.unwrap_err();
    let told = format!("{refused:?}");
    assert!(told.contains("BeingEdited") && told.contains("waited: 3."), "{told}");
    assert!(folder.text().starts_with("apiKeys: [ {name: a, ha"));
}

#[tokio::test]
async fn what_is_open_serves_as_it_was_for_two_seconds_then_as_it_is() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("old", '1')));
    let store = folder.open();
    store.get_keyring(&folder.t).await.unwrap();
    let began = Instant::now();
    let mut hand = open_for_writing(&folder);
    hand.set_len(0).unwrap();
    hand.write_all(format!("apiKeys:\n{}", entry("new", '2')).as_bytes()).unwrap();
    let wrote = Instant::now();
    loop {
        let before = Instant::now();
        let keyring = store.get_keyring(&folder.t).await.unwrap();
        if names(&keyring) == ["new"] {
            // The kernel's stamps lag behind its clock by a tick.
            assert!(began.elapsed() >= Duration::from_millis(1_980), "{:?}", began.elapsed());
            break;
        }
        assert_eq!(names(&keyring), ["old"]);
        assert!(before.duration_since(wrote) < Duration::from_millis(2_100), "it serves on");
    }
    drop(hand);
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["new"]);
}

#[tokio::test]
async fn what_another_process_acknowledged_is_served_however_slow_a_hand_is() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}{}", entry("a", '1'), entry("b", '2')));
    let (store, other) = (folder.open(), folder.open());
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["a", "b"]);
    commit(&other, &folder.t, delete("a")).await.unwrap();
    let mut hand = OpenOptions::new().append(true).open(folder.document()).unwrap();
    hand.write_all(b"# half a").unwrap();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["b"]);
}

#[tokio::test]
async fn a_hand_that_outlives_the_process_loses_nothing() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("a", '1')));
    let mut hand = OpenOptions::new().append(true).open(folder.document()).unwrap();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    // As a command that ends, or a service that is stopped.
    drop(store);
    wait_until_nobody_watches(&folder);
    let next = folder.open();
    assert_eq!(names(&next.get_keyring(&folder.t).await.unwrap()), ["a", "one"]);
    hand.write_all(b"# late\n").unwrap();
    drop(hand);
    eventually(|| folder.text().ends_with("# late\n"));
    assert!(folder.text().contains("name: one"), "{}", folder.text());
    eventually(|| folder.listing() == ["security.yml"]);
}

#[tokio::test]
async fn a_hand_that_ended_while_no_process_ran_is_kept_beside_the_document() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("a", '1')));
    let mut hand = OpenOptions::new().append(true).open(folder.document()).unwrap();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    drop(store);
    wait_until_nobody_watches(&folder);
    hand.write_all(b"# late\n").unwrap();
    drop(hand);
    let next = folder.open();
    next.get_keyring(&folder.t).await.unwrap();
    eventually(|| folder.listing() == ["security.yml", "security.yml.conflict-1"]);
    let kept = folder.kept_edit();
    assert!(kept.ends_with("# late\n"), "{kept}");
    assert_eq!(names(&next.get_keyring(&folder.t).await.unwrap()), ["a", "one"]);
}

#[tokio::test]
async fn what_does_not_fit_is_kept_beside_the_document() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("a", '1')));
    let store = folder.open();
    store.get_keyring(&folder.t).await.unwrap();
    let mut hand = OpenOptions::new().append(true).open(folder.document()).unwrap();
    commit(&store, &folder.t, create("one")).await.unwrap();
    hand.write_all(b"  - name: [broken\n").unwrap();
    drop(hand);
    eventually(|| folder.listing() == ["security.yml", "security.yml.conflict-1"]);
    let kept = folder.kept_edit();
    assert!(kept.ends_with("  - name: [broken\n"), "{kept}");
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["a", "one"]);
}

#[tokio::test]
async fn an_editor_that_is_killed_leaves_nothing_that_cannot_be_read() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("a", '1')));
    let store = folder.open();
    store.get_keyring(&folder.t).await.unwrap();
    let mut editor = Command::new("sh")
        .args([
            "-c",
            "exec 3>>\"$0\"; echo opened; read go; printf '# whole\n# half' >&3; echo; read never",
        ])
        .arg(folder.document())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(editor.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut told, &mut String::new()).unwrap();
    commit(&store, &folder.t, create("one")).await.unwrap();
    editor.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    std::io::BufRead::read_line(&mut told, &mut String::new()).unwrap();
    editor.kill().unwrap();
    editor.wait().unwrap();
    eventually(|| folder.text().contains("# whole\n"));
    eventually(|| folder.listing() == ["security.yml"]);
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["a", "one"]);
}
