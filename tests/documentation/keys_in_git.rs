//! The page on keys in git, followed from top to bottom.

use crate::pages::blocks_of;
use crate::server::Place;
use neokeys_testkit::programs::program;

const PAGE: &str = "docs/keys-in-git.md";

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
