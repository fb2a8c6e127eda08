//! Commands that ask a server: the same results as on its store, and what a server that refuses, another
//! program or a broken connection is told as.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::{Run, Workplace};
use neokeys_testkit::{Claims, Issuer};
use serde_json::{Value, json};

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

/// A server on the store of a place, and tokens for it.
struct Asked {
    place: Workplace,
    server: Server,
    issuer: Issuer,
}

impl Asked {
    fn new() -> Self {
        Self::with("", &[])
    }

    /// With more settings, and files that they name.
    fn with(settings: &str, files: &[(&str, &str)]) -> Self {
        let (place, issuer) = (Workplace::with_tenant(), Issuer::generate());
        files.iter().for_each(|(name, text)| place.write(name, text));
        place.write("jwks.json", &issuer.key_set().to_string());
        let (name, audience) = (Issuer::NAME, Issuer::AUDIENCE);
        let trust =
            format!("[{{ issuer: '{name}', audience: '{audience}', jwks: file:jwks.json }}]");
        place
            .write("serve.yml", &format!("auth: {{ bearer: {{ issuers: {trust} }} }}\n{settings}"));
        let server = place.serve(&["--config", "serve.yml"]);
        Self { place, server, issuer }
    }

    fn token(&self) -> String {
        self.issuer.token(&["*"], &["*"])
    }

    /// Runs a command on the server.
    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&[("NEOKEYS_TOKEN", &self.token())], arguments)
    }

    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let origin = self.server.origin();
        self.place.run_with(variables, &[arguments, &["--server", origin]].concat())
    }
}

