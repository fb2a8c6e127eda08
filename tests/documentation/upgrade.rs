//! The page on upgrades: what it has somebody run, and what it takes from the changelog.

use std::fs;

use crate::pages::block;
use crate::server::Place;
use neokeys_testkit::programs::folder;

const PAGE: &str = "docs/upgrade.md";

#[test]
fn a_new_program_judges_the_files_and_changes_nothing() {
    let place = Place::new();
    place.shell("neokeys tenants create acme", &[]);
    let old = "apiKeys:\n  - name: a\n    enabled: true\n    permissions: [p]\n    expires: 2020-01-01\n    \
               hash: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n";
    place.write("data/acme/security.yml", old);
    let check = block(PAGE, "new/neokeys check --config neokeys.yml --store file:data");
    place.write("neokeys.yml", "log: { format: json }\n");
    place.shell("mkdir new && ln -s \"$(command -v neokeys)\" new/neokeys", &[]);
    let told = place.shell(&format!("! {}", check.trim()), &[]).results;
    assert!(told.contains("expires"), "{told}");
    place.write("neokeys.yml", "logs: {}\n");
    let told = place.shell(&format!("! {}", check.trim()), &[]).remarks;
    assert!(told.contains("logs is not a setting"), "{told}");
    assert_eq!(place.read("data/acme/security.yml"), old);
}

#[test]
fn the_page_has_the_notes_of_the_changelog() {
    let read = |path: &str| fs::read_to_string(folder(path)).unwrap();
    assert!(read(PAGE).contains("{{#include ../CHANGELOG.md:upgrade}}"));
    let changelog = read("CHANGELOG.md");
    let (_, rest) = changelog.split_once("<!-- ANCHOR: upgrade -->").unwrap();
    let (notes, _) = rest.split_once("<!-- ANCHOR_END: upgrade -->").unwrap();
    assert!(notes.matches("\n- **").count() >= 5, "{notes}");
}
