//! The reference of the command line: its commands, as they stand there.

use crate::pages::{block, blocks_of, put, typed};
use crate::server::Place;

const PAGE: &str = "docs/reference/command-line.md";

#[test]
fn the_command_line_does_what_it_shows() {
    let place = Place::new();
    let lines = typed(&block(PAGE, "$ neokeys tenants create acme"));
    assert_eq!(blocks_of(PAGE).len(), 1, "another block, which nobody runs");
    let (serve, before) = lines.split_last().unwrap();
    let script = before.join("\n") + "\necho \"$KEY\" >key\n";
    let ran = place.shell(&script, &[]);
    let serve = put(serve, "neokeys serve ", "");
    let _server = place.serve(&serve.split(' ').collect::<Vec<_>>());
    assert!(ran.results.contains("crm-sync"), "{ran:?}");
    assert!(place.read("key").starts_with("nsk_"));
    let document: serde_json::Value = serde_json::from_str(&place.read("openapi.json")).unwrap();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(lines.len(), 6, "{lines:?}");
}