/// A server that answers every request with this.
fn answers(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                head.read_line(&mut line).unwrap();
            }
            let length = answer.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
            let (status, rest) = answer.split_once("\r\n").unwrap();
            let closed =
                format!("{status}\r\nConnection: close\r\nContent-Length: {length}\r\n{rest}");
            let _ = stream.write_all(closed.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_server_is_asked_with_the_results_that_its_store_has() {
    let asked = Asked::new();
    for command in [
        &["keys", "create", "zeta", "--permission", "x", "y", "--expires-in", "90d"][..],
        &[
            "keys",
            "create",
            "alpha",
            "--permission",
            "z",
            "--disabled",
            "--description",
            "Texts",
            "--owner",
            "me",
            "--label",
            "env=prod",
            "--allow-ip",
            "10.0.0.0/8",
        ],
        &["keys", "create", "beta", "--permission", "z", "--never"],
        &["keys", "rotate", "zeta", "--overlap", "1h"],
        &["keys", "end-overlap", "zeta"],
        &["keys", "limit", "beta", "--label", "a=b", "--expires-in", "30d"],
        &["keys", "limit", "beta", "--label", "a=", "--allow-any-ip"],
        &["keys", "update", "beta", "--enabled", "false", "--permission", "w"],
        &["keys", "delete", "beta"],
    ] {
        asked.run(&[command, &["--tenant", "demo"]].concat()).done();
    }
    asked.place.write("demo.yml", &format!(
        "tenant: demo\nmanagedBy: git\napiKeys:\n  - name: new\n    permissions: [a]\n    hash: {HASH}\n    labels: {{ a: b }}\n    allowedIps: [10.0.0.0/8]\n    expiresAt: 2999-01-01T00:00:00Z\n    owner: us\n    description: Text\n    enabled: false\n",
    ));
    for command in [
        &["keys", "list"][..],
        &["keys", "list", "--json"],
        &["keys", "list", "--status", "disabled"],
        &["keys", "list", "--expires-before", "91d", "--json"],
        &["keys", "list", "--unused-since", "2999-01-01T00:00:00Z"],
        &["keys", "get", "alpha", "--json"],
        &["keys", "get", "zeta"],
        &["audit", "list"],
        &["audit", "list", "--json", "--limit", "3"],
        &[
            "audit",
            "list",
            "--key",
            "beta",
            "--action",
            "Delete",
            "--outcome",
            "success",
            "--from",
            "1d",
        ],
        &["audit", "export"],
    ] {
        let command = [command, &["--tenant", "demo"]].concat();
        let (there, here) = (asked.run(&command), asked.place.run(&command));
        assert_eq!(there.exit_code, 0, "{command:?}: {there:?}");
        assert_eq!(there.results, here.results, "{command:?}");
        assert!(there.results.lines().count() > 1, "{command:?}: {there:?}");
    }
    for command in
        [&["plan", "-f", "demo.yml", "--exit-code"][..], &["plan", "-f", "demo.yml", "--json"]]
    {
        let (there, here) = (asked.run(command), asked.place.run(command));
        assert_eq!((there.exit_code, &there.results), (here.exit_code, &here.results), "{there:?}");
    }
    for (name, code) in [("none", 1), ("zeta", 1)] {
        let create = ["keys", "create", name, "--permission", "x", "--tenant", "none"];
        let get = ["keys", "get", "none", "--tenant", "demo"];
        let command = if name == "none" { &get[..] } else { &create };
        assert_eq!(asked.run(command).exit_code, code);
        assert_eq!(asked.place.run(command).exit_code, code);
    }
}

#[test]
fn a_plan_is_carried_out_by_a_server_on_the_keys_that_it_saw() {
    let asked = Asked::new();
    let wanted = |keys: &str| format!("tenant: demo\nmanagedBy: git\napiKeys:\n{keys}");
    asked.place.write(
        "demo.yml",
        &wanted("  - name: a\n    permissions: [x]\n  - name: b\n    permissions: [y]\n"),
    );
    let plan = asked.run(&["plan", "-f", "demo.yml", "--out", "plan.json", "--exit-code"]);
    assert_eq!(plan.exit_code, 3, "{plan:?}");
    asked.run(&["apply", "plan.json"]).refused(1);
    let done = asked.run(&["apply", "plan.json", "--tokens", "tokens", "--json"]).json();
    assert_eq!(
        done,
        json!([{"tenant": "demo", "result": "applied", "created": 2, "changed": 0, "deleted": 0}])
    );
    let tokens = asked.place.read("tokens");
    assert_eq!(tokens.lines().count(), 2);
    for line in tokens.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let shown = asked.run_with(
            &[("NEOKEYS_API_KEY", line["token"].as_str().unwrap())],
            &["keys", "list", "--tenant", "demo"],
        );
        // It is a key of the tenant, which may not list keys.
        assert!(shown.refused(1).contains("lacks the scope"));
    }
    let before = asked.place.read("data/demo/security.yml");
    let again = asked.run(&["apply", "-f", "demo.yml"]).done();
    assert!(again.contains("unchanged"), "{again}");
    let nothing = asked.run(&["plan", "-f", "demo.yml", "--prune", "--exit-code"]);
    assert_eq!((nothing.exit_code, nothing.results.as_str()), (0, ""));
    assert_eq!(asked.place.read("data/demo/security.yml"), before);
    // A writer comes in between.
    asked.place.write("demo.yml", &wanted("  - name: a\n    permissions: [x, z]\n"));
    asked.run(&["plan", "-f", "demo.yml", "--prune", "--out", "plan.json"]).done();
    asked
        .run(&[
            "keys",
            "update",
            "b",
            "--enabled",
            "false",
            "--permission",
            "y",
            "--tenant",
            "demo",
        ])
        .done();
    let before = asked.place.read("data/demo/security.yml");
    let older = asked.run(&["apply", "plan.json"]).refused(1);
    assert!(older.contains("planned on an older document"), "{older}");
    assert_eq!(asked.place.read("data/demo/security.yml"), before);
    // What keeps a plan from being made has its place in the file.
    asked.run(&["keys", "create", "theirs", "--tenant", "demo", "--permission", "y"]).done();
    asked.place.write(
        "demo.yml",
        &format!(
            "{}---\n{}",
            wanted("  - name: a\n  - name: theirs\n"),
            wanted("  []\n").replace("demo", "none")
        ),
    );
    let (there, here) =
        (asked.run(&["plan", "-f", "demo.yml"]), asked.place.run(&["plan", "-f", "demo.yml"]));
    assert_eq!((there.exit_code, &there.results), (1, &here.results), "{there:?}");
    assert!(
        there.results.contains("demo.yml:5:5") && there.results.contains("demo.yml:7:1"),
        "{there:?}"
    );
}

