//! Commands on every kind of store and on a server: the same ones give the same tables, JSON and exit codes.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use neokeys_testkit::server::Server;
use neokeys_testkit::servers::buckets::Buckets;
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::{Claims, Issuer};

const FIRST: &str = "\
tenant: acme
managedBy: git
apiKeys:
  - name: crm
    permissions: [orders:read]
    hash: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
    expiresAt: 2999-06-30T00:00:00Z
  - name: nightly
    permissions: [reports:read]
";

const SECOND: &str = "\
tenant: acme
managedBy: git
apiKeys:
  - name: crm
    permissions: [orders:read, orders:write]
    hash: 0a884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
    overlap: 1h
  - name: theirs
    enabled: false
";

/// Each command, the code that it ends with, and a word of what it prints.
const CASES: [(&[&str], i32, &str); 33] = [
    (&["plan", "-f", "first.yml"], 1, "there is no tenant acme"),
    (&["tenants", "create", "acme"], 0, "acme"),
    (&["keys", "create", "theirs", "--tenant", "acme", "--permission", "x"], 0, "nsk_"),
    (&["plan", "-f", "first.yml", "--exit-code", "--json"], 3, "\"needsToken\": true"),
    (&["apply", "-f", "first.yml"], 1, ""),
    (&["apply", "-f", "first.yml", "--tokens", "TOKENS"], 0, "applied"),
    (&["apply", "-f", "first.yml", "--tokens", "TOKENS", "--json"], 0, "unchanged"),
    (&["plan", "-f", "first.yml", "--exit-code"], 0, ""),
    (&["plan", "-f", "second.yml", "--prune"], 1, "second.yml:8:5"),
    (&["plan", "-f", "second.yml", "--prune", "--adopt", "--out", "PLAN"], 0, "hash: a new token"),
    (&["keys", "end-overlap", "crm", "--tenant", "acme"], 0, ""),
    (&["apply", "PLAN"], 0, "applied"),
    (&["keys", "rotate", "theirs", "--tenant", "acme", "--overlap", "0"], 0, "nsk_"),
    (&["apply", "PLAN"], 1, ""),
    (&["keys", "list", "--tenant", "acme"], 0, "theirs  disabled"),
    (&["keys", "list", "--tenant", "acme", "--status", "active"], 0, "crm"),
    (&["keys", "list", "--tenant", "none"], 1, ""),
    (&["keys", "get", "crm", "--tenant", "acme"], 0, "2999-06-30T00:00:00Z"),
    (&["keys", "get", "none", "--tenant", "acme"], 1, ""),
    // Before the first change that is refused: the log has those of callers, and none of the system's user.
    (&["tenants", "list"], 0, "acme"),
    (&["tenants", "list", "--json"], 0, "\"id\": \"acme\""),
    (&["audit", "list", "--tenant", "acme"], 0, "Rotate"),
    (&["audit", "list", "--tenant", "acme", "--json", "--limit", "7"], 0, "Delete"),
    (
        &["audit", "list", "--tenant", "acme", "--key", "crm", "--outcome", "success"],
        0,
        "Rotate       crm",
    ),
    (&["audit", "export", "--tenant", "acme"], 0, "Create"),
    (&["audit", "verify", "--tenant", "acme"], 0, "lines verified"),
    (&["audit", "verify", "--tenant", "acme", "--json"], 0, "\"documentChanged\":false"),
    (&["audit", "verify", "--tenant", "none"], 1, ""),
    (&["keys", "create", "crm", "--tenant", "acme", "--permission", "x"], 1, ""),
    (
        &["keys", "limit", "theirs", "--tenant", "acme", "--expires-at", "2999-01-01T00:00:00Z"],
        0,
        "2999",
    ),
    (
        &["keys", "update", "crm", "--tenant", "acme", "--enabled", "false", "--permission", "z"],
        0,
        "disabled",
    ),
    (&["keys", "delete", "crm", "--tenant", "acme"], 0, ""),
    (&["keys", "delete", "crm", "--tenant", "acme"], 1, ""),
];

/// Masks the values that differ at each store: tokens, times, the state of keys and what is signed, which have the
/// time in them.
fn masked(case: &[&str], text: &str) -> String {
    let is_json = case.contains(&"--json");
    match case[1] {
        "list" if case[0] == "audit" && is_json => {
            let events: Vec<Value> = serde_json::from_str(text).unwrap();
            events.iter().map(event).collect()
        }
        "export" => text.lines().map(|line| event(&serde_json::from_str(line).unwrap())).collect(),
        "verify" if is_json => {
            let mut verified: Value = serde_json::from_str(text).unwrap();
            let checkpoint = verified["checkpoint"].take();
            format!("{verified} {}", masked(&["audit", "verify"], checkpoint.as_str().unwrap()))
        }
        _ => text.lines().map(|it| masked_line(it) + "\n").collect(),
    }
}

