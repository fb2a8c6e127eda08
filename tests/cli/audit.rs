//! `neokeys audit`: what was done to keys, and logs that somebody laid hands on.

use std::fs;
use std::process::Command;

use neokeys::transparency::SigningKey;
use neokeys_testkit::programs::program;
use neokeys_testkit::server::neokeys;
use neokeys_testkit::workplace::Workplace;
use serde_json::Value;

const LOG: &str = "data/.neokeys/audit/acme/events-0001.jsonl";
const VERIFY: [&str; 4] = ["audit", "verify", "--tenant", "acme"];

/// A place where five keys were made, and three of them deleted.
fn place() -> Workplace {
    let place = Workplace::new();
    place.run(&["tenants", "create", "acme"]).done();
    for number in 0..5 {
        let name = format!("k{number}");
        place.run(&["keys", "create", &name, "--tenant", "acme", "--permission", "p"]).done();
        if number < 3 {
            place.run(&["keys", "delete", &name, "--tenant", "acme"]).done();
        }
    }
    place
}

/// A command that reads finds a change from outside, and ends no sooner than the record of it: the head is
/// replaced after the lines are there.
#[test]
fn a_command_ends_after_what_it_records() {
    let place = place();
    place.write("data/acme/security.yml", "apiKeys: []\n");
    let mut slowed = Command::new(program("/usr/bin/strace", "strace"));
    let slow = "inject=fsync,fdatasync:delay_enter=300ms";
    slowed.args(["-f", "-qq", "-o", "trace", "-e", "trace=fsync,fdatasync", "-e", slow]);
    slowed.arg(neokeys()).args(["keys", "list", "--tenant", "acme"]);
    assert!(slowed.current_dir(place.path("")).status().unwrap().success());
    let events = place.run(&["audit", "list", "--tenant", "acme"]).done();
    assert!(events.lines().nth(1).unwrap().contains("file"), "{events}");
    place.run(&VERIFY).done();
}

#[test]
fn what_was_done_is_listed_and_exported() {
    let place = place();
    let lines = place.run(&["audit", "export", "--tenant", "acme"]).done();
    assert_eq!(lines, place.read(LOG));
    let listed = place.run(&["audit", "list", "--tenant", "acme", "--json"]).json();
    let listed = listed.as_array().unwrap();
    let exported: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(listed.iter().rev().eq(&exported));
    let table =
        place.run(&["audit", "list", "--tenant", "acme", "--key", "k1", "--from", "1d"]).done();
    let rows: Vec<_> = table.lines().collect();
    assert!(
        rows.len() == 3 && rows[1].contains("Delete  k1") && rows[2].contains("Create  k1"),
        "{table}"
    );
    let said = place.run(&["audit", "list", "--tenant", "nobody"]).refused(1);
    assert!(said.contains("no such tenant"), "{said}");
}

#[test]
fn a_log_that_somebody_laid_hands_on_is_told_by_file_and_line() {
    let place = place();
    let good = place.read(LOG);
    let verified = place.run(&[&VERIFY[..], &["--json"]].concat()).json();
    assert_eq!(verified["lines"], good.lines().count(), "{verified}");
    assert_eq!(
        (&verified["signed"], &verified["documentChanged"]),
        (&verified["lines"], &false.into())
    );
    place.write("kept", verified["checkpoint"].as_str().unwrap());
    place.run(&[&VERIFY[..], &["--checkpoint", "kept"]].concat()).done();
    assert!(place.run(&["check"]).remarks.contains("No problems found."));

    // Whoever loads the document settles what follows the head.
    let folder = place.path("data/.neokeys/audit/acme");
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let names = names.map(|name| format!("data/.neokeys/audit/acme/{}", name.to_str().unwrap()));
    let files: Vec<_> = names.map(|name| (fs::read(place.path(&name)).unwrap(), name)).collect();
    let restore = || files.iter().for_each(|(bytes, name)| place.write(name, bytes));
    let lines: Vec<_> = good.lines().collect();
    let without = |number: usize| {
        let mut rest = lines.clone();
        rest.remove(number);
        rest.join("\n") + "\n"
    };
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    let tampered = [
        (without(4), 5, "the sequence 5 in place of 4"),
        (swapped.join("\n") + "\n", 3, "the sequence 3 in place of 2"),
        (good.replacen("k1", "k9", 1), 1, "not those that the head was signed for"),
        (good.replacen("class_uid", "class_uie", 1), 1, "not an event"),
        (format!("{good}{}\n", lines[0]), lines.len() + 1, "the log's head does not have"),
        (without(lines.len() - 1), lines.len(), "is not there, though the log's head has it"),
    ];
    for (text, line, fault) in tampered {
        restore();
        place.write(LOG, &text);
        let said = place.run(&VERIFY).refused(1);
        assert!(
            said.contains(&format!("{LOG}:{line}: ")) && said.contains(fault),
            "{line} {fault}: {said}"
        );
        let checked = place.run(&["check"]);
        assert_eq!(checked.exit_code, 1);
        assert!(checked.results.contains(&format!("{LOG}:{line}:1")), "{}", checked.results);
        // None of it keeps keys from being read.
        place.run(&["keys", "get", "k4", "--tenant", "acme"]).done();
    }
    restore();
    place.run(&VERIFY).done();
}

