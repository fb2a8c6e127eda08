//! The pages on rotation and on the life of keys, followed from top to bottom.

use serde_json::Value;

use crate::pages::{blocks_of, put};
use crate::server::Place;

/// The answer to a token that is good, and may not list keys.
const WORKS: &str = "403";
const PAGES: [&str; 2] = ["docs/rotate.md", "docs/key-life.md"];

#[test]
fn a_key_is_rotated_limited_and_described_as_the_page_says() {
    let place = Place::new();
    let blocks: Vec<_> = PAGES.into_iter().flat_map(blocks_of).collect();
    let mut shell = blocks.iter().filter(|block| block.language == "sh");
    place.shell(&shell.next().unwrap().text, &[]);
    let server = place.serve(&[]);
    let status = |token: &str| {
        let ask = format!(
            "curl -sS -o /dev/null -w '%{{http_code}}' -H 'X-API-KEY: {}' http://{}/api/acme/admin/apiKeys",
            token.trim(),
            server.address()
        );
        place.shell(&ask, &[]).results
    };
    let mut shell = shell.map(|block| {
        let text = match block.text.contains("localhost") {
            true => put(&block.text, "localhost:8080", server.address()),
            false => block.text.clone(),
        };
        (block.first_line().to_owned(), text)
    });
    let mut next = |beginning: &str| {
        let (first, text) = shell.next().unwrap();
        assert!(first.starts_with(beginning), "{first}");
        // What a block puts into the variable, the next ones have.
        let admin = place.path("admin").exists().then(|| place.read("admin"));
        let text = format!("{text}\nprintf %s \"$ADMIN\" > admin");
        place.shell(&text, &[("ADMIN", admin.as_deref().unwrap_or_default())]).results
    };
    let (first, newest) = (place.read("old-token"), || place.read("new-token"));
    next("neokeys keys rotate crm-sync --tenant acme --overlap 24h");
    let second = newest();
    assert_eq!([status(&first), status(&second)], [WORKS, WORKS]);
    let shown = next("neokeys keys get");
    assert!(shown.contains("crm-sync") && shown.contains("previousTokens"), "{shown}");
    next("neokeys keys end-overlap");
    assert_eq!([status(&first), status(&second)], ["401", WORKS]);
    next("ADMIN=$(neokeys keys create admin");
    let third = newest();
    assert_eq!([status(&second), status(&third)], [WORKS, WORKS]);
    next("curl -sS -X DELETE");
    assert_eq!([status(&second), status(&third)], ["401", WORKS]);
    let own: Value = serde_json::from_str(&next("curl -sS http://")).unwrap();
    assert_eq!(own["name"], "crm-sync", "{own}");
    let ending = next("neokeys keys limit crm-sync --tenant acme --expires-in");
    assert!(ending.contains("crm-sync") && !ending.contains("admin     active"), "{ending}");
    next("neokeys keys rotate crm-sync --tenant acme --overlap 0");
    assert_eq!([status(&third), status(&newest())], ["401", WORKS]);
    next("neokeys keys limit crm-sync --tenant acme --allow-ip");
    assert_eq!(status(&newest()), WORKS);
    next("neokeys keys limit crm-sync --tenant acme --description");
    let listed: Value = serde_json::from_str(&next("curl -sS 'http://")).unwrap();
    assert_eq!(listed["items"][0]["owner"], "sales@example.com", "{listed}");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    // What people may write is a key.
    let written = blocks.iter().find(|block| block.language == "yaml").unwrap();
    place.write("keys/other/security.yml", &written.text);
    let checked = place.shell("neokeys check --store file:keys", &[]).results;
    assert!(checked.is_empty() || checked.contains("No problems found."), "{checked}");
    let keys = place.shell("neokeys keys list --tenant other --store file:keys --json", &[]);
    let keys: Value = serde_json::from_str(&keys.results).unwrap();
    assert_eq!(keys[0]["labels"]["env"], "prod", "{keys}");
}
