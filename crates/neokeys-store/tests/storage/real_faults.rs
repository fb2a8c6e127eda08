//! The real thing: a disk that is full, and system calls that fail.
//!
//! Where the machine cannot mount, the run ends with a line that says so.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use neokeys_store::domain::{CommitError, Digest, KeyRepository, Minute};

use crate::unchecked::not_checked_here;
use neokeys_testkit::audit_log::{created, explained};
use neokeys_testkit::tenants::{Folder, commit, create, names};

/// A small file system in memory; unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn at(path: PathBuf) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(&path)
            .stderr(Stdio::null())
            .status();
        mount.is_ok_and(|status| status.success()).then(|| Self(path))
    }
}

impl Mounted {
    fn remount(&self, how: &str) {
        let mut remount = Command::new("mount");
        remount.arg("-o").arg(format!("remount,{how}")).arg(&self.0);
        assert!(remount.status().unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_a_change_and_harms_nothing() {
    let folder = Folder::new();
    let Some(_mounted) = Mounted::at(folder.root.join("t")) else {
        not_checked_here("a full disk: this machine cannot mount a small one");
        return;
    };
    let text = format!("# {}\napiKeys: []\n", "x".repeat(20_000));
    folder.write(&text);
    let store = folder.open();
    commit(&store, &folder.t, create("before")).await.unwrap();
    let text = folder.text();
    let filler = folder.root.join("t/filler");
    let full = std::fs::write(&filler, vec![0; 1 << 20]);
    assert!(full.is_err());
    let refused = commit(&store, &folder.t, create("one")).await.unwrap_err();
    assert!(matches!(refused, CommitError::Unavailable(_)), "{refused:?}");
    assert_eq!(folder.text(), text);
    assert_eq!(folder.listing(), ["filler", "security.yml"]);
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["before"]);
    std::fs::remove_file(filler).unwrap();
    commit(&store, &folder.t, create("one")).await.unwrap();
    assert_eq!(names(&folder.open().get_keyring(&folder.t).await.unwrap()), ["before", "one"]);
}

#[tokio::test]
async fn a_full_disk_keeps_no_last_use_and_lets_keys_be_checked_until_it_has_room() {
    let folder = Folder::new();
    let records = folder.root.join(".neokeys/usage");
    std::fs::create_dir_all(&records).unwrap();
    let Some(_mounted) = Mounted::at(records.clone()) else {
        not_checked_here("a disk too full for last uses: this machine cannot mount a small one");
        return;
    };
    let store = folder.open();
    commit(&store, &folder.t, create("a")).await.unwrap();
    let (used, minute) = (Digest::of(b"a"), Minute::numbered(29_000_000));
    store.note_use(&folder.t, &used, minute);
    let filler = records.join("filler");
    assert!(std::fs::write(&filler, vec![0; 1 << 20]).is_err());
    for _ in 0..2 {
        store.flush_usage(Duration::from_secs(60)).await;
        assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["a"]);
        let left: Vec<_> = records.read_dir().unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, ["filler"]);
    }
    assert_eq!(store.statistics().usage_flushes, [("written", 0), ("failed", 2)]);
    std::fs::remove_file(filler).unwrap();
    store.flush_usage(Duration::from_secs(60)).await;
    assert_eq!(store.statistics().usage_flushes, [("written", 1), ("failed", 2)]);
    let usage = folder.open().usage(&folder.t).await.unwrap();
    assert_eq!(usage.last_used(&used), Some(minute));
}

