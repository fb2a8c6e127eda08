//! The commit that sources are of.

use std::path::Path;
use std::process::Command;

use neokeys_codegen::commit_of;
use tempfile::TempDir;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=n", "-c", "user.email=e@example.com", "-C"]).arg(folder);
    let output = git.args(arguments).output().expect("git is installed: apt-get install -y git");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
fn write(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

/// A clone with one commit.
fn clone() -> TempDir {
    let place = TempDir::new().unwrap();
    git(place.path(), &["init", "--quiet"]);
    write(place.path(), "src/main.rs", "fn main() {}\n");
    write(place.path(), "README.md", "a page\n");
    git(place.path(), &["add", "."]);
    git(place.path(), &["commit", "--quiet", "--message", "first"]);
    place
}

#[test]
fn a_clone_is_of_its_commit_until_its_sources_change() {
    let place = clone();
    let of = || commit_of(place.path(), &["src"]).unwrap();
    let first = of();
    assert_eq!(first.name, git(place.path(), &["rev-parse", "HEAD"]));
    assert!(!first.is_changed && first.log.unwrap().is_file());
    write(place.path(), "README.md", "another page\n");
    write(place.path(), "src/not-in-git", "");
    assert!(!of().is_changed, "a page is no source");
    write(place.path(), "src/main.rs", "fn main() { main() }\n");
    assert!(of().is_changed);
    git(place.path(), &["commit", "--quiet", "--all", "--message", "second"]);
    let second = of();
    assert!(!second.is_changed && second.name != first.name);
}

#[test]
fn a_worktree_has_the_commit_that_is_in_it() {
    let (place, beside) = (clone(), TempDir::new().unwrap());
    let path = beside.path().join("worktree");
    git(place.path(), &["worktree", "add", "--quiet", path.to_str().unwrap()]);
    git(&path, &["commit", "--quiet", "--allow-empty", "--message", "second"]);
    let commit = commit_of(&path, &["src"]).unwrap();
    assert_eq!(commit.name, git(&path, &["rev-parse", "HEAD"]));
    assert!(commit.log.unwrap().is_file());
}

#[test]
fn sources_without_git_are_of_no_commit_even_within_another_clone() {
    let place = TempDir::new().unwrap();
    write(place.path(), "src/main.rs", "fn main() {}\n");
    assert_eq!(commit_of(place.path(), &["src"]), None);
    let other = clone();
    write(other.path(), "vendor/neokeys/src/main.rs", "fn main() {}\n");
    assert_eq!(commit_of(&other.path().join("vendor/neokeys"), &["src"]), None);
    let empty = TempDir::new().unwrap();
    git(empty.path(), &["init", "--quiet"]);
    assert_eq!(commit_of(empty.path(), &["src"]), None, "nothing was committed yet");
}
