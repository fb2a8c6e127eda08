//! Keys as code: files of wanted keys, planned and carried out on a store.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use neokeys_testkit::programs::program;
use neokeys_testkit::server::neokeys;
use neokeys_testkit::workplace::{Run, Workplace};
use serde_json::{Value, json};

const DOCUMENT: &str = "data/demo/security.yml";
const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

fn wanted(keys: &str) -> String {
    format!("tenant: demo\nmanagedBy: git/platform\napiKeys:\n{keys}")
}

fn key(name: &str, permissions: &str) -> String {
    format!("  - name: {name}\n    permissions: [{permissions}]\n")
}

fn keys(place: &Workplace) -> Value {
    place.run(&["keys", "list", "--tenant", "demo", "--json"]).json()
}

fn hash_of(place: &Workplace, token: &str) -> String {
    place.write("token", token);
    let mut command = place.command(&["token", "--hash", "-"]);
    let output = command.stdin(std::fs::File::open(place.path("token")).unwrap()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().replace("hash: ", "")
}

fn apply(place: &Workplace) -> Run {
    place.run(&["apply", "-f", "demo.yml", "--prune", "--tokens", "tokens"])
}

#[test]
fn what_is_wanted_is_planned_carried_out_and_left_alone_then() {
    let place = Workplace::with_tenant();
    place.run(&["keys", "create", "theirs", "--tenant", "demo", "--permission", "y"]).done();
    let known = format!("{}    hash: {HASH}\n    owner: sales\n", key("known", "x"));
    place.write("demo.yml", &wanted(&format!("{}{known}", key("new", "a, b"))));
    let plan = place.run(&["plan", "-f", "demo.yml", "--exit-code"]);
    assert_eq!(plan.exit_code, 3);
    let told =
        plan.results.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "TENANT ACTION KEY CHANGES",
            "demo create new enabled: true; permissions: a b; managedBy: git/platform; a token is made",
            "demo create known enabled: true; permissions: x; owner: sales; managedBy: git/platform",
        ]
    );
    let summary = place.run(&["apply", "-f", "demo.yml", "--tokens", "tokens", "--json"]).json();
    assert_eq!(
        summary,
        json!([{"tenant": "demo", "result": "applied", "created": 2, "changed": 0, "deleted": 0}])
    );
    let tokens = place.read("tokens");
    let line: Value = serde_json::from_str(tokens.trim_end()).unwrap();
    assert_eq!((&line["tenant"], &line["name"]), (&json!("demo"), &json!("new")));
    let text = place.read(DOCUMENT);
    assert!(text.contains(&hash_of(&place, line["token"].as_str().unwrap())), "{text}");
    assert!(text.contains(HASH) && text.contains("git/platform"), "{text}");
    let mode = place.path("tokens").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Nothing is left to do.
    let plan = place.run(&["plan", "-f", "demo.yml", "--prune", "--exit-code"]);
    assert_eq!((plan.exit_code, plan.results.as_str()), (0, ""));
    assert!(apply(&place).done().contains("unchanged"));
    assert_eq!(place.read(DOCUMENT), text);
    assert_eq!(place.read("tokens"), tokens);
    // What was changed by hand and is not named stays; what the file leaves out goes.
    place
        .run(&[
            "keys",
            "update",
            "new",
            "--tenant",
            "demo",
            "--enabled",
            "false",
            "--permission",
            "a",
        ])
        .done();
    place.write("demo.yml", &wanted(&key("new", "a")));
    assert!(apply(&place).done().contains("applied"));
    let left = keys(&place);
    let names: Vec<_> = left.as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["theirs", "new"]);
    assert_eq!(left[1]["enabled"], false);
}

#[test]
fn nothing_is_written_unless_everything_is_good() {
    let place = Workplace::with_tenant();
    place.run(&["keys", "create", "theirs", "--tenant", "demo", "--permission", "y"]).done();
    let before = place.read(DOCUMENT);
    let refused = |text: &str, places: &[&str]| {
        place.write("demo.yml", text);
        for command in [&["plan"][..], &["apply", "--tokens", "tokens"]] {
            let run = place.run(&[command, &["-f", "demo.yml"]].concat());
            assert_eq!(run.exit_code, 1, "{run:?}");
            let told: Vec<_> =
                run.results.lines().skip(1).filter_map(|it| it.split_whitespace().next()).collect();
            assert_eq!(told, places, "{run:?}");
            let told = place.run(&[command, &["-f", "demo.yml", "--json"]].concat());
            let told: Value = serde_json::from_str(&told.results).unwrap();
            assert_eq!(told.as_array().unwrap().len(), places.len());
            assert_eq!(told[0]["severity"], "error");
        }
    };
    refused(
        &wanted(&format!("{}  - name: b\n    permission: [x]\n", key("a", "x"))),
        &["demo.yml:7:5"],
    );
    refused(&wanted(&format!("{}{}", key("a", "x"), key("theirs", "x"))), &["demo.yml:6:5"]);
    refused(&wanted("  - name: a\n"), &["demo.yml:4:5"]);
    let other = format!("{}---\n{}", wanted(&key("a", "x")), wanted(&key("a", "x")));
    refused(&other, &["demo.yml:7:1"]);
    let missing =
        format!("{}---\n{}", wanted(&key("a", "x")), wanted("  []\n").replace("demo", "none"));
    refused(&missing, &["demo.yml:7:1"]);
    // A token has to have a place.
    place.write("demo.yml", &wanted(&key("a", "x")));
    let without = place.run(&["apply", "-f", "demo.yml"]).refused(1);
    assert!(without.contains("--tokens"), "{without}");
    place.write("open", "");
    std::fs::set_permissions(place.path("open"), PermissionsExt::from_mode(0o644)).unwrap();
    let open = place.run(&["apply", "-f", "demo.yml", "--tokens", "open"]).refused(1);
    assert!(open.contains("chmod 600"), "{open}");
    assert_eq!(place.read(DOCUMENT), before);
    assert!(!place.path("tokens").exists());
    place.run(&["plan"]).refused(2);
    place.run(&["apply"]).refused(2);
    place.run(&["apply", "plan.json", "--prune"]).refused(2);
}

