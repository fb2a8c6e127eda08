//! `neokeys copy`.

use serde_json::json;

use neokeys_testkit::workplace::Workplace;

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
const COPY: [&str; 5] = ["copy", "--from", "file:old", "--to", "file:new"];

fn place() -> Workplace {
    let place = Workplace::new();
    for (tenant, text) in [
        ("a", format!("# kept\r\napiKeys:\r\n  - {{name: one, hash: {HASH}}}  # to the byte\r\n")),
        ("b", "not: [yaml".to_owned()),
        ("c", String::new()),
    ] {
        std::fs::create_dir_all(place.path("old").join(tenant)).unwrap();
        place.write(&format!("old/{tenant}/security.yml"), &text);
    }
    std::fs::create_dir_all(place.path("old/without")).unwrap();
    place
}

#[test]
fn every_document_is_copied_byte_for_byte_and_a_second_time_nothing_is() {
    let place = place();
    let told = place.run(&COPY).done();
    assert_eq!(
        told,
        "TENANT   OUTCOME  REASON\na        copied\nb        copied\nc        copied\nwithout  copied\n"
    );
    for tenant in ["a", "b", "c"] {
        let name = format!("{tenant}/security.yml");
        assert_eq!(place.read(&format!("new/{name}")), place.read(&format!("old/{name}")));
    }
    assert!(place.path("new/without").is_dir() && !place.path("new/without/security.yml").exists());
    let again = place.run(&[&COPY[..], &["--json"]].concat()).json();
    let same = |tenant: &str| json!({"tenant": tenant, "outcome": "same"});
    assert_eq!(again, json!([same("a"), same("b"), same("c"), same("without")]));
}

#[test]
fn a_copy_that_was_broken_off_goes_on() {
    let place = place();
    place.run(&[&COPY[..], &["--tenant", "b"]].concat()).done();
    assert!(!place.path("new/a").exists());
    let told = place.run(&COPY).done();
    assert!(told.contains("a        copied\nb        same\n"), "{told}");
}

#[test]
fn what_may_be_newer_is_left_alone_without_force() {
    let place = place();
    place.run(&COPY).done();
    place.write("new/a/security.yml", "apiKeys: []  # newer\n");
    let run = place.run(&COPY);
    assert_eq!(run.exit_code, 1);
    assert!(run.results.contains("may be newer") && run.remarks.contains("--force"), "{run:?}");
    assert_eq!(place.read("new/a/security.yml"), "apiKeys: []  # newer\n");
    assert!(place.run(&[&COPY[..], &["--force"]].concat()).done().contains("a        copied\n"));
    assert_eq!(place.read("new/a/security.yml"), place.read("old/a/security.yml"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = place();
    let same = place.run(&["copy", "--from", "file:old", "--to", "file:old"]).refused(1);
    assert!(same.contains("the same store"), "{same}");
    let missing = place.run(&["copy", "--from", "file:gone", "--to", "file:new"]).refused(1);
    assert!(missing.contains("there is no folder gone"), "{missing}");
    let run = place.run(&[&COPY[..], &["--tenant", "nobody"]].concat());
    assert_eq!(run.exit_code, 1);
    assert!(run.results.contains("no such tenant"), "{run:?}");
}

#[test]
fn a_tenant_that_went_at_the_source_is_named_and_taken_away_on_demand() {
    let place = place();
    place.run(&COPY).done();
    for gone in ["a", "without"] {
        std::fs::remove_dir_all(place.path("old").join(gone)).unwrap();
    }
    let run = place.run(&COPY);
    assert_eq!(run.exit_code, 1, "{run:?}");
    for told in ["a       not at the source", "b       same", "without  not at the source"] {
        let told: Vec<_> = told.split_whitespace().collect();
        let is_line =
            |line: &str| line.split_whitespace().take(told.len()).eq(told.iter().copied());
        assert!(run.results.lines().any(is_line), "{told:?}: {run:?}");
    }
    assert!(run.results.contains("its keys go on working") && run.remarks.contains("--delete"));
    assert!(place.path("new/a/security.yml").exists());
    let one = place.run(&[&COPY[..], &["--tenant", "a", "--delete"]].concat()).done();
    assert!(one.contains("a       deleted"), "{one}");
    assert!(!place.path("new/a").exists() && place.path("new/without").exists());
    let all = place.run(&[&COPY[..], &["--delete", "--json"]].concat()).json();
    let told = |tenant: &str, outcome: &str| json!({"tenant": tenant, "outcome": outcome});
    assert_eq!(all, json!([told("b", "same"), told("c", "same"), told("without", "deleted")]));
    place.run(&COPY).done();
    assert!(!place.path("new/without").exists());
}

#[test]
fn a_source_without_tenants_takes_nothing_away() {
    let place = place();
    place.run(&COPY).done();
    std::fs::create_dir(place.path("empty")).unwrap();
    let copy = ["copy", "--from", "file:empty", "--to", "file:new", "--delete"];
    let said = place.run(&copy).refused(1);
    assert!(said.contains("would delete all") && said.contains("--from"), "{said}");
    assert!(place.path("new/a/security.yml").exists());
}

#[test]
fn a_tenant_with_files_of_people_is_not_taken_away() {
    let place = place();
    place.run(&COPY).done();
    std::fs::remove_dir_all(place.path("old/a")).unwrap();
    place.write("new/a/notes", "of people");
    let run = place.run(&[&COPY[..], &["--delete"]].concat());
    assert_eq!(run.exit_code, 1, "{run:?}");
    assert!(run.results.contains("other files beside it"), "{run:?}");
    assert_eq!(place.read("new/a/notes"), "of people");
    assert!(place.path("new/a/security.yml").exists());
}

#[test]
fn a_document_that_went_is_emptied_once() {
    let place = place();
    place.run(&COPY).done();
    std::fs::remove_file(place.path("old/a/security.yml")).unwrap();
    let left = place.run(&COPY);
    assert!(left.exit_code == 1 && left.results.contains("may be newer"), "{left:?}");
    let force = [&COPY[..], &["--force"]].concat();
    assert!(place.run(&force).done().contains("a        copied\n"));
    assert_eq!(place.read("new/a/security.yml"), "");
    assert!(place.run(&COPY).done().contains("a        same\n"));
}
