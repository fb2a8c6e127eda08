//! A power cut, on real ext4 and XFS: the file system stops taking anything in the middle of a load
//! of writes, and comes back with what its journal has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use neokeys_store::domain::KeyRepository;
use neokeys_store::storage::{DocumentRepository, StoreConfig, StoreUrl};

use crate::unchecked::not_checked_here;
use neokeys_testkit::audit_log::{created, explained};
use neokeys_testkit::seeded::Seeded;
use neokeys_testkit::tenants::{commit, create, delete, names, tenant};

/// Tells a copy of this test program which folder to write to, and from which number on.
const FOLDER: &str = "NEOKEYS_POWER_CUT_FOLDER";
const FIRST: &str = "NEOKEYS_POWER_CUT_FIRST";
/// Cuts of each kind on each file system.
const CUTS: u64 = 15;
/// Cuts of writers to one folder. All of it is held against what is known after every cut, so that the cost grows with
/// the square of this.
const CUTS_OF_A_FOLDER: u64 = 10;

/// Not a test of its own: what the process does whose disk goes away.
#[tokio::test]
async fn a_process_writes_until_its_disk_is_gone() {
    let (Ok(root), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let store =
        DocumentRepository::open(&StoreUrl::File(root.into()), &StoreConfig::default()).unwrap();
    let mut out = std::io::stdout();
    let mut tell = |what: &str| out.write_all(format!("\n{what}\n").as_bytes()).unwrap();
    for number in first.parse::<u64>().unwrap().. {
        // A new tenant with its first document now and then; the others go on with theirs.
        let id = format!("t{}", number / 5);
        if number % 5 == 0 {
            store.create_tenant(&tenant(&id)).await.unwrap();
            tell(&format!("tenant {id} done"));
        }
        let key = format!("k{number}");
        tell(&format!("+ {id} {key} begun"));
        commit(&store, &tenant(&id), create(&key)).await.unwrap();
        tell(&format!("+ {id} {key} done"));
        if number % 2 == 0 {
            tell(&format!("- {id} {key} begun"));
            commit(&store, &tenant(&id), delete(&key)).await.unwrap();
            tell(&format!("- {id} {key} done"));
        }
    }
}

/// An image of a file system, mounted where `at` says until this goes.
struct Disk {
    image: PathBuf,
    at: PathBuf,
}

impl Disk {
    fn make(folder: &Path, make: &[&str]) -> Self {
        let disk = Self { image: folder.join("image"), at: folder.join("disk") };
        std::fs::create_dir(&disk.at).unwrap();
        // No XFS is smaller; nearly all of it is a hole.
        std::fs::File::create(&disk.image).unwrap().set_len(320 << 20).unwrap();
        let package = if make[0] == "mkfs.xfs" { "xfsprogs" } else { "e2fsprogs" };
        system(Command::new(make[0]).args(&make[1..]).arg(&disk.image), package);
        disk
    }

    fn mount(&self) -> bool {
        let mount = Command::new("mount")
            .args(["-o", "loop"])
            .args([&self.image, &self.at])
            .stderr(Stdio::null())
            .status();
        mount.is_ok_and(|status| status.success())
    }

    /// Nothing more reaches the disk: neither data nor journal. With `-f`, what is in the journal's
    /// memory still does, as when the cut comes a moment later.
    fn cut_power(&self, journal_too: bool) {
        let how = if journal_too { "shutdown -f" } else { "shutdown" };
        system(Command::new("xfs_io").args(["-x", "-c", how]).arg(&self.at), "xfsprogs");
    }

    fn unmount(&self) {
        system(Command::new("umount").arg(&self.at), "mount");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).stderr(Stdio::null()).status();
    }
}

/// Runs a program of the system, which must be content.
fn system(command: &mut Command, package: &str) {
    // Debian keeps these out of the PATH of people.
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    let output = command.env("PATH", path).output().unwrap_or_else(|error| {
        let program = command.get_program().display();
        panic!("{program} is missing ({error}); install it: apt-get install -y {package}")
    });
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
}

/// The acknowledged state: the tenants, and for each key whether it is there. None is a change that
/// was begun and never acknowledged.
#[derive(Default)]
struct Log {
    tenants: Vec<String>,
    keys: BTreeMap<(String, String), Option<bool>>,
}

