//! The page on the audit log, followed from top to bottom.

use serde_json::Value;

use crate::pages::{blocks_of, put};
use crate::server::Place;

const PAGE: &str = "docs/audit.md";

#[test]
fn the_log_is_read_verified_and_kept_as_the_page_says() {
    let place = Place::new();
    let make = "neokeys tenants create acme\n\
                neokeys keys create crm-sync --tenant acme --permission orders:read > /dev/null\n\
                neokeys keys create reader --tenant acme --permission tenant.audit:read > reader-token\n\
                neokeys keys create admin --tenant acme --permission '*' > admin-token\n\
                git init -q .\n";
    place.shell(make, &[]);
    let server = place.serve(&[]);
    let (admin, reader) = (place.read("admin-token"), place.read("reader-token"));
    let variables = [("ADMIN", admin.trim()), ("READER", reader.trim())];
    let blocks = blocks_of(PAGE);
    let mut shell = blocks.iter().filter(|block| block.language == "sh");
    let mut next = |beginning: &str| {
        let block = shell.next().unwrap();
        assert!(block.first_line().starts_with(beginning), "{}", block.first_line());
        let text = match block.text.contains("localhost") {
            true => put(&block.text, "localhost:8080", server.address()),
            false => block.text.clone(),
        };
        place.shell(&text, &variables).results
    };
    let listed = next("neokeys audit list");
    assert!(listed.contains("Create  crm-sync") && !listed.contains("reader"), "{listed}");
    let page: Value = serde_json::from_str(&next("curl -sS 'http://")).unwrap();
    assert_eq!(page["items"][0]["entity"]["name"], "crm-sync", "{page}");
    let told = next("neokeys audit export");
    assert!(told.contains("  Create  reader  "), "{told}");
    // A hand changes the file, and whoever asks next makes neokeys look.
    let edit = "sed -i 's/orders:read/orders:write/' data/acme/security.yml\n\
                neokeys keys delete crm-sync --tenant acme\n";
    place.shell(edit, &[]);
    let by_hand = next("neokeys audit export");
    assert!(by_hand.contains("orders:write"), "{by_hand}");
    let verified = next("neokeys audit verify");
    assert!(verified.contains("lines verified."), "{verified}");
    next("curl -sS --fail");
    assert!(place.read("acme.checkpoint").contains("/acme\n"));
    let held = next("neokeys audit verify");
    assert!(held.contains("lines verified."), "{held}");
    next("neokeys audit verify --tenant acme --json");
    assert!(place.shell("git diff --cached --name-only", &[]).results.contains("acme.checkpoint"));
    next("neokeys audit keygen");
    assert!(place.read("audit.key").starts_with("PRIVATE+KEY+keys.example.com+"));
    assert!(place.read("audit.key.pub").starts_with("keys.example.com+"));
}