#[test]
fn a_saved_plan_is_carried_out_on_the_keys_that_it_saw() {
    let place = Workplace::with_tenant();
    place.write(
        "demo.yml",
        &wanted(&format!("{}    hash: {HASH}\n{}", key("a", "x"), key("b", "y"))),
    );
    let plan = || place.run(&["plan", "-f", "demo.yml", "--out", "plan.json", "--json"]).done();
    let shown = plan();
    assert_eq!(shown, place.read("plan.json"));
    place.run(&["keys", "create", "between", "--tenant", "demo", "--permission", "y"]).done();
    let before = place.read(DOCUMENT);
    let older = place.run(&["apply", "plan.json", "--tokens", "tokens"]).refused(1);
    assert!(older.contains("planned on an older document"), "{older}");
    assert_eq!(place.read(DOCUMENT), before);
    plan();
    place.write("demo.yml", &(place.read("demo.yml") + "# more\n"));
    let other = place.run(&["apply", "plan.json", "--tokens", "tokens"]).refused(1);
    assert!(other.contains("demo.yml has changed"), "{other}");
    plan();
    let done = place.run(&["apply", "plan.json", "--tokens", "tokens"]);
    let said = format!("{}{}{shown}{}", done.results, done.remarks, place.read("plan.json"));
    assert_eq!(done.exit_code, 0, "{said}");
    // No secret is in anything but the file of tokens and, as a hash, the document.
    let token: Value = serde_json::from_str(&place.read("tokens")).unwrap();
    let token = token["token"].as_str().unwrap();
    for secret in [token, HASH, &hash_of(&place, token)] {
        assert!(!said.contains(secret), "{said}");
    }
    for (text, why) in [
        ("{}", "not a plan"),
        (r#"{"version":2,"prune":false,"adopt":false,"files":[],"tenants":[]}"#, "version 2"),
    ] {
        place.write("other.json", text);
        let refused = place.run(&["apply", "other.json"]).refused(1);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn several_tenants_each_have_an_outcome() {
    let place = Workplace::with_tenant();
    place.run(&["tenants", "create", "acme"]).done();
    let hash = |name: &str| format!("{}    hash: {}\n", key(name, "x"), hash_of(&place, name));
    place.write("both.yml", &format!("{}---\n# none\n", wanted(&hash("a"))));
    place.write("acme.yml", &wanted(&hash("b")).replace("tenant: demo", "tenant: acme"));
    let done = place.run(&["apply", "-f", "both.yml", "-f", "acme.yml", "--json"]).json();
    let told: Vec<_> =
        done.as_array().unwrap().iter().map(|it| (&it["tenant"], &it["created"])).collect();
    assert_eq!(told, [(&json!("demo"), &json!(1)), (&json!("acme"), &json!(1))]);
}

#[test]
fn an_apply_that_is_killed_has_made_all_keys_or_none() {
    let place = Workplace::with_tenant();
    let many: String = (0..1000).map(|number| key(&format!("key-{number}"), "x")).collect();
    place.write("demo.yml", &wanted(&many));
    let mut seen = std::collections::BTreeSet::new();
    // The last two are the calls behind the document's exchange: its note and the log's head.
    for (call, count) in
        [("fsync", 1), ("fsync", 2), ("renameat2", 1), ("rename", 3), ("rename", 4)]
    {
        place.write(DOCUMENT, "apiKeys: []\n");
        let _ = std::fs::remove_file(place.path("tokens"));
        let mut traced = Command::new(program("/usr/bin/strace", "strace"));
        let inject = format!("inject={call}:signal=KILL:when={count}");
        traced.args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={call}"), "-e", &inject]);
        traced.arg(neokeys()).args(["apply", "-f", "demo.yml", "--tokens", "tokens"]);
        let output = traced.current_dir(place.path("")).output().unwrap();
        let made = keys(&place).as_array().unwrap().len();
        assert!(made == 0 || made == 1000, "{made} keys after {inject}");
        seen.insert((output.status.success(), made));
        let again = apply(&place);
        assert_eq!(again.exit_code, 0, "{again:?}");
        assert_eq!(keys(&place).as_array().unwrap().len(), 1000);
    }
    assert!(seen.contains(&(false, 0)), "it was never killed before the write: {seen:?}");
    assert!(seen.contains(&(false, 1000)), "it was never killed after the write: {seen:?}");
}
