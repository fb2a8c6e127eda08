//! The page on keys in git, followed from top to bottom.

use serde_json::Value;

use crate::pages::blocks_of;
use crate::server::Place;
use neokeys_testkit::programs::program;
use neokeys_testkit::server::Server;

const PAGE: &str = "docs/keys-in-git.md";

/// Runs the pipeline on a merge request that adds a key, then on the main branch, twice.
fn run_pipeline(place: &Place, server: &Server, key: &str, pipeline: &Value) {
    program("/usr/bin/pass", "pass");
    let script = |job: &str| {
        let lines = pipeline[job]["script"].as_array().unwrap().iter();
        let lines: Vec<_> = lines.map(|line| line.as_str().unwrap()).collect();
        format!("cd work\n{}", lines.join("\n"))
    };
    let folder = |name: &str| place.path(name).display().to_string();
    let (gnupg, vault) = (folder("gnupg"), folder("vault"));
    let vault = [("GNUPGHOME", gnupg.as_str()), ("PASSWORD_STORE_DIR", &vault), ("HOME", &gnupg)];
    let of_project = [("NEOKEYS_SERVER", server.origin()), ("NEOKEYS_API_KEY", key)];
    let variables = [vault.as_slice(), of_project.as_slice()].concat();
    let create = "gpg --batch --quiet --passphrase '' --quick-generate-key ci@example.com default default never";
    place.shell(&format!("mkdir -m 700 gnupg; {create}; pass init ci@example.com"), &vault);
    let wanted = place.read("work/keys/acme.yml");
    place.write(
        "work/keys/acme.yml",
        &format!("{wanted}  - name: billing\n    permissions: [bills:read]\n"),
    );
    let planned = place.shell(&script("plan"), &variables).results;
    assert!(planned.contains("create  billing") && !planned.contains("crm-sync"), "{planned}");
    std::fs::remove_file(place.path("work/tokens.jsonl")).unwrap();
    let applied = place.shell(&script("apply"), &variables);
    assert!(
        applied.results.contains("applied") && !applied.results.contains("nsk_"),
        "{applied:?}"
    );
    assert!(!place.path("work/tokens.jsonl").exists());
    let kept = place.shell("pass show keys/acme/billing", &vault).results;
    let list = "neokeys keys list --tenant acme || [ $? = 1 ]";
    let asked = [("NEOKEYS_SERVER", server.origin()), ("NEOKEYS_API_KEY", kept.trim())];
    // It is a key of the tenant, without the permission to list keys.
    let asked = place.shell(list, &asked).remarks;
    assert!(kept.starts_with("nsk_") && asked.contains("lacks the scope"), "{asked}");
    let again = place.shell(&script("apply"), &variables).results;
    assert!(again.contains("unchanged"), "{again}");
    place.shell("gpgconf --kill all", &vault);
}

#[test]
fn keys_are_planned_reviewed_and_applied_as_the_page_says() {
    program("/usr/bin/git", "git");
    let place = Place::new();
    place.shell("neokeys tenants create acme", &[]);
    let blocks = blocks_of(PAGE);
    let file = blocks.iter().find(|block| block.language == "yaml").unwrap();
    place.write("work/keys/acme.yml", &file.text);
    let mut shell = blocks.iter().filter(|block| block.language == "sh");
    let mut next = |beginning: &str| {
        let block = shell.next().unwrap();
        assert!(block.first_line().starts_with(beginning), "{}", block.first_line());
        let command = format!("cd work && export NEOKEYS_STORE=file:../data\n{}", block.text);
        place.shell(&command, &[])
    };
    let plan = next("neokeys plan -f").results;
    assert!(plan.contains("create  crm-sync") && plan.contains("create  nightly"), "{plan}");
    let applied = next("neokeys apply -f").results;
    assert!(applied.contains("acme    applied"), "{applied}");
    assert_eq!(place.read("work/tokens.jsonl").lines().count(), 1);
    let made = next("neokeys token");
    assert!(made.results.is_empty());
    assert!(place.read("work/new-token").starts_with("nsk_"));
    let review = next("git init").results;
    assert!(review.contains("+ crm-sync of acme"), "{review}");
    place.write("work/keys/acme.yml", &file.text.replace("reports:read", "reports:write"));
    let plan = next("neokeys plan -f").results;
    assert!(plan.contains("reports:read -> reports:write"), "{plan}");
    let applied = next("neokeys apply plan.json").results;
    assert!(applied.contains("acme    applied"), "{applied}");
    let key = place.shell("neokeys keys create admin --tenant acme --permission '*'", &[]).results;
    let server = place.serve(&[]);
    let pipeline = blocks.iter().filter(|block| block.language == "yaml").nth(1).unwrap();
    run_pipeline(&place, &server, key.trim(), &serde_yaml::from_str(&pipeline.text).unwrap());
    let block = shell.next().unwrap();
    assert!(block.first_line().starts_with("export NEOKEYS_SERVER="), "{}", block.first_line());
    let block = block.text.replace("http://127.0.0.1:8080", server.origin());
    let asked = place.shell(&format!("cd work && {block}"), &[("NEOKEYS_API_KEY", key.trim())]);
    assert!(asked.remarks.contains("Nothing to do"), "{asked:?}");
    let export =
        r#"[{"id": "1", "name": "theirs", "key": "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg"}]"#;
    place.write("work/keys.json", export);
    let block = shell.next().unwrap();
    assert!(block.first_line().starts_with("neokeys import "), "{}", block.first_line());
    let command =
        format!("cd work && export NEOKEYS_STORE=file:../data\n{}", block.text.trim_end());
    // The store has this token already, of another key.
    let planned = place.shell(&format!("{command} || [ $? = 1 ]"), &[]).results;
    assert!(planned.contains("keys.json:1:2") && planned.contains("nightly"), "{planned}");
}
