//! Commands of root, and of members of the group, on a store that belongs to another user: real users,
//! by `setpriv`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use neokeys_testkit::workplace::Workplace;

/// Whose the store is.
const OWNER: User = User { id: 4001, group: 4001, groups: "4001" };
/// Somebody who is in the owner's group besides.
const MEMBER: User = User { id: 4002, group: 4002, groups: "4002,4001" };
const ROOT: User = User { id: 0, group: 0, groups: "0" };

#[derive(Clone, Copy)]
struct User {
    id: u32,
    group: u32,
    groups: &'static str,
}

/// A store of the owner's where everybody can run the program.
struct Shared {
    place: Workplace,
    umask: &'static str,
}

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("NOT CHECKED HERE: only root can be several users");
    }
    is_root
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

impl Shared {
    fn new(mode: u32, umask: &'static str) -> Self {
        let place = Workplace::new();
        set_mode(&place.path(""), 0o755);
        place.copy_program();
        fs::create_dir(place.path("data")).unwrap();
        chown(place.path("data"), Some(OWNER.id), Some(OWNER.group)).unwrap();
        set_mode(&place.path("data"), mode);
        Self { place, umask }
    }

    /// Exit code, and what it said on standard error.
    fn run(&self, user: User, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new("/usr/bin/setpriv");
        command.arg(format!("--reuid={}", user.id)).arg(format!("--regid={}", user.group));
        command.arg(format!("--groups={}", user.groups)).args(["sh", "-c"]);
        command.arg(format!("umask {}; exec ./neokeys \"$@\"", self.umask)).arg("sh");
        command.args(arguments).current_dir(self.place.path("")).env_clear();
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    fn done(&self, user: User, arguments: &[&str]) {
        let (code, said) = self.run(user, arguments);
        assert_eq!(
            code,
            Some(0),
            "user {} with umask {}: {arguments:?}: {said}",
            user.id,
            self.umask
        );
    }

    fn create(&self, user: User, tenant: &str, name: &str) {
        self.done(user, &["keys", "create", name, "--permission", "p", "--tenant", tenant]);
    }

    /// Everything in the store.
    fn all(&self) -> Vec<PathBuf> {
        let mut found = vec![self.place.path("data")];
        let mut looked = 0;
        while let Some(path) = found.get(looked).cloned() {
            looked += 1;
            if path.is_dir() {
                found.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        found
    }
}

#[test]
fn after_a_command_of_root_or_a_member_the_owner_can_do_everything() {
    if !is_root() {
        return;
    }
    for (user, modes) in [(ROOT, &[0o700, 0o750, 0o755, 0o2770][..]), (MEMBER, &[0o770, 0o2770])] {
        for (mode, umask) in modes.iter().flat_map(|mode| [(*mode, "022"), (*mode, "077")]) {
            let shared = Shared::new(mode, umask);
            shared.done(OWNER, &["tenants", "create", "owners"]);
            shared.done(user, &["tenants", "create", "theirs"]);
            shared.create(user, "owners", "first");
            shared.create(user, "theirs", "first");
            for tenant in ["owners", "theirs"] {
                shared.create(OWNER, tenant, "second");
                shared.done(OWNER, &["keys", "delete", "first", "--tenant", tenant]);
            }
            shared.done(OWNER, &["tenants", "create", "another"]);
            shared.create(OWNER, "another", "first");
            for path in shared.all() {
                let state = path.symlink_metadata().unwrap();
                let told =
                    format!("{:o}, umask {umask}: {}: {:o}", mode, path.display(), state.mode());
                if user.id == ROOT.id {
                    assert_eq!((state.uid(), state.gid()), (OWNER.id, OWNER.group), "{told}");
                }
                if path != shared.place.path("data") {
                    assert_eq!(state.mode() & 0o007, 0, "{told}");
                }
                if path.ends_with("security.yml") {
                    assert_eq!(state.mode() & 0o037 & !0o040, 0, "{told}");
                    assert_eq!((state.uid(), state.gid()), (OWNER.id, OWNER.group), "{told}");
                }
            }
        }
    }
}

#[test]
fn what_root_left_behind_once_is_told_with_its_remedy_and_mended_by_roots_next_command() {
    if !is_root() {
        return;
    }
    let shared = Shared::new(0o750, "022");
    for tenant in ["one", "two", "three"] {
        shared.done(OWNER, &["tenants", "create", tenant]);
    }
    let own = shared.place.path("data/.neokeys");
    fs::remove_dir_all(&own).unwrap();
    fs::create_dir(&own).unwrap();
    set_mode(&own, 0o755);
    for (lock, mode) in [("one.lock", 0o644), ("two.lock", 0o600)] {
        shared.place.write(&format!("data/.neokeys/{lock}"), "");
        set_mode(&own.join(lock), mode);
    }
    // A lock that can be read can be taken, but nothing is changed without a record.
    let places =
        [("one", "data/.neokeys"), ("two", "data/.neokeys/two.lock"), ("three", "data/.neokeys")];
    for (tenant, place) in places {
        let create = ["keys", "create", "a", "--permission", "p", "--tenant", tenant];
        let (code, said) = shared.run(OWNER, &create);
        assert_eq!(code, Some(1), "{said}");
        let remedy = format!(
            "{place} belongs to user 0, and the store to user 4001; `chown -R 4001:4001 {place}`"
        );
        assert!(said.contains(&remedy), "{said}");
        assert!(!said.contains("neokeys check"), "{said}");
    }
    shared.create(ROOT, "one", "b");
    shared.create(ROOT, "three", "b");
    shared.create(OWNER, "three", "a");
    // Somebody who may not, is told who may.
    let create =
        ["keys", "create", "c", "--permission", "p", "--tenant", "one", "--store", "file:data"];
    set_mode(&shared.place.path("data"), 0o755);
    set_mode(&shared.place.path("data/one"), 0o755);
    let (code, said) = shared.run(User { groups: "4002", ..MEMBER }, &create);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = shared.run(User { groups: "4002", ..MEMBER }, &["tenants", "create", "new"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the store belongs to user 4001, and user 4002 may not use data"),
        "{said}"
    );
    assert!(said.contains("run neokeys as user 4001"), "{said}");
}

#[test]
fn root_gives_away_nothing_that_a_name_leads_to() {
    if !is_root() {
        return;
    }
    let shared = Shared::new(0o750, "022");
    shared.done(OWNER, &["tenants", "create", "one"]);
    shared.place.write("roots", "secret");
    set_mode(&shared.place.path("roots"), 0o600);
    fs::create_dir(shared.place.path("roots-folder")).unwrap();
    let own = shared.place.path("data/.neokeys");
    fs::remove_dir_all(&own).unwrap();
    fs::create_dir(&own).unwrap();
    symlink(shared.place.path("roots"), own.join("one.lock")).unwrap();
    shared.create(ROOT, "one", "a");
    fs::remove_dir_all(&own).unwrap();
    symlink(shared.place.path("roots-folder"), &own).unwrap();
    shared.create(ROOT, "one", "b");
    for name in ["roots", "roots-folder"] {
        let state = shared.place.path(name).metadata().unwrap();
        assert_eq!((state.uid(), state.gid()), (0, 0), "{name}");
    }
    assert_eq!(shared.place.path("roots").metadata().unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_store_that_root_makes_is_whose_the_folder_around_it_is() {
    if !is_root() {
        return;
    }
    let shared = Shared::new(0o755, "022");
    let store = ["--store", "file:data/deep/store"];
    shared.done(ROOT, &[&["tenants", "create", "one"][..], &store].concat());
    shared.done(OWNER, &[&["tenants", "create", "two"][..], &store].concat());
    for path in shared.all() {
        assert_eq!(path.metadata().unwrap().uid(), OWNER.id, "{}", path.display());
    }
}
