//! `neokeys keys` and `neokeys check`.

use std::process::Stdio;

use neokeys::domain::Digest;
use serde_json::json;

use neokeys_testkit::workplace::{Run, Workplace};

fn create(place: &Workplace, name: &str) -> Run {
    place.run(&["keys", "create", name, "--permission", "passes:read", "--tenant", "demo"])
}

/// Keys without the time at which each was made, which must be there.
fn timeless(mut keys: serde_json::Value) -> serde_json::Value {
    let remove = |key: &mut serde_json::Value| {
        assert!(key.as_object_mut().unwrap().remove("createdAt").unwrap().is_string());
    };
    if keys.is_array() {
        keys.as_array_mut().unwrap().iter_mut().for_each(remove);
    } else {
        remove(&mut keys);
    }
    keys
}

#[test]
fn the_token_is_alone_on_standard_output() {
    let place = Workplace::with_tenant();
    let run = create(&place, "crm-sync");
    assert!(run.remarks.contains("crm-sync") && run.remarks.contains("only once"));
    let token = run.done();
    let token = token.strip_suffix('\n').unwrap();
    assert!(token.starts_with("nsk_") && token.len() == 53, "{token}");
    assert!(token[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
    let file = place.read("data/demo/security.yml");
    assert!(file.contains(&Digest::of(token.as_bytes()).to_hex()), "{file}");
    assert!(!file.contains(token));
}

#[test]
fn as_json_too_the_token_is_alone_on_standard_output() {
    let place = Workplace::with_tenant();
    let arguments = ["keys", "create", "a", "--permission", "x", "--tenant", "demo", "--json"];
    let run = place.run(&arguments);
    assert_eq!(run.results.lines().count(), 1);
    let end = run.remarks.rfind('}').unwrap();
    let definition: serde_json::Value = serde_json::from_str(&run.remarks[..=end]).unwrap();
    let expected = json!({"name": "a", "enabled": true, "permissions": ["x"], "status": "active"});
    assert_eq!(timeless(definition), expected);
}

#[test]
fn a_key_lives_from_create_to_delete() {
    let place = Workplace::with_tenant();
    create(&place, "a").done();
    let disabled =
        ["keys", "create", "b", "--permission", "x", "y", "--disabled", "--tenant", "demo"];
    place.run(&disabled).done();
    assert_eq!(
        place.run(&["keys", "list", "--tenant", "demo"]).done(),
        "NAME  STATUS    EXPIRES  LAST USED  PERMISSIONS\n\
         a     active    never    -          passes:read\n\
         b     disabled  never    -          x y\n"
    );
    assert_eq!(
        timeless(place.run(&["keys", "list", "--tenant", "demo", "--json"]).json()),
        json!([
            {"name": "a", "enabled": true, "permissions": ["passes:read"], "status": "active"},
            {"name": "b", "enabled": false, "permissions": ["x", "y"], "status": "disabled"},
        ])
    );
    let before = place.read("data/demo/security.yml");
    let hash = before.lines().find(|line| line.contains("hash:")).unwrap();
    let update = [
        "keys",
        "update",
        "a",
        "--enabled",
        "false",
        "--permission",
        "y",
        "--permission",
        "z",
        "--tenant",
        "demo",
    ];
    assert_eq!(
        place.run(&update).done(),
        "NAME  STATUS    EXPIRES  LAST USED  PERMISSIONS\na     disabled  never    -          y z\n"
    );
    assert!(place.read("data/demo/security.yml").contains(hash));
    assert_eq!(
        timeless(place.run(&["keys", "get", "a", "--tenant", "demo", "--json"]).json()),
        json!({"name": "a", "enabled": false, "permissions": ["y", "z"], "status": "disabled"})
    );
    assert_eq!(place.run(&["keys", "delete", "a", "--tenant", "demo"]).done(), "");
    assert!(
        place.run(&["keys", "get", "a", "--tenant", "demo"]).refused(1).contains("no key of this")
    );
}

#[test]
fn what_is_not_there_or_taken_is_refused_with_what_to_do_next() {
    let place = Workplace::with_tenant();
    create(&place, "a").done();
    for (arguments, message, hint) in [
        (&["get", "b"][..], "there is no key of this name", "neokeys keys list --tenant demo"),
        (&["delete", "b"], "there is no key of this name", "neokeys keys list --tenant demo"),
        (
            &["update", "b", "--enabled", "true", "--permission", "x"],
            "there is no key of this name",
            "neokeys keys list --tenant demo",
        ),
        (&["create", "a", "--permission", "x"], "a key of this name exists", "neokeys keys update"),
    ] {
        let arguments = [&["keys"], arguments, &["--tenant", "demo"]].concat();
        let said = place.run(&arguments).refused(1);
        assert!(said.starts_with(&format!("error: {message}\n")), "{said}");
        assert!(said.contains(hint), "{said}");
    }
    let said = place.run(&["keys", "list", "--tenant", "nobody"]).refused(1);
    assert!(said.contains("neokeys tenants create nobody"), "{said}");
    let elsewhere = ["keys", "list", "--tenant", "demo", "--store", "file:elsewhere"];
    assert!(place.run(&elsewhere).refused(1).contains("there is no folder elsewhere"));
}

#[test]
fn wrong_usage_is_told_from_a_refusal() {
    let place = Workplace::with_tenant();
    for arguments in [
        &[][..],
        &["keys"],
        &["keys", "list"],
        &["keys", "list", "--tenant", "../demo"],
        &["keys", "get", "a b", "--tenant", "demo"],
        &["keys", "create", "a", "--tenant", "demo"],
        &["keys", "create", "a", "--permission", "a b", "--tenant", "demo"],
        &["keys", "create", "..", "--permission", "x", "--tenant", "demo"],
        &["keys", "update", "a", "--enabled", "yes", "--permission", "x", "--tenant", "demo"],
        &["keys", "update", "a", "--permission", "x", "--tenant", "demo"],
        &["keys", "list", "--tenant", "demo", "--store", "ftp://bucket"],
        &["keys", "lsit", "--tenant", "demo"],
        &["check", "--verbose"],
    ] {
        let said = place.run(arguments).refused(2);
        assert!(!said.is_empty(), "{arguments:?}");
    }
    assert!(!place.path("data/demo/security.yml").exists());
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let place = Workplace::with_tenant();
    create(&place, "a").done();
    let mut command = place.command(&["keys", "list", "--tenant", "demo"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_token_that_did_not_arrive_is_a_failure_that_says_so() {
    let place = Workplace::with_tenant();
    let arguments = ["keys", "create", "a", "--permission", "x", "--tenant", "demo"];
    let mut command = place.command(&arguments);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("its token cannot be written"), "{said}");
    assert!(said.contains("neokeys keys delete a --tenant demo"), "{said}");
}

#[test]
fn check_names_file_line_fault_and_remedy() {
    let place = Workplace::with_tenant();
    create(&place, "a").done();
    let run = place.run(&["check"]);
    assert_eq!((run.exit_code, run.results.as_str()), (0, ""));
    let good = place.read("data/demo/security.yml");
    place.write("data/demo/security.yml", &format!("{good}  - name: b\n    hash: nonsense\n"));
    let line = good.lines().count() + 2;
    let run = place.run(&["check"]);
    assert_eq!(run.exit_code, 1);
    assert!(run.results.starts_with("PLACE"), "{}", run.results);
    assert!(run.results.contains(&format!("data/demo/security.yml:{line}:")), "{}", run.results);
    let run = place.run(&["check", "--tenant", "demo", "--json"]);
    assert_eq!(run.exit_code, 1);
    let findings: serde_json::Value = serde_json::from_str(&run.results).unwrap();
    let first = &findings[0];
    assert_eq!((&first["tenant"], &first["severity"]), (&json!("demo"), &json!("error")));
    assert_eq!(first["file"], "data/demo/security.yml");
    assert!(first["line"].is_u64() && first["column"].is_u64());
    assert!(!first["fault"].as_str().unwrap().is_empty());
    assert!(!first["hint"].as_str().unwrap().is_empty());
    let listed = place.run(&["keys", "list", "--tenant", "demo"]);
    assert!(listed.remarks.contains("neokeys check --tenant demo"), "{}", listed.remarks);
    assert!(!listed.done().contains("b  "));
    assert!(place.run(&["check", "--tenant", "x"]).refused(1).contains("there is no tenant x"));
}

#[test]
fn check_warns_of_a_section_that_is_only_nearly_ours() {
    let place = Workplace::with_tenant();
    create(&place, "a").done();
    let good = place.read("data/demo/security.yml");
    for name in ["apikeys", "APIKeys", "ApiKeys", "api_keys", "api-keys", "apiKey"] {
        place.write(
            "data/demo/security.yml",
            &good.replace("apiKeys:", &format!("roles: []\n{name}:")),
        );
        let run = place.run(&["check", "--json"]);
        // It may be somebody's own: a warning does not fail.
        assert_eq!(run.exit_code, 0, "{}", run.remarks);
        let findings: serde_json::Value = serde_json::from_str(&run.results).unwrap();
        let finding = &findings[0];
        assert_eq!((&finding["severity"], &finding["line"]), (&json!("warning"), &json!(2)));
        let fault = format!("the section {name} is not apiKeys, so its entries are not keys");
        assert_eq!(finding["fault"], fault);
        assert!(place.run(&["keys", "list", "--tenant", "demo"]).done().lines().count() == 1);
    }
    for name in ["apiKeysOfOthers", "keys", "api"] {
        place.write("data/demo/security.yml", &format!("{good}{name}: []\n"));
        assert_eq!(place.run(&["check", "--json"]).json(), json!([]), "{name}");
    }
}

#[test]
fn a_file_that_belongs_to_another_user_is_told_as_that() {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;

    let place = Workplace::with_tenant();
    create(&place, "a").done();
    if !rustix::process::geteuid().is_root() {
        println!("NOT CHECKED HERE: only root can give a file to another user");
        return;
    }
    // The program where anybody can run it; all but the document are the user's.
    place.copy_program();
    for name in [
        "",
        "data",
        "data/demo",
        "data/.neokeys",
        "data/.neokeys/demo.lock",
        "neokeys",
        "data/.neokeys/audit",
        "data/.neokeys/audit/demo",
        "data/.neokeys/audit/demo/events-0001.jsonl",
        "data/.neokeys/audit/demo/head",
    ] {
        std::os::unix::fs::chown(place.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let document = place.path("data/demo/security.yml");
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(document, readable).unwrap();
    let mut command = std::process::Command::new(place.path("neokeys"));
    command.args(["keys", "create", "b", "--permission", "x", "--tenant", "demo"]);
    let output = command.current_dir(place.path("")).env_clear().uid(NOBODY).gid(NOBODY).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let reason = "the file that it replaces belongs to user 0 and group 0, to whom user 65534 cannot \
                  give a file; run neokeys as that user and in that group, or chown the file to its own";
    assert!(said.contains(reason), "{said}");
    assert!(said.contains("the file is not at fault") && !said.contains("check"), "{said}");
}

#[test]
fn a_hint_says_what_is_at_fault() {
    let place = Workplace::with_tenant();
    place.write("plain", "");
    let said = place.run(&["tenants", "list", "--store", "file:plain"]).refused(1);
    assert!(
        said.contains("plain is not a folder\n  choose another store with --store\n"),
        "{said}"
    );
    place.write("data/demo/security.yml", "apiKeys: [");
    let said = place.run(&["keys", "list", "--tenant", "demo"]).refused(1);
    assert!(said.contains("`neokeys check --tenant demo` says what is wrong"), "{said}");
    std::fs::remove_file(place.path("data/demo/security.yml")).unwrap();
    std::fs::create_dir(place.path("data/demo/security.yml")).unwrap();
    let said = place.run(&["keys", "list", "--tenant", "demo"]).refused(1);
    assert!(said.contains("the file is not at fault"), "{said}");
}

#[test]
fn an_entry_that_is_no_key_is_told_as_that_to_whoever_asks_for_it() {
    let place = Workplace::with_tenant();
    place.write("data/demo/security.yml", "apiKeys:\n  - name: a\n    hash: nonsense\n");
    let update = ["update", "a", "--enabled", "true", "--permission", "x"];
    for arguments in [&["get", "a"][..], &["delete", "a"], &update] {
        let arguments = [&["keys"], arguments, &["--tenant", "demo"]].concat();
        let said = place.run(&arguments).refused(1);
        let told = "line 2 of the document has an invalid entry of this name: ";
        assert!(said.contains(told) && said.contains("fix it in the file"), "{said}");
    }
}

#[test]
fn a_document_that_is_a_mount_of_its_own_is_told_with_what_to_mount() {
    let place = Workplace::with_tenant();
    place.write("document.yml", "apiKeys: []\n");
    place.write("data/demo/security.yml", "");
    let program = place.command(&["keys", "create", "a", "--permission", "x", "--tenant", "demo"]);
    let mut command = std::process::Command::new("unshare");
    command
        .args(["--mount", "sh", "-c"])
        .arg("mount --bind document.yml data/demo/security.yml && exec \"$0\" \"$@\" || exit 77");
    command.arg(program.get_program()).args(program.get_args()).current_dir(place.path(""));
    let output = command.output().unwrap();
    if output.status.code() == Some(77) || !rustix::process::geteuid().is_root() {
        println!("NOT CHECKED HERE: nothing can be mounted on this machine");
        return;
    }
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("data/demo/security.yml is mounted by itself"), "{said}");
    assert!(said.contains("mount the folder that it is in"), "{said}");
    assert_eq!(place.read("document.yml"), "apiKeys: []\n");
}
