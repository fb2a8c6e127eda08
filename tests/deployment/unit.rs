//! The systemd unit, and whether the service can live with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use neokeys_testkit::programs::{folder, program};
use neokeys_testkit::server::{Server, neokeys};
use neokeys_testkit::{Client, document, entry, token_of};

/// The most that `systemd-analyze security` may find fault with, in tenths: 100 is a service without
/// any bounds. What is left is the network, the host's files to read, and group-readable documents.
const EXPOSURE: &str = "12";

fn systemd_analyze(arguments: &[&str]) -> Output {
    Command::new(program("/usr/bin/systemd-analyze", "systemd")).args(arguments).output().unwrap()
}

/// Its text on either output.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

#[test]
fn systemd_takes_every_line_of_the_unit() {
    let root = TempDir::new().unwrap();
    let units = Path::new("/lib/systemd/system");
    for unit in fs::read_dir(units).unwrap() {
        let unit = unit.unwrap().path();
        if unit.is_file() {
            let name = unit.file_name().unwrap();
            copy(&unit, &root.path().join("lib/systemd/system").join(name));
        }
    }
    let unit = root.path().join("etc/systemd/system/neokeys.service");
    copy(&folder("ops/neokeys.service"), &unit);
    copy(&neokeys(), &root.path().join("usr/local/bin/neokeys"));
    let verify = || {
        let place = format!("--root={}", root.path().display());
        systemd_analyze(&["verify", &place, "neokeys.service"])
    };
    let output = verify();
    // A line that it does not know is a warning and no failure.
    assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
    let text = fs::read_to_string(&unit).unwrap().replace("PrivateTmp", "PrivateTemp");
    fs::remove_file(&unit).unwrap();
    std::io::Write::write_all(&mut fs::File::create(&unit).unwrap(), text.as_bytes()).unwrap();
    assert!(said(&verify()).contains("Unknown key 'PrivateTemp'"), "the check itself can fail");
}

#[test]
fn systemd_finds_the_unit_hardened() {
    let threshold = format!("--threshold={EXPOSURE}");
    let unit = folder("ops/neokeys.service");
    let arguments = ["security", "--offline=true", &threshold, unit.to_str().unwrap()];
    let output = systemd_analyze(&arguments);
    assert!(output.status.success(), "{}", said(&output));
}

/// The system calls that a group of systemd's names, those of groups in it too.
fn group(name: &str) -> BTreeSet<String> {
    let output = systemd_analyze(&["syscall-filter", name]);
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let members =
        text.lines().skip(1).map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    members
        .flat_map(|it| if it.starts_with('@') { group(it) } else { [it.to_owned()].into() })
        .collect()
}

/// The system calls that the unit allows.
fn allowed() -> BTreeSet<String> {
    let unit = fs::read_to_string(folder("ops/neokeys.service")).unwrap();
    let mut allowed = BTreeSet::new();
    for value in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (is_denied, names) = value.strip_prefix('~').map_or((false, value), |it| (true, it));
        for call in names.split(' ').flat_map(group) {
            if is_denied {
                allowed.remove(&call)
            } else {
                allowed.insert(call)
            };
        }
    }
    allowed
}

/// The system calls that the service makes from its start to its end, with work in between.
async fn made(home: &Path) -> BTreeSet<String> {
    let trace = home.join("trace");
    let tenant = home.join("store/t1/security.yml");
    fs::create_dir_all(tenant.parent().unwrap()).unwrap();
    let text = document(&[entry("admin", true, &["*"])]);
    std::io::Write::write_all(&mut fs::File::create(&tenant).unwrap(), text.as_bytes()).unwrap();
    let mut command = Command::new(program("/usr/bin/strace", "strace"));
    command.args(["-f", "-qq", "-o"]).arg(&trace).arg(neokeys()).arg("serve");
    command.env_clear().current_dir(home).stderr(Stdio::null());
    for (name, value) in [
        ("LISTEN", "127.0.0.1:0"),
        ("STORE", "file:store"),
        ("METRICS__LISTEN", "127.0.0.1:0"),
        ("TRACES__ENDPOINT", "http://localhost:9"),
        ("AUTH__BEARER__ISSUERS", "[{ issuer: 'http://localhost:9/', audience: a }]"),
    ] {
        command.env(format!("NEOKEYS_{name}"), value);
    }
    let mut server = Server::start(&mut command);
    let metrics = server.metrics();
    let keys = "/api/t1/admin/apiKeys";
    let admin = Client::new(server.origin()).with_api_key(&token_of("admin"));
    let body = json!({"name": "made", "permissions": ["p"]});
    assert_eq!(admin.post(keys, body).await.status, 201);
    assert_eq!(admin.delete(&format!("{keys}/made")).await.status, 204);
    assert_eq!(Client::of_another(&metrics).get("").await.status, 200);
    // Its number is on the first line of what strace wrote.
    let pid = fs::read_to_string(&trace).unwrap().split(' ').next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    server.process.wait();
    let text = fs::read_to_string(&trace).unwrap();
    let calls = text.lines().filter_map(|line| line.split_whitespace().nth(1)?.split_once('('));
    // Of a thread that ended before its call was looked at, strace has no name.
    calls.map(|(name, _)| name.to_owned()).filter(|name| name != "???").collect()
}

#[tokio::test]
async fn the_service_calls_nothing_that_the_unit_forbids() {
    let home = TempDir::new().unwrap();
    let (made, allowed) = (made(home.path()).await, allowed());
    assert!(made.len() > 40 && made.contains("renameat2") && made.contains("fsync"), "{made:?}");
    assert!(allowed.len() > 200 && !allowed.contains("mount"), "{allowed:?}");
    // The start of the program is systemd's own call.
    let forbidden: Vec<_> = made.difference(&allowed).filter(|it| *it != "execve").collect();
    assert!(forbidden.is_empty(), "{forbidden:?}");
}