#[test]
fn a_log_is_verified_by_who_asks_for_it() {
    let made = Workplace::new().run(&["audit", "keygen", "--origin", "keys.example"]);
    let verifies = made.remarks.trim().to_owned();
    let asked =
        Asked::with("audit: { signing_key: signing.key }\n", &[("signing.key", &made.results)]);
    for name in ["a", "b"] {
        asked.run(&["keys", "create", name, "--tenant", "demo", "--permission", "p"]).done();
    }
    let verify = ["audit", "verify", "--tenant", "demo", "--json"];
    let unsigned = asked.run(&verify);
    assert!(unsigned.remarks.contains("audit.verify_keys"), "{unsigned:?}");
    let (lines, signed) = (unsigned.json()["lines"].clone(), json!(0));
    asked.place.write("neokeys.yml", &format!("audit: {{ verify_keys: ['{verifies}'] }}\n"));
    let verified = asked.run(&verify).json();
    assert_eq!((&verified["lines"], &verified["signed"]), (&lines, &lines));
    assert_ne!(verified["signed"], signed);
    asked.place.write("kept", verified["checkpoint"].as_str().unwrap());
    asked.run(&[&verify[..], &["--checkpoint", "kept"]].concat()).done();
    // Somebody at the server changes a line.
    let log = "data/.neokeys/audit/demo/events-0001.jsonl";
    let good = asked.place.read(log);
    asked.place.write(log, &good.replacen("\"severity_id\":1", "\"severity_id\":2", 1));
    let spoilt = asked.run(&verify).refused(1);
    assert!(spoilt.contains("not those that the head was signed for"), "{spoilt}");
}

#[test]
fn credentials_come_from_the_environment_or_a_file_and_from_no_argument() {
    let asked = Asked::new();
    let list = ["keys", "list", "--tenant", "demo"];
    let key =
        asked.run(&["keys", "create", "admin", "--tenant", "demo", "--permission", "*"]).done();
    let (token, key) = (asked.token(), key.trim());
    asked.run_with(&[("NEOKEYS_API_KEY", key)], &list).done();
    for secret in [token.as_str(), key] {
        asked.place.write("credential", &format!("{secret}\n"));
        asked
            .run_with(
                &[("NEOKEYS_TOKEN", "unused")],
                &[&list[..], &["--credential-file", "credential"]].concat(),
            )
            .done();
    }
    let origin = asked.server.origin();
    let variables = [("NEOKEYS_SERVER", origin), ("NEOKEYS_TOKEN", &token)];
    let named = asked.place.run_with(&variables, &list).done();
    assert!(named.contains("admin"), "{named}");
    // A store that is named counts more.
    let store = [&list[..], &["--store", "file:none"]].concat();
    assert!(asked.place.run_with(&variables, &store).refused(1).contains("none"));
    asked.run(&[&list[..], &["--store", "file:data"]].concat()).refused(2);
    let made = asked.place.run_with(&variables, &["tenants", "create", "other"]).refused(2);
    assert!(made.contains("--store") && !asked.place.path("data/other").exists(), "{made}");
    for (variables, told) in [
        (&[][..], "no credential"),
        (&[("NEOKEYS_TOKEN", "a"), ("NEOKEYS_API_KEY", "b")], "both"),
        (&[("NEOKEYS_TOKEN", "broken\nSecretWord")], "holds no credential"),
    ] {
        let refused = asked.run_with(variables, &list).refused(2);
        assert!(refused.contains(told) && !refused.contains("SecretWord"), "{refused}");
    }
    for (server, told) in [
        ("http://keys.example.com", "https"),
        ("https://me:SecretWord@keys.example.com", "password"),
        ("keys.example.com", "URL"),
        ("ftp://127.0.0.1", "https"),
        ("http://127.0.0.1/?SecretWord", "query"),
    ] {
        let run = asked
            .place
            .run_with(&[("NEOKEYS_TOKEN", &token)], &[&list[..], &["--server", server]].concat());
        let refused = run.refused(2);
        assert!(refused.contains(told) && !refused.contains("SecretWord"), "{refused}");
    }
}

