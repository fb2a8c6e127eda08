//! Two states of a file of keys, compared by key: by hand, and by git itself.

use neokeys_testkit::programs::program;
use neokeys_testkit::workplace::Workplace;
use std::process::Command;

const OLD: &str = "\
tenant: acme
managedBy: git
apiKeys:
  - name: stays
    permissions: [x]
  - name: crm
    permissions: [orders:read]
    hash: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
  - name: goes
    permissions: [x]
";

const NEW: &str = "\
tenant: acme
managedBy: git
apiKeys:
  - { name: new, permissions: [y], labels: { env: prod } }
  - { name: crm, permissions: [orders:read, orders:write], hash: 0a884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8 }
  - { name: stays, permissions: [x] }
";

const DIFFERENCE: &str = "\
~ crm of acme
-     permissions: orders:read
+     permissions: orders:read, orders:write
~     hash: other tokens
- goes of acme
-     permissions: x
+ new of acme
+     labels: env=prod
+     permissions: y
";

fn git(place: &Workplace, arguments: &[&str]) -> String {
    let mut command = Command::new(program("/usr/bin/git", "git"));
    command.args(arguments).current_dir(place.path("")).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", place.path(""));
    let who = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
    let output = command.envs(who.map(|name| (name, "a@example.com"))).output().unwrap();
    let remarks = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {remarks}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn keys_are_compared_whatever_their_order_and_style() {
    let place = Workplace::new();
    place.write("old.yml", OLD);
    place.write("new.yml", NEW);
    assert_eq!(place.run(&["diff", "old.yml", "new.yml"]).done(), DIFFERENCE);
    assert_eq!(place.run(&["diff", "new.yml", "new.yml"]).done(), "");
    place.write("bad.yml", "apiKeys: 5\n");
    let refused = place.run(&["diff", "old.yml", "bad.yml"]).refused(1);
    assert!(refused.contains("bad.yml:1:10:"), "{refused}");
    assert!(place.run(&["diff", "old.yml", "none.yml"]).refused(1).contains("none.yml"));
    place.run(&["diff", "old.yml", "new.yml", "third.yml"]).refused(2);
}

#[test]
fn git_shows_changes_by_key() {
    let place = Workplace::new();
    place.copy_program();
    git(&place, &["init", "-q", "-b", "main"]);
    place.write(".gitattributes", "*.yml diff=neokeys\n");
    place.write("acme.yml", OLD);
    place.write("note.txt", "one\n");
    git(&place, &["add", "acme.yml", "note.txt", ".gitattributes"]);
    git(&place, &["commit", "-q", "-m", "one"]);
    place.write("acme.yml", NEW);
    let program = place.path("neokeys");
    let diff = format!("{} diff", program.display());
    git(&place, &["config", "diff.neokeys.command", &diff]);
    assert_eq!(git(&place, &["diff"]), format!("keys of acme.yml\n{DIFFERENCE}"));
    // A new file, a file that goes, and one that is no file of keys.
    place.write("note.txt", "{\n");
    git(&place, &["mv", "acme.yml", "moved.yml"]);
    git(&place, &["add", "-A", "--", "moved.yml"]);
    let shown =
        git(&place, &["-c", &format!("diff.external={diff}"), "diff", "--cached", "--no-renames"]);
    assert!(shown.contains("keys of moved.yml\n+ crm of acme"), "{shown}");
    assert!(shown.contains("keys of acme.yml\n- crm of acme"), "{shown}");
    let renamed = git(&place, &["diff", "--cached", "-M1%"]);
    assert!(renamed.contains("~ crm of acme"), "{renamed}");
    let other = git(&place, &["-c", &format!("diff.external={diff}"), "diff", "note.txt"]);
    assert!(other.contains("note.txt: not compared"), "{other}");
    // As text, which git compares line by line, and shows in a log too.
    git(&place, &["config", "--unset", "diff.neokeys.command"]);
    git(&place, &["config", "diff.neokeys.textconv", &diff]);
    git(&place, &["commit", "-q", "-m", "two"]);
    let log = git(&place, &["log", "-p", "-1", "-M1%", "--", "."]);
    for line in
        ["-      permissions: orders:read\n", "+      permissions: orders:read, orders:write\n"]
    {
        assert!(log.contains(line), "{log}");
    }
    assert!(!log.contains("0a884898"), "{log}");
}

/// Commits a text of the file on a branch that starts at `base`.
fn branch(place: &Workplace, name: &str, text: &str) {
    git(place, &["checkout", "-q", "-b", name, "base"]);
    place.write("acme.yml", text);
    git(place, &["commit", "-q", "-a", "-m", name]);
}

#[test]
fn keys_of_two_branches_come_together_and_a_line_of_both_is_refused() {
    let place = Workplace::new();
    place.run(&["tenants", "create", "acme"]).done();
    git(&place, &["init", "-q", "-b", "base"]);
    place.write(".gitattributes", "*.yml merge=union\n");
    place.write("acme.yml", OLD);
    git(&place, &["add", "acme.yml", ".gitattributes"]);
    git(&place, &["commit", "-q", "-m", "base"]);
    let with = |name: &str| format!("{OLD}  - name: {name}\n    permissions: [{name}]\n");
    branch(&place, "one", &with("one"));
    branch(&place, "two", &with("two"));
    let planned = || {
        let plan = place.run(&["plan", "-f", "acme.yml", "--json"]).json();
        let steps = plan["tenants"][0]["steps"].as_array().unwrap().clone();
        let names = steps.iter().map(|step| step["name"].as_str().unwrap().to_owned());
        let mut names: Vec<_> = names.filter(|name| name.len() == 3 && name != "crm").collect();
        names.sort();
        names
    };
    git(&place, &["merge", "-q", "--no-edit", "one"]);
    assert_eq!(planned(), ["one", "two"]);
    branch(&place, "rebased", &with("two"));
    git(&place, &["rebase", "-q", "one"]);
    assert_eq!(planned(), ["one", "two"]);
    branch(&place, "less", &OLD.replace("orders:read", "orders:list"));
    branch(&place, "more", &OLD.replace("orders:read", "orders:write"));
    git(&place, &["merge", "-q", "--no-edit", "less"]);
    let refused = place.run(&["plan", "-f", "acme.yml"]);
    assert_eq!(refused.exit_code, 1);
    assert!(
        refused.results.contains("acme.yml:8:5") && refused.results.contains("twice"),
        "{refused:?}"
    );
}
