//! A server that does what was asked.

use serde_json::{Value, json};

use super::Asked;
use neokeys_testkit::workplace::Workplace;

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

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
    asked.place.run(&["tenants", "create", "acme"]).done();
    for command in [&["tenants", "list"][..], &["tenants", "list", "--json"]] {
        let (there, here) = (asked.run(command).done(), asked.place.run(command).done());
        assert!(there == here && there.contains("acme"), "{there}");
    }
    let own = asked.issuer.token(&["acme", "none"], &["tenant.apiKey:read"]);
    let own = asked.run_with(&[("NEOKEYS_TOKEN", &own)], &["tenants", "list"]).done();
    assert_eq!(own, "TENANT\nacme\n");
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
