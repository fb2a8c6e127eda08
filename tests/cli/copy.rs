//! `neokeys copy`.

use serde_json::json;

use crate::program::Workplace;

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
