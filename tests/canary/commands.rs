//! Commands that ask a server: no secret is in what they say, in a plan, in the server's log or in its spans.
//! Credentials come from a file, so that none is among the arguments of a process.

use std::time::{Duration, Instant};

use neokeys::domain::Digest;
use neokeys_testkit::{Claims, document, entry, token_of};
use serde_json::Value;

use crate::secrets::Secrets;
use crate::server::Server;

const COMMANDS: [&[&str]; 13] = [
    &["tenants", "list"],
    &["keys", "list", "--tenant", "t1", "--json"],
    &["keys", "get", "admin", "--tenant", "t1"],
    &["keys", "get", "nobody", "--tenant", "t1"],
    &["keys", "update", "reader", "--tenant", "t1", "--enabled", "true", "--permission", "x"],
    &["keys", "limit", "reader", "--tenant", "t1", "--owner", "us"],
    &["plan", "-f", "wanted.yml", "--json", "--out", "plan.json"],
    &["plan", "-f", "refused.yml"],
    &["apply", "-f", "wanted.yml", "--tokens", "tokens", "--json"],
    &["import", "--format", "csv", "export", "--tenant", "t1"],
    &["import", "--format", "csv", "faulty", "--tenant", "t1"],
    &["audit", "list", "--tenant", "t1", "--json"],
    &["audit", "export", "--tenant", "t1"],
];

#[tokio::test]
async fn no_secret_is_in_what_commands_say_or_a_server_keeps_of_them() {
    let text = document(&[entry("admin", true, &["*"]), entry("reader", true, &["x"])]);
    let server = &mut Server::start("json", &[("t1", &text)]);
    let jwt = server.issuer.sign(&Claims::new(&["t1"], &["*"]));
    let expired = server.issuer.sign(&Claims::new(&["t1"], &["*"]).expired());
    let mut secrets = Secrets::default();
    secrets.add_jwt("the JWT", &jwt);
    secrets.add_jwt("the expired JWT", &expired);
    for name in ["admin", "reader", "wanted", "imported", "nsk_MisspeltCanaryOfCommands0000"] {
        secrets.add_token(name, &token_of(name));
    }
    let hash = |name: &str| Digest::of(token_of(name).as_bytes()).to_hex();
    let wanted = |keys: &str| format!("tenant: t1\nmanagedBy: git\napiKeys:\n{keys}");
    let key = format!("  - name: wanted\n    permissions: [x]\n    hash: {}\n", hash("wanted"));
    server.write("wanted.yml", &wanted(&format!("{key}  - name: new\n    permissions: [x]\n")));
    let other = format!("  - name: a\n    permissions: [x]\n    hash: {}\n", hash("admin"));
    server.write("refused.yml", &wanted(&other));
    server.write("export", &format!("name,hash,permissions\nimported,{},x\n", hash("imported")));
    server.write("faulty", &format!("name,permissions,hash\nb,{},x\n", hash("imported")));
    let origin = server.origin.clone();
    let mut said = String::new();
    let misspelt = token_of("nsk_MisspeltCanaryOfCommands0000");
    for credential in [&expired, &misspelt, &jwt, &token_of("admin")] {
        server.write("credential", credential);
        for command in COMMANDS {
            let from = ["--server", &origin, "--credential-file", "credential"];
            let (results, remarks) = server.command(&[command, &from].concat());
            said += &format!("{command:?}: {results}\n{remarks}\n");
        }
    }
    for expected in
        ["\"applied\"", "Create", "valid credential", "the hash is that of the key admin"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let tokens = server.read("tokens");
    for line in tokens.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        secrets.add_token("that a plan issued", line["token"].as_str().unwrap());
    }
    assert_eq!(tokens.lines().count(), 1);
    secrets.assert_absent("what commands say", &said);
    secrets.assert_absent("the plan", &server.read("plan.json"));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !server.spans().contains("apiKeyPlans") {
        assert!(Instant::now() < deadline, "no span of a plan came: {}", server.spans());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    secrets.assert_absent("the spans", &server.spans());
    secrets.assert_absent("the log", &server.read("log"));
}