#[test]
fn a_line_that_somebody_appended_is_told_until_the_log_says_so_itself() {
    let place = place();
    let good = place.read(LOG);
    let last: Value = serde_json::from_str(good.lines().last().unwrap()).unwrap();
    let lines = good.lines().count();
    let mut forged = last;
    forged["metadata"]["sequence"] = lines.into();
    forged["actor"]["user"]["name"] = "somebody else".into();
    forged.as_object_mut().unwrap().remove("unmapped");
    place.write(LOG, &format!("{good}{forged}\n"));
    for _ in 0..2 {
        let said = place.run(&VERIFY).refused(1);
        assert!(said.contains(&format!("{LOG}:{}: ", lines + 1)), "{said}");
        let checked = place.run(&["check"]);
        assert!(checked.results.contains(&format!("{LOG}:{}:1", lines + 1)), "{checked:?}");
    }
    // The next change has to go on from it, as from what a crash left, and says so.
    place.run(&["keys", "create", "next", "--tenant", "acme", "--permission", "p"]).done();
    let list = ["audit", "list", "--tenant", "acme", "--action", "Recover", "--json"];
    let recovered = place.run(&list).json();
    assert_eq!(recovered.as_array().unwrap().len(), 1, "{recovered}");
    let recovered = &recovered[0];
    assert_eq!(recovered["entity"]["data"], serde_json::json!({"since": lines, "lines": 1}));
    assert_eq!(recovered["metadata"]["sequence"], lines + 1);
    place.run(&VERIFY).done();
    place.run(&["keys", "create", "last", "--tenant", "acme", "--permission", "p"]).done();
    assert_eq!(place.run(&list).json().as_array().unwrap().len(), 1, "once is enough");
}

#[test]
fn a_changed_document_is_told_and_a_kept_head_is_held() {
    let place = place();
    let kept = place.run(&[&VERIFY[..], &["--json"]].concat()).json();
    place.write("kept", kept["checkpoint"].as_str().unwrap());
    place.write("other", &kept["checkpoint"].as_str().unwrap().replace("/acme", "/zeta"));
    let said = place.run(&[&VERIFY[..], &["--checkpoint", "other"]].concat()).refused(1);
    assert!(said.contains("cannot be trusted"), "{said}");

    let document = place.read("data/acme/security.yml");
    place.write("data/acme/security.yml", &format!("{document}# by hand\n"));
    let run = place.run(&VERIFY);
    assert!(run.exit_code == 0 && run.remarks.contains("document has changed"), "{run:?}");

    // The whole past is written anew, and signed by the same key.
    let key = fs::read(place.path("data/.neokeys/audit.key")).unwrap();
    fs::remove_dir_all(place.path("data/.neokeys/audit")).unwrap();
    for number in 10..20 {
        let name = format!("k{number}");
        place.run(&["keys", "create", &name, "--tenant", "acme", "--permission", "p"]).done();
    }
    assert_eq!(fs::read(place.path("data/.neokeys/audit.key")).unwrap(), key);
    place.run(&VERIFY).done();
    let said = place.run(&[&VERIFY[..], &["--checkpoint", "kept"]].concat()).refused(1);
    assert!(said.contains("the kept checkpoint"), "{said}");
}

#[test]
fn a_key_that_is_made_signs_from_then_on() {
    let place = place();
    let kept = place.run(&[&VERIFY[..], &["--json"]].concat()).json();
    let kept = kept["checkpoint"].as_str().unwrap().to_owned();
    let secret = place.read("data/.neokeys/audit.key");
    let before = SigningKey::parse(secret.trim()).unwrap().verifying().to_string();
    let made = place.run(&["audit", "keygen", "--origin", "keys.example.com"]);
    assert!(made.results.starts_with("PRIVATE+KEY+keys.example.com+"), "{}", made.remarks);
    assert!(made.remarks.starts_with("keys.example.com+"), "{}", made.remarks);
    place.write("audit.key", &made.results);
    let settings = "audit:\n  signing_key: audit.key\n";
    place.write("neokeys.yml", settings);
    let said = place.run(&VERIFY).refused(1);
    assert!(said.contains("audit.verify_keys"), "{said}");
    place.run(&["keys", "create", "last", "--tenant", "acme", "--permission", "p"]).done();
    let verified = place.run(&[&VERIFY[..], &["--json"]].concat()).json();
    assert!(
        verified["checkpoint"].as_str().unwrap().contains("keys.example.com/acme"),
        "{verified}"
    );
    // What the key before signed is good as long as it is named.
    place.write("kept", &kept);
    let hold = [&VERIFY[..], &["--checkpoint", "kept"]].concat();
    let said = place.run(&hold).refused(1);
    assert!(said.contains("cannot be trusted"), "{said}");
    place.write("neokeys.yml", &format!("{settings}  verify_keys: ['{before}']\n"));
    place.run(&hold).done();
    let said = place.run(&["audit", "keygen", "--origin", "two words"]).refused(2);
    assert!(said.contains("the name of a key"), "{said}");
}