fn masked_line(line: &str) -> String {
    let is_root = line.len() == 44 && line.ends_with('=');
    let is_time = |word: &str| word.len() == 20 && word.ends_with('Z') && !word.starts_with("2999");
    match (line.split_once("\"state\": "), line.split_once(' ')) {
        (Some((before, _)), _) => before.to_owned(),
        (None, _) if line.starts_with("nsk_") => "nsk_".to_owned(),
        (None, _) if is_root => "the root".to_owned(),
        (None, Some(("\u{2014}", _))) => "the signature".to_owned(),
        (None, Some((first, rest))) if is_time(first) => format!("the time {rest}"),
        (None, _) => line.to_owned(),
    }
}

/// The part of an event that is the same at each store and whoever asks.
fn event(event: &Value) -> String {
    let (meta, entity) = (&event["metadata"], &event["entity"]);
    format!(
        "{}\n",
        json!([
            meta["sequence"],
            event["activity_name"],
            entity["name"],
            event["status_id"],
            event["actor"]["user"]["name"]
        ])
    )
}

/// A server on a store of its own, and a token for it.
fn serve(place: &TempDir, store: &str) -> (Server, String) {
    let issuer = Issuer::generate();
    std::fs::write(place.path().join("jwks.json"), issuer.key_set().to_string()).unwrap();
    std::fs::create_dir(place.path().join("asked")).unwrap();
    let (name, audience) = (Issuer::NAME, Issuer::AUDIENCE);
    let trust = format!("[{{ issuer: '{name}', audience: '{audience}', jwks: file:jwks.json }}]");
    let mut command = Command::new(neokeys_testkit::server::neokeys());
    command.args(["serve", "--listen", "127.0.0.1:0", "--store", store]);
    command.env("NEOKEYS_AUTH__BEARER__ISSUERS", trust).current_dir(place.path());
    let log = place.path().join("log");
    // The log names who asked: on the store itself, that is the system's user.
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let claims = Claims::new(&["*"], &["*"]).with("sub", String::from_utf8(user).unwrap().trim());
    (Server::start_logged(&mut command, &log), issuer.sign(&claims))
}

#[test]
fn every_store_and_a_server_do_alike() {
    let (etcd, s3, azure, google) =
        (Etcd::start(), Buckets::s3(), Buckets::azurite(), Buckets::google());
    let place = TempDir::new().unwrap();
    std::fs::write(place.path().join("first.yml"), FIRST).unwrap();
    std::fs::write(place.path().join("second.yml"), SECOND).unwrap();
    std::fs::create_dir(place.path().join("folder")).unwrap();
    let keygen = ["audit", "keygen", "--origin", "keys.example"];
    let made = Command::new(neokeys_testkit::server::neokeys()).args(keygen).output().unwrap();
    std::fs::write(place.path().join("signing.key"), made.stdout).unwrap();
    let verifies = String::from_utf8(made.stderr).unwrap();
    let settings =
        format!("audit: {{ signing_key: signing.key, verify_keys: ['{}'] }}\n", verifies.trim());
    std::fs::write(place.path().join("neokeys.yml"), settings).unwrap();
    let (server, token) = serve(&place, "file:asked");
    let stores = [
        "file:folder".to_owned(),
        "file:asked".to_owned(),
        etcd.url("plans"),
        s3.url("plans"),
        azure.url("plans"),
        google.url("plans"),
    ];
    let mut expected: Vec<String> = Vec::new();
    for (number, store) in stores.iter().enumerate() {
        let (tokens, plan) = (format!("tokens-{number}"), format!("plan-{number}.json"));
        for (index, (case, code, word)) in CASES.iter().enumerate() {
            let named = |it: &&'static str| match *it {
                "TOKENS" => tokens.clone(),
                "PLAN" => plan.clone(),
                other => other.to_owned(),
            };
            let mut command = Command::new(neokeys_testkit::server::neokeys());
            for buckets in [&s3, &azure, &google] {
                command.envs(buckets.variables());
            }
            command.args(case.iter().map(named));
            // Tenants are made in the store itself.
            if store == "file:asked" && case[..2] != ["tenants", "create"] {
                command.args(["--server", server.origin()]).env("NEOKEYS_TOKEN", &token);
            } else {
                command.args(["--store", store]);
            }
            let output = command.current_dir(place.path()).output().unwrap();
            let remarks = String::from_utf8_lossy(&output.stderr).into_owned();
            let told = String::from_utf8(output.stdout).unwrap();
            let told = masked(case, &told);
            let at = format!("{case:?} on {store}: {told}{remarks}");
            assert_eq!(output.status.code(), Some(*code), "{at}");
            assert!(told.contains(word), "{at}");
            match expected.get(index) {
                Some(first) => assert_eq!(&told, first, "{at}"),
                None => expected.push(told),
            }
        }
    }
}