#[tokio::test]
async fn a_log_that_cannot_be_written_refuses_changes_and_lets_keys_be_checked_until_it_can() {
    let folder = Folder::new();
    let logs = folder.root.join(".neokeys/audit");
    std::fs::create_dir_all(&logs).unwrap();
    let Some(mounted) = Mounted::at(logs.clone()) else {
        not_checked_here("a log on a full disk: this machine cannot mount a small one");
        return;
    };
    let store = folder.open();
    commit(&store, &folder.t, create("before")).await.unwrap();
    let refuses = async |why: &str| {
        let text = folder.text();
        for name in ["one", "two"] {
            let refused = commit(&store, &folder.t, create(name)).await.unwrap_err();
            let CommitError::Unavailable(cause) = &refused else { panic!("{why}: {refused:?}") };
            assert!(cause.to_string().contains("audit log"), "{why}: {cause}");
        }
        assert_eq!(folder.text(), text, "{why}");
        assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap())[0], "before", "{why}");
        let faults = store.health().faults;
        assert!(faults.iter().any(|fault| fault.contains("audit log")), "{why}: {faults:?}");
    };
    let filler = logs.join("filler");
    assert!(std::fs::write(&filler, vec![0; 1 << 20]).is_err());
    // What is left of the log's last page takes some more lines.
    let mut made = vec!["Create before".to_owned()];
    for number in 0.. {
        assert!(number < 100, "the disk never got full");
        let name = format!("last-{number}");
        if commit(&store, &folder.t, create(&name)).await.is_err() {
            break;
        }
        made.push(format!("Create {name}"));
    }
    refuses("full").await;
    std::fs::remove_file(filler).unwrap();
    commit(&store, &folder.t, create("made-room")).await.unwrap();
    assert!(store.health().faults.is_empty());
    mounted.remount("ro");
    refuses("read-only").await;
    mounted.remount("rw");
    commit(&store, &folder.t, create("writable")).await.unwrap();
    assert!(store.health().faults.is_empty());
    made.extend(["Create made-room", "Create writable"].map(str::to_owned));
    assert_eq!(explained(&folder.root, "t"), made);
}

/// Runs the process that writes, lets one kind of system call fail from a certain one on, and holds
/// what is there afterwards against what it told.
async fn with_failing(call: &str, from: usize) {
    let folder = Folder::new();
    folder.write("# people's\napiKeys: []\n");
    let mut child = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:error=EIO:when={from}")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "crash::a_process_writes_until_it_is_killed", "--nocapture"])
        .env(crate::crash::FOLDER, &folder.root)
        .env(crate::crash::FIRST, "0")
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("strace is missing ({error}); apt-get install -y strace"));
    let mut there = Vec::new();
    let mut gone = Vec::new();
    let mut begun = String::new();
    // It stops by itself at the first change that is refused, or it is stopped.
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["+", key, "done"] => there.push((*key).to_owned()),
            ["-", key, "done"] => {
                there.retain(|name| name != key);
                gone.push((*key).to_owned());
            }
            ["-", key, "begun"] => begun = (*key).to_owned(),
            _ => {}
        }
        if there.len() > 20 {
            break;
        }
    }
    // The tracer and what it traces.
    let group = rustix::process::Pid::from_child(&child);
    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    child.wait().unwrap();
    let store = folder.open();
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    assert!(store.health().faults.is_empty());
    for key in there.iter().filter(|key| **key != begun) {
        assert!(keyring.find_by_name(key).is_some(), "{call} {from}: {key} is lost");
    }
    for key in gone {
        assert!(keyring.find_by_name(&key).is_none(), "{call} {from}: {key} is back");
    }
    assert!(folder.text().starts_with("# people's\napiKeys:"), "{call} {from}");
    commit(&store, &folder.t, create("after")).await.unwrap();
    assert_eq!(folder.listing(), ["security.yml"], "{call} {from}");
    let made = created(&explained(&folder.root, "t"));
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    let there: BTreeSet<_> = names(&keyring).into_iter().map(str::to_owned).collect();
    assert_eq!(made, there, "{call} {from}: the log says another");
}

#[tokio::test]
async fn a_failing_system_call_loses_nothing_that_was_acknowledged() {
    for call in ["fsync", "renameat2", "rename", "unlink"] {
        for from in 1..4 {
            with_failing(call, from).await;
        }
    }
}