/// The content of a log's events: action, subject, and the names of keys that came and went.
fn told(place: &Workplace, log: &str) -> Vec<String> {
    let tell = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        let data = &event["entity"]["data"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let names = |of: &str| data[of].as_array().map(|all| all.iter().map(text).collect());
        let (came, went): (Option<Vec<_>>, Option<Vec<_>>) = (names("came"), names("went"));
        let change = came.zip(went).map(|(came, went)| format!(" +{came:?} -{went:?}"));
        let (action, subject) = (text(&event["activity_name"]), text(&event["entity"]["name"]));
        format!("{action} {subject}{}", change.unwrap_or_default())
    };
    place.read(log).lines().map(tell).collect()
}

#[test]
fn a_copy_is_recorded_where_it_arrives() {
    let place = place();
    let copy = |more: &[&str]| {
        let command = ["copy", "--from", "file:data", "--to", "file:other", "--force", "--delete"];
        place.run(&[&command[..], more].concat())
    };
    let log = "other/.neokeys/audit/acme/events-0001.jsonl";
    copy(&[]).done();
    assert_eq!(told(&place, log), ["Create acme", r#"Copy acme +["k3", "k4"] -[]"#]);
    copy(&[]).done();
    assert_eq!(told(&place, log).len(), 2, "what is the same is no change");
    place.run(&["keys", "delete", "k3", "--tenant", "acme"]).done();
    copy(&[]).done();
    assert_eq!(told(&place, log)[2..], [r#"Copy acme +[] -["k3"]"#]);
    // What a hand changed at the target comes before.
    place.write("other/acme/security.yml", "apiKeys: []\n");
    copy(&[]).done();
    let found = [r#"Change from outside acme +[] -["k4"]"#, r#"Copy acme +["k4"] -[]"#];
    assert_eq!(told(&place, log)[3..], found);
    place.write("data/acme/security.yml", "not: [yaml\n");
    copy(&[]).done();
    assert_eq!(told(&place, log)[5..], ["Copy acme"]);
    let verify = ["audit", "verify", "--tenant", "acme", "--store", "file:other"];
    assert!(place.run(&verify).done().starts_with("6 lines verified."));
    // It goes, and with it nothing of what is known of it.
    fs::remove_dir_all(place.path("data/acme")).unwrap();
    place.write("other/acme/notes", "of people");
    assert_eq!(copy(&["--tenant", "acme"]).exit_code, 1);
    assert_eq!(told(&place, log)[6..], ["Delete acme", "Not done acme"]);
    fs::remove_file(place.path("other/acme/notes")).unwrap();
    copy(&["--tenant", "acme"]).done();
    assert_eq!(told(&place, log)[8..], ["Delete acme"]);
    place.run(&["tenants", "create", "acme", "--store", "file:other"]).done();
    assert!(place.run(&verify).done().starts_with("10 lines verified."));
    let list = ["audit", "list", "--tenant", "acme", "--store", "file:other", "--json"];
    let copies = place.run(&[&list[..], &["--action", "Copy"]].concat()).json();
    let users: Vec<_> =
        copies.as_array().unwrap().iter().map(|it| &it["actor"]["user"]["type"]).collect();
    assert_eq!(users, ["User"; 4]);
}

#[test]
fn a_list_says_that_there_is_more_and_which_actions_there_are() {
    let place = place();
    let list = ["audit", "list", "--tenant", "acme"];
    let more = "There are more events: raise --limit, or narrow the list by --from and --to.\n";
    // A tenant, five keys, and three that were deleted.
    for (limit, shown, said) in [("8", 8, more), ("9", 9, "")] {
        let listed = place.run(&[&list[..], &["--limit", limit]].concat());
        assert_eq!(listed.remarks, said, "{limit}");
        assert_eq!(listed.done().lines().count(), 1 + shown);
    }
    let deleted = place.run(&[&list[..], &["--action", "delete"]].concat()).done();
    assert_eq!(deleted.matches("Delete").count(), 3, "{deleted}");
    let refused = place.run(&[&list[..], &["--action", "Deleted"]].concat()).refused(2);
    assert!(refused.contains("is none of Create, Update, Enable, Disable, Rotate"), "{refused}");
}
