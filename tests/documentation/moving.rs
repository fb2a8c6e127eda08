//! The page on moving to another store, followed from top to bottom, and its examples.

use crate::pages::{blocks_of, put};
use crate::server::Place;
use neokeys_testkit::server::Server;

const PAGE: &str = "docs/moving.md";
/// The beginning of each block.
const BLOCKS: [&str; 4] =
    ["tar -C data", "mkdir -p /var/lib/neokeys", "neokeys copy", "neokeys copy"];

/// The blocks of commands.
fn blocks() -> Vec<String> {
    let blocks = blocks_of(PAGE).into_iter().filter(|block| block.language == "sh");
    let blocks: Vec<_> = blocks.map(|block| block.text).collect();
    assert_eq!(blocks.len(), BLOCKS.len(), "{blocks:?}");
    for (block, begins) in blocks.iter().zip(BLOCKS) {
        assert!(block.starts_with(begins), "{block}");
    }
    blocks
}

/// The status of the answer to a gateway's question with the token in a file.
fn status(place: &Place, server: &Server, token: &str) -> String {
    let ask = format!(
        "curl -sS -o /dev/null -w '%{{http_code}}' -H \"X-API-KEY: $(cat {token})\" http://{}/auth/acme",
        server.address()
    );
    place.shell(&ask, &[]).results
}

#[test]
fn a_folder_is_moved_to_another_machine_with_its_log() {
    let place = Place::new();
    let make = "neokeys tenants create acme\n\
                neokeys keys create --tenant acme one --permission p > one\n";
    place.shell(make, &[]);
    let [pack, unpack, _, _] = &blocks()[..] else { unreachable!("there are four") };
    place.shell(pack, &[]);
    let unpack = put(unpack, "/var/lib/neokeys", &place.path("arrived").display().to_string());
    let checked = place.shell(&unpack, &[]);
    assert!(checked.remarks.contains("No problems found."), "{checked:?}");
    assert_eq!(place.shell("diff -r data arrived", &[]).results, "", "all of it");
    let server = place.serve(&["--store", "file:arrived"]);
    assert_eq!(status(&place, &server, "one"), "200");
    let verified = place.shell("neokeys audit verify --tenant acme --store file:arrived", &[]);
    assert!(verified.results.contains("lines verified."), "{verified:?}");
}

#[test]
fn a_store_is_moved_while_it_serves() {
    let place = Place::new();
    let make = "neokeys tenants create acme; neokeys tenants create gone\n\
                neokeys keys create --tenant acme one --permission p > one\n";
    place.shell(make, &[]);
    let [_, _, copy, copy_the_rest] = &blocks()[..] else { unreachable!("there are four") };
    let variables = [("NEW_STORE", "file:new")];
    {
        let _serving = place.serve(&[]);
        place.shell(copy, &variables);
        place.shell("neokeys keys create --tenant acme two --permission p > two", &[]);
    }
    place.shell("rm -r data/gone", &[]);
    place.shell(copy_the_rest, &variables);
    assert_eq!(place.read("data/acme/security.yml"), place.read("new/acme/security.yml"));
    assert!(place.read("new/acme/security.yml").contains("two"));
    assert!(!place.path("new/gone/security.yml").exists());
    let server = place.serve(&["--store", "file:new"]);
    for token in ["one", "two"] {
        assert_eq!(status(&place, &server, token), "200");
    }
}

#[test]
fn documents_are_copied_and_nothing_is_written_over_until_it_is_forced() {
    let place = Place::new();
    let make = "neokeys tenants create acme\n\
                neokeys keys create --tenant acme one --permission p >/dev/null\n";
    place.shell(make, &[]);
    let copy = "neokeys copy --from file:data --to file:other";
    place.shell(copy, &[]);
    assert_eq!(place.read("data/acme/security.yml"), place.read("other/acme/security.yml"));
    place.shell("neokeys keys create --tenant acme two --permission p >/dev/null", &[]);
    place.shell(&format!("! {copy}"), &[]);
    assert!(!place.read("other/acme/security.yml").contains("two"));
    place.shell(&format!("! {copy} --tenant acme"), &[]);
    place.shell(&format!("{copy} --tenant acme --force"), &[]);
    assert_eq!(place.read("data/acme/security.yml"), place.read("other/acme/security.yml"));
}
