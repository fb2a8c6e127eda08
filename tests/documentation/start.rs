//! The page to start with, followed from top to bottom by somebody new.

use crate::pages::{blocks_of, put};
use crate::server::Place;

const PAGE: &str = "docs/start.md";
/// A line that no block prints.
const BETWEEN: &str = "\necho ---between---\n";

#[test]
fn the_page_is_followed_to_its_end() {
    let place = Place::new();
    let (server, token) = place.serve_as_shown(PAGE);
    let blocks = blocks_of(PAGE).into_iter().filter(|block| block.language == "sh");
    let blocks: Vec<_> = blocks.map(|block| block.text).collect();
    // One terminal, as the reader's: what a block puts into a variable, the next ones have.
    let typed = put(&blocks.join(BETWEEN), "127.0.0.1:8080", server.address());
    let results = place.shell(&typed, &[("TOKEN", &token)]).results;
    let results: Vec<_> = results.split("---between---\n").collect();
    let [created, file, passed, refused, rotated, deleted, events] = results[..] else {
        panic!("{results:?}")
    };
    assert_eq!([created, rotated], ["", ""]);
    assert!(file.contains("name: crm-sync") && !file.contains("nsk_"), "{file}");
    assert!(passed.starts_with("HTTP/1.1 200 OK\r\n"), "{passed}");
    for header in ["x-auth-tenant: demo", "x-auth-principal: crm-sync"] {
        assert!(passed.contains(&format!("\r\n{header}\r\n")), "{passed}");
    }
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert!(deleted.starts_with("HTTP/1.1 401 "), "{deleted}");
    let lines: Vec<_> = events.lines().collect();
    assert_eq!(lines, ["Delete crm-sync", "Rotate crm-sync", "Create crm-sync", "Create demo"]);
}

#[test]
fn the_front_page_and_this_one_begin_alike() {
    let place = Place::new();
    let (server, token) = place.serve_as_shown("README.md");
    let ask = format!(
        "curl -sS -o /dev/null -w '%{{http_code}}' http://{}/api/demo/admin/apiKeys -H \"Authorization: Bearer $TOKEN\"",
        server.address()
    );
    assert_eq!(place.shell(&ask, &[("TOKEN", &token)]).results, "200");
}
