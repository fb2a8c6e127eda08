//! A service that is killed in the middle of a rotation.

use std::io::Read as _;
use std::process::{Command, Stdio};

use neokeys::domain::Digest;
use neokeys_testkit::programs::{Running, program};
use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::Workplace;
use reqwest::Client;
use serde_json::{Value, json};

const KEY: &str = "/api/demo/admin/apiKeyDetails/crm";

/// The digests in the file that are tokens of the key: the current one, then the older ones.
fn digests(document: &str) -> Vec<String> {
    let is_hex = |word: &&str| word.len() == 64 && word.bytes().all(|it| it.is_ascii_hexdigit());
    let entry = document.split("name: crm").nth(1).unwrap();
    entry.split([' ', '\n', '\'', '"']).filter(is_hex).map(str::to_owned).collect()
}

async fn rotate(client: &Client, origin: &str, admin: &str, tag: &str) -> Option<(u16, Value)> {
    let request = client.post(format!("{origin}{KEY}/rotate")).header("X-API-KEY", admin);
    let request = request.header("If-Match", tag).header("Content-Type", "application/json");
    let body = json!({"overlapSeconds": 3600}).to_string();
    let reply = request.body(body).send().await.ok()?;
    let status = reply.status().as_u16();
    Some((status, serde_json::from_slice(&reply.bytes().await.ok()?).ok()?))
}

async fn tag(client: &Client, origin: &str, admin: &str) -> String {
    let request = client.get(format!("{origin}{KEY}")).header("X-API-KEY", admin);
    let reply = request.send().await.unwrap();
    assert_eq!(reply.status(), 200);
    reply.headers()["etag"].to_str().unwrap().to_owned()
}

/// A tracer that kills a server when one of its threads makes a system call for the n-th time from now on.
fn killer(server: &Server, call: &str, count: u32) -> Running {
    let mut strace = Command::new(program("/usr/bin/strace", "strace"));
    let process = server.process.id().as_raw_nonzero().to_string();
    strace.args(["-f", "-p", &process, "-o", "/dev/null", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:signal=KILL:when={count}")]);
    let mut strace = Running::start(strace.stderr(Stdio::piped()));
    let mut said = String::new();
    let stderr = strace.child().stderr.as_mut().unwrap();
    while !said.contains("attached") {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "strace does not attach: {said}");
        said.push(char::from(byte[0]));
    }
    strace
}

/// A rotation, the server killed at a system call of it: whether it was answered, and how many tokens the
/// file had then.
async fn killed_at(client: &Client, call: &str, count: u32) -> (bool, usize) {
    let place = Workplace::with_tenant();
    let create = |name: &str| {
        let arguments = ["keys", "create", name, "--tenant", "demo", "--permission", "*"];
        place.run(&arguments).done().trim_end().to_owned()
    };
    let (admin, old) = (create("admin"), create("crm"));
    let before = digests(&place.read("data/demo/security.yml"));
    assert_eq!(before, [Digest::of(old.as_bytes()).to_hex()]);
    let server = place.serve(&[]);
    let known = tag(client, server.origin(), &admin).await;
    let tracer = killer(&server, call, count);
    let answer = rotate(client, server.origin(), &admin, &known).await;
    drop((server, tracer));
    let after = digests(&place.read("data/demo/security.yml"));
    assert_eq!(after.last(), before.first(), "the old token stays: {after:?}");
    assert!((1..=2).contains(&after.len()), "{after:?}");
    if let Some((status, body)) = &answer {
        assert_eq!((*status, after.len()), (200, 2), "{body}");
        let token = body["token"].as_str().unwrap();
        assert_eq!(after[0], Digest::of(token.as_bytes()).to_hex());
    }

    let server = place.serve(&[]);
    let (status, body) = rotate(client, server.origin(), &admin, &known).await.unwrap();
    let expected = if after.len() == 2 { 412 } else { 200 };
    assert_eq!(status, expected, "{body}");
    let last = digests(&place.read("data/demo/security.yml"));
    assert_eq!(last.len(), 2, "no third token: {last:?}");
    if status == 412 {
        assert_eq!(last, after);
    }
    (answer.is_some(), after.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_whole_or_not_at_all_and_its_repetition_makes_no_third_token() {
    let client = Client::builder().no_proxy().build().unwrap();
    for (call, count, is_answered, tokens) in [
        ("fsync", 1, false, 1),
        ("renameat2", 1, false, 1),
        ("fsync", 2, false, 2),
        ("sendto", 1, false, 2),
        ("sendto", 99, true, 2),
    ] {
        let came = killed_at(&client, call, count).await;
        assert_eq!(came, (is_answered, tokens), "killed at {call}, {count}");
    }
}
