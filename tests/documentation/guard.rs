//! The code of `docs/guard.md` is that of the examples, which are tested.

use std::fs;

use crate::pages::blocks_of;
use neokeys_testkit::programs::folder;

#[test]
fn the_page_on_the_guard_shows_what_the_examples_do() {
    let read = |path: &str| fs::read_to_string(folder(path)).unwrap();
    let (actix, axum) =
        (read("examples/guarded_service/orders.rs"), read("examples/guarded_axum/orders.rs"));
    let blocks = blocks_of("docs/guard.md");
    for (language, examples) in [
        ("rust orders", &[&actix, &axum][..]),
        ("rust actix-web", &[&actix]),
        ("rust axum", &[&axum]),
    ] {
        let block = blocks.iter().find(|it| it.language == language).unwrap();
        for example in examples {
            assert!(example.contains(&block.text), "{language}: {}", block.text);
        }
    }
}
