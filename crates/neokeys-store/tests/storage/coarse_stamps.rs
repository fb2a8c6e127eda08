//! A file system whose stamps are whole seconds: a state is known by them only when they are past.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use neokeys_store::domain::KeyRepository;
use neokeys_store::storage::{DocumentRepository, StoreConfig, StoreUrl};

use crate::unchecked::not_checked_here;
use neokeys_testkit::tenants::{commit, create, delete, names, tenant};

/// An image of a file system, mounted until this goes.
struct Disk {
    _folder: tempfile::TempDir,
    at: PathBuf,
}

impl Disk {
    fn make(make: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (image, at) = (folder.path().join("image"), folder.path().join("disk"));
        std::fs::create_dir(&at).unwrap();
        std::fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        let made = Command::new(make[0])
            .args(&make[1..])
            .arg(&image)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap_or_else(|_| {
                panic!("{} is missing; install it: apt-get install -y e2fsprogs", make[0])
            });
        assert!(made.success(), "{make:?}");
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(&image).arg(&at);
        let mounted = mount.stderr(Stdio::null()).status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        is_mounted.then_some(Self { _folder: folder, at })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

fn open(root: &std::path::Path) -> DocumentRepository {
    DocumentRepository::open(&StoreUrl::File(root.to_owned()), &StoreConfig::default()).unwrap()
}

#[tokio::test]
async fn changes_within_one_stamp_are_seen() {
    for make in [
        &["mkfs.ext4", "-q", "-I", "128"][..],
        &["mkfs.ext4", "-q", "-t", "ext3", "-I", "128"][..],
        &["mkfs.ext4", "-q", "-t", "ext2", "-I", "128"][..],
    ] {
        let Some(disk) = Disk::make(make) else {
            not_checked_here("stamps of whole seconds: this machine cannot mount such a disk");
            return;
        };
        let (service, t) = (open(&disk.at), tenant("t"));
        service.create_tenant(&t).await.unwrap();
        // As the command line does: each is a process of its own.
        for round in 0..20 {
            let (a, b) = (format!("a{}", round % 10), format!("b{}", round % 10));
            let command = || open(&disk.at);
            commit(&command(), &t, create(&a)).await.unwrap();
            assert_eq!(names(&service.get_keyring(&t).await.unwrap()), [a.as_str()], "{make:?}");
            commit(&command(), &t, delete(&a)).await.unwrap();
            commit(&command(), &t, create(&b)).await.unwrap();
            assert_eq!(names(&service.get_keyring(&t).await.unwrap()), [b.as_str()], "{make:?}");
            commit(&command(), &t, delete(&b)).await.unwrap();
            assert!(names(&service.get_keyring(&t).await.unwrap()).is_empty(), "{make:?}");
        }
        // A hand that changes a word in place for one of equal size.
        let document = disk.at.join("t/security.yml");
        let hash = "1".repeat(64);
        for round in 0..20 {
            let word = if round % 2 == 0 { "on " } else { "off" };
            let text = format!("apiKeys: [{{name: {word}, permissions: [x], hash: {hash}}}]\n");
            std::fs::write(&document, text).unwrap();
            let keyring = service.get_keyring(&t).await.unwrap();
            assert_eq!(names(&keyring), [word.trim()], "{make:?}, round {round}");
        }
    }
}