#[test]
fn each_refusal_is_told_with_a_way_out() {
    let asked = Asked::with("auth.throttle.failures_per_minute: 3\n", &[]);
    let claims = |tenants: &[&str], permissions: &[&str]| {
        asked.issuer.sign(&Claims::new(tenants, permissions))
    };
    let list = ["keys", "list", "--tenant", "demo"];
    let expired = asked.issuer.sign(&Claims::new(&["demo"], &["*"]).expired());
    asked.run(&["keys", "create", "a", "--tenant", "demo", "--permission", "p"]).done();
    let create = ["keys", "create", "a", "--tenant", "demo", "--permission", "p"];
    let none = ["keys", "list", "--tenant", "none"];
    let missing = ["keys", "get", "none", "--tenant", "demo"];
    let everything = asked.token();
    for (token, command, told, way) in [
        (expired.as_str(), &list[..], "valid credential", "neokeys login"),
        (&claims(&["demo"], &["other"]), &list, "lacks the scope", "has the permission"),
        (&claims(&["other"], &["*"]), &list, "not for this tenant", "has the permission"),
        (&everything, &none, "Tenant not found", "neokeys tenants list"),
        (&everything, &missing, "API key not found", "neokeys keys list"),
        (&everything, &create, "already exists", "neokeys keys update"),
    ] {
        let refused = asked.run_with(&[("NEOKEYS_TOKEN", token)], command).refused(1);
        assert!(refused.contains(told) && refused.contains(way), "{refused}");
        assert!(!refused.contains(token), "{refused}");
    }
    asked.place.write("data/demo/security.yml", "apiKeys: [");
    let unavailable = asked.run(&["keys", "delete", "a", "--tenant", "demo"]).refused(1);
    assert!(unavailable.contains("nothing was changed; try again"), "{unavailable}");
    for _ in 0..3 {
        asked.run_with(&[("NEOKEYS_API_KEY", "nsk_wrong")], &list).refused(1);
    }
    let throttled = asked.run(&list).refused(1);
    assert!(
        throttled.contains("Too many failed attempts") && throttled.contains("seconds"),
        "{throttled}"
    );
    asked.place.write("data/demo/security.yml", "apiKeys: [");
}

#[test]
fn what_is_no_answer_of_neokeys_is_told_as_that() {
    let place = Workplace::new();
    let html = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>SecretWord</html>";
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Sign in, SecretWord</html>";
    let away = "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n";
    let other =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\":[{\"name\":1}]}";
    let later = "HTTP/1.1 418 Later\r\nContent-Type: application/problem+json\r\n\r\n\
                 {\"type\":\"/problems/novelty\",\"title\":\"A novelty\",\"detail\":\"Of a later version.\",\"new\":{}}";
    for (answer, told) in [
        (html, "502"),
        (page, "not JSON"),
        (away, "302"),
        (other, "lacks what the documents promise"),
        (later, "A novelty: Of a later version."),
    ] {
        let server = answers(answer);
        let list = ["keys", "list", "--tenant", "demo", "--server", &server];
        let refused = place.run_with(&[("NEOKEYS_TOKEN", "token")], &list).refused(1);
        assert!(refused.contains(told) && !refused.contains("SecretWord"), "{refused}");
    }
    let list = ["keys", "list", "--tenant", "demo", "--server", "http://127.0.0.1:1"];
    let refused = place.run_with(&[("NEOKEYS_TOKEN", "token")], &list).refused(1);
    assert!(refused.contains("cannot connect to 127.0.0.1"), "{refused}");
}

#[test]
fn a_certificate_has_to_be_vouched_for() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let issuer = Issuer::generate();
    let place = Workplace::with_tenant();
    place.write("key.pem", &made.signing_key.serialize_pem());
    place.write("cert.pem", &made.cert.pem());
    place.write("jwks.json", &issuer.key_set().to_string());
    let (name, audience) = (Issuer::NAME, Issuer::AUDIENCE);
    place.write(
        "serve.yml",
        &format!("tls: {{ certificate: cert.pem, key: key.pem }}\nauth: {{ bearer: {{ issuers: [{{ issuer: '{name}', audience: '{audience}', jwks: file:jwks.json }}] }} }}\n"),
    );
    let server = place.serve(&["--config", "serve.yml"]);
    let token = issuer.token(&["*"], &["*"]);
    let list = ["keys", "list", "--tenant", "demo", "--server", server.origin()];
    let variables = [("NEOKEYS_TOKEN", token.as_str())];
    let refused = place.run_with(&variables, &list).refused(1);
    assert!(refused.contains("is not trusted") && refused.contains("--ca"), "{refused}");
    place.run_with(&variables, &[&list[..], &["--ca", "cert.pem"]].concat()).done();
    place.run_with(&variables, &[&list[..], &["--ca", "key.pem"]].concat()).refused(2);
}
