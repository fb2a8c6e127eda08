//! The page on a leaked key, followed from top to bottom.

use crate::pages::{blocks_of, put};
use crate::server::Place;

const PAGE: &str = "docs/leaked-key.md";

#[test]
fn a_token_that_leaked_is_ended_and_what_it_did_is_found() {
    let place = Place::new();
    let make = "neokeys tenants create acme\n\
                neokeys keys create crm-sync --tenant acme --permission '*' > leaked\n";
    place.shell(make, &[]);
    let server = place.serve(&[]);
    let leaked = place.read("leaked").trim().to_owned();
    let status = |token: &str| {
        let ask = format!(
            "curl -sS -o /dev/null -w '%{{http_code}}' -H 'X-API-KEY: {token}' http://{}/auth/acme",
            server.address()
        );
        place.shell(&ask, &[]).results
    };
    // Whoever has it makes a key for later.
    let thief = format!(
        "curl -sS --fail -H 'X-API-KEY: {leaked}' -H 'Content-Type: application/json' \
         http://{}/api/acme/admin/apiKeys -d '{{\"name\": \"later\", \"permissions\": [\"*\"]}}'",
        server.address()
    );
    place.shell(&thief, &[]);
    let blocks = blocks_of(PAGE);
    let mut shell = blocks.iter().filter(|block| block.language == "sh");
    let mut next = |beginning: &str, leaked: &str| {
        let block = shell.next().unwrap();
        assert!(block.first_line().starts_with(beginning), "{}", block.first_line());
        let text = match block.text.contains("localhost") {
            true => put(&block.text, "localhost:8080", server.address()),
            false => block.text.clone(),
        };
        place.shell(&text, &[("LEAKED", leaked)]).results
    };
    // It is one that an earlier rotation left for a while.
    let rotate = "neokeys keys rotate crm-sync --tenant acme --overlap 24h > between";
    place.shell(rotate, &[]);
    let between = place.read("between").trim().to_owned();
    assert_eq!([status(&leaked), status(&between)], ["200", "200"]);
    next("neokeys keys get crm-sync", "");
    next("umask 077", &leaked);
    let newest = place.read("new-token").trim().to_owned();
    assert_eq!([status(&leaked), status(&between), status(&newest)], ["401", "401", "200"]);
    let mode = place.shell("stat -c %a new-token", &[]).results;
    assert_eq!(mode, "600\n");
    // The new one leaks, too.
    next("curl -sS http://localhost:8080/api/acme/revoke", &newest);
    assert_eq!(status(&newest), "401");
    let found = next("grep -r", &newest);
    assert!(found.starts_with("data/acme/security.yml:"), "{found}");
    let done = next("neokeys audit list", "");
    assert!(done.lines().any(|it| it.contains("Create") && it.contains("later")), "{done}");
    assert!(shell.next().is_none());
}
