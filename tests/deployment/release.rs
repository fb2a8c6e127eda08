//! The list of a release, and the script that checks it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use neokeys_testkit::programs::{folder, program, run, tool};
use neokeys_testkit::server::neokeys;
use serde_json::Value;
use tempfile::TempDir;

/// A clone that is as the repository is here, with one commit.
struct Clone(TempDir);

impl Clone {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let copy =
            "tar --exclude=target --exclude=node_modules --exclude=./.git -c . | tar -x -C \"$0\"";
        let mut sh = Command::new("sh");
        run(sh.args(["-ec", copy]).arg(place.path()).current_dir(folder("")));
        let clone = Self(place);
        clone.git(&["init", "--quiet"]);
        clone.commit();
        clone
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=n", "-c", "user.email=n@example.com", "-C"]).arg(self.path());
        run(git.args(arguments));
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "a commit"]);
    }

    #[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
    fn edit(&self, file: &str, edit: impl Fn(&str) -> String) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let edited = edit(&text);
        assert_ne!(edited, text, "{file}");
        fs::write(path, edited).unwrap();
    }

    fn check(&self, step: &str) -> Output {
        let mut check = Command::new(self.path().join("ops/release-check"));
        let mut path = tool("cargo/bin").into_os_string();
        path.extend([OsString::from(":"), std::env::var_os("PATH").unwrap_or_default()]);
        check.env("PATH", path);
        check.env("program", neokeys()).arg(step).output().unwrap()
    }

    fn done(&self, step: &str) {
        let output = self.check(step);
        assert!(output.status.success(), "{step}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn refused(&self, step: &str, told: &str) {
        let output = self.check(step);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{step}: {said}");
        assert!(said.contains(&format!("{step}: ")) && said.contains(told), "{said}");
    }
}

#[test]
fn the_script_has_the_steps_of_the_list() {
    let page = fs::read_to_string(folder("RELEASING.md")).unwrap();
    let (_, list) = page.split_once("\n1. ").unwrap();
    // A name in brackets is a span at the beginning of one.
    let names = list.split('(').skip(1).map(|it| it.split(')').next().unwrap());
    let names = names.filter(|it| it.starts_with('`')).flat_map(|it| it.split('`'));
    let is_name =
        |it: &&str| !it.is_empty() && it.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let names: BTreeSet<&str> = names.filter(is_name).collect();
    let script = fs::read_to_string(folder("ops/release-check")).unwrap();
    let (_, steps) = script.split_once("\nsteps=(").unwrap();
    let steps: BTreeSet<&str> = steps.split(')').next().unwrap().split(' ').collect();
    assert_eq!(names, steps);
    let clone = Command::new(folder("ops/release-check")).arg("changes").output().unwrap();
    assert_eq!(clone.status.code(), Some(2));
}

#[test]
fn whatever_is_released_has_the_same_features() {
    let features = |file: &str| {
        let text = fs::read_to_string(folder(file)).unwrap();
        let (_, rest) = text.split_once("--features ").unwrap_or_else(|| panic!("{file}"));
        rest.split_whitespace().next().unwrap().replace(',', ", ")
    };
    let told = fs::read_to_string(folder("ops/release-check")).unwrap();
    let told = told.split("\nfeatures: ").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for file in ["Dockerfile", "ops/build", "ops/sbom"] {
        assert_eq!(features(file), told, "{file}");
    }
}

#[test]
fn every_step_that_costs_little_is_refused_until_it_is_done() {
    let clone = Clone::new();
    let version = env!("CARGO_PKG_VERSION");
    clone.done("clean");
    clone.done("version");
    clone.edit("ops/chart/Chart.yaml", |it| it.replace("\nversion: ", "\nversion: 9."));
    clone
        .refused("version", &format!("ops/chart/Chart.yaml lacks the line \"version: {version}\""));
    clone.refused("clean", "ops/chart/Chart.yaml");
    clone.edit("ops/chart/Chart.yaml", |it| it.replace("\nversion: 9.", "\nversion: "));

    let heading = format!("## {version} (2027-01-02)");
    let next = format!("## Unreleased\n\n{heading}\n");
    clone.refused("changelog", &format!("\"## {version} (YEAR-MONTH-DAY)\""));
    clone.edit("CHANGELOG.md", |it| it.replacen("## Unreleased\n", &next, 1));
    clone.done("changelog");
    clone.edit("CHANGELOG.md", |it| it.replace(&heading, &format!("- A change.\n\n{heading}")));
    clone.refused("changelog", "something stands under Unreleased yet");

    let released = "tests/contract/released/sdk.json";
    clone.edit(released, |_| "{}".to_owned());
    clone.refused("contract", &format!("{released} is not what the program prints"));
    let page = fs::read_to_string(clone.path().join("RELEASING.md")).unwrap();
    let block = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let script = block.replace("cargo run --release --", neokeys().to_str().unwrap());
    run(Command::new("sh").args(["-ec", &script]).current_dir(clone.path()));
    clone.done("contract");

    clone.commit();
    clone.done("clean");
    clone.refused("program", "it says: neokeys");
    clone.refused("tag", "is no tag of this commit");
    let tag = format!("v{version}");
    clone.git(&["tag", "--annotate", &tag, "--message", "neokeys"]);
    clone.refused("tag", "is not signed by a key that is known here");
    let key = clone.path().join(".git/signer");
    let mut keygen = Command::new(program("/usr/bin/ssh-keygen", "openssh-client"));
    run(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key));
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    clone.edit(".git/config", |it| {
        let (key, signers) = (key.display(), key.with_extension("known").display().to_string());
        format!("{it}[gpg]\nformat = ssh\n[gpg \"ssh\"]\nallowedSignersFile = {signers}\n[user]\nsigningKey = {key}\n")
    });
    run(Command::new("sh")
        .args(["-ec", "echo \"n@example.com $1\" >\"$0\""])
        .arg(key.with_extension("known"))
        .arg(public.trim()));
    clone.git(&["tag", "--sign", "--force", &tag, "--message", "neokeys"]);
    clone.done("tag");
    fs::remove_dir_all(clone.path().join(".git")).unwrap();
    clone.refused("clean", "this is no clone of git");
}

#[test]
fn the_list_of_crates_is_a_valid_one_and_has_all_that_are_linked() {
    let clone = Clone::new();
    clone.done("sbom");
    let file = format!("target/package/neokeys_{}.cdx.json", env!("CARGO_PKG_VERSION"));
    let list = fs::read_to_string(clone.path().join(file)).unwrap();
    let mut judge = Command::new(tool("deployment/bin/python"));
    judge.arg(folder("tests/deployment/judge_sbom.py")).stdin(Stdio::piped());
    let mut judge = judge.stderr(Stdio::piped()).spawn().unwrap();
    judge.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    let judged = judge.wait_with_output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));

    let list: Value = serde_json::from_str(&list).unwrap();
    let listed: BTreeSet<String> = list["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} v{}", it["name"].as_str().unwrap(), it["version"].as_str().unwrap()))
        .collect();
    let mut tree = Command::new("cargo");
    tree.args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    tree.args(["--format", "{p}", "--features", "etcd,object-storage,ext-authz"]);
    let linked = String::from_utf8(tree.current_dir(folder("")).output().unwrap().stdout).unwrap();
    let linked = linked
        .lines()
        .filter(|it| !it.is_empty())
        .map(|it| it.split(" (").next().unwrap().to_owned());
    let linked: BTreeSet<String> = linked.filter(|it| !it.starts_with("neokeys v")).collect();
    assert!(linked.len() > 100, "{linked:?}");
    let missing: Vec<_> = linked.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