impl Log {
    fn note(&mut self, line: &str) -> bool {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["tenant", id, "done"] => self.tenants.push((*id).to_owned()),
            ["tenant", ..] => {}
            [sign @ ("+" | "-"), id, key, state] => {
                let there = (*state == "done").then_some(*sign == "+");
                self.keys.insert(((*id).to_owned(), (*key).to_owned()), there);
            }
            _ => return false,
        }
        true
    }

    /// How many tenants and keys are known as they were acknowledged.
    fn acknowledged(&self) -> usize {
        self.keys.values().flatten().count() + self.tenants.len()
    }

    async fn hold_against(&self, root: &Path, which: &str) {
        let url = StoreUrl::File(root.to_owned());
        let store = DocumentRepository::open(&url, &StoreConfig::default()).unwrap();
        let there = store.list_tenants().await.unwrap();
        for id in &self.tenants {
            assert!(there.contains(&tenant(id)), "{which}: the tenant {id} is lost");
        }
        for id in &there {
            let keyring = store.get_keyring(id).await.unwrap();
            assert!(keyring.faulty_entries().is_empty(), "{which}: {id} is torn");
            let text = std::fs::read(root.join(id.as_str()).join("security.yml"));
            let text = text.unwrap_or_default();
            assert!(!text.contains(&0) && !text.starts_with(b"\n"), "{which}: {id} has holes");
            for name in names(&keyring) {
                let known = self.keys.get(&(id.as_str().to_owned(), name.to_owned()));
                assert!(known.is_some(), "{which}: {name} comes from nowhere");
            }
            // The log goes on, and explains what is there.
            commit(&store, id, create("after")).await.unwrap();
            commit(&store, id, delete("after")).await.unwrap();
            let told = explained(root, id.as_str());
            assert_eq!(told.first(), Some(&format!("Create {id}")), "{which}: {told:?}");
            let mut made = created(&told);
            made.remove(id.as_str());
            let keyring = store.get_keyring(id).await.unwrap();
            let there: BTreeSet<_> = names(&keyring).into_iter().map(str::to_owned).collect();
            assert_eq!(made, there, "{which}: {id}");
        }
        assert!(store.health().faults.is_empty(), "{which}: {:?}", store.health());
        for ((id, key), acknowledged) in &self.keys {
            let Some(acknowledged) = acknowledged else { continue };
            let keyring = store.get_keyring(&tenant(id)).await.unwrap();
            let is_there = keyring.find_by_name(key).is_some();
            assert_eq!(is_there, *acknowledged, "{which}: {key} of {id}");
        }
    }
}

async fn powers_fail(what: &str, make: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::make(folder.path(), make);
    if !disk.mount() {
        not_checked_here(&format!("a power cut on {what}: this machine cannot mount an image"));
        return;
    }
    let (mut root, mut log, mut acknowledged) = (PathBuf::new(), Log::default(), 0);
    for cut in 0..2 * CUTS {
        if cut % CUTS_OF_A_FOLDER == 0 {
            root = disk.at.join(format!("data-{cut}"));
            std::fs::create_dir(&root).unwrap();
            std::fs::File::open(&disk.at).unwrap().sync_all().unwrap();
            acknowledged += std::mem::take(&mut log).acknowledged();
        }
        let which = format!("{what}, cut {cut}");
        let mut draw = Seeded::new(cut);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "power_cut::a_process_writes_until_its_disk_is_gone", "--nocapture"])
            .env(FOLDER, &root)
            .env(FIRST, (cut * 1000).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // The moment is some lines and some microseconds after the start.
        let mut left = 1 + draw.below(40);
        while left > 0 {
            left -= usize::from(log.note(&lines.next().unwrap()));
        }
        for _ in 0..draw.below(200_000) {
            std::hint::spin_loop();
        }
        disk.cut_power(cut % 2 == 0);
        // It ends by itself: its next write is refused. A power cut ends it at once, so what it acknowledges after
        // it counts for nothing: XFS says that a folder is synced even if that was given up.
        for line in lines {
            log.note(&line.replace(" done", " begun"));
        }
        child.wait().unwrap();
        disk.unmount();
        assert!(disk.mount(), "{which}: it does not come back");
        log.hold_against(&root, &which).await;
    }
    acknowledged += log.acknowledged();
    println!("{what}: {} power cuts, {acknowledged} keys and tenants as acknowledged", 2 * CUTS);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut_on_ext4() {
    powers_fail("ext4", &["mkfs.ext4", "-q"]).await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut_on_xfs() {
    powers_fail("XFS", &["mkfs.xfs", "-q"]).await;
}
