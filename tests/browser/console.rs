//! The console: its rules, each in a journey of `console/`.

use std::fmt::Write as _;

use neokeys_testkit::programs::{self, Running};
use neokeys_testkit::workplace::Workplace;

use super::Server;

/// A developer's server, with a store in which nobody has a key.
fn serve() -> Server {
    Server::start(&["--dev"])
}

/// A journey with the developer's token, by which somebody else changes things meanwhile.
fn beside_another(script: &str) {
    let mut server = serve();
    let token = server.token();
    server.visit(&format!("console/{script}"), &[&token]);
}

/// A key from the sign-in to its end: made, copied, rotated, its old token ended, edited, disabled, enabled
/// and deleted; each view and dialog without a fault by axe and without scrolling sideways.
fn live(way: &str, scheme: &str, width: &str, percent: &str) {
    serve().visit("console/life.mjs", &[way, scheme, width, percent]);
}

#[test]
fn the_whole_life_of_a_key_by_mouse() {
    live("mouse", "light", "1280", "100");
}

#[test]
fn the_whole_life_of_a_key_by_keyboard_alone() {
    live("keyboard", "dark", "1280", "100");
}

#[test]
fn the_whole_life_of_a_key_on_a_narrow_page() {
    live("keyboard", "dark", "320", "100");
}

#[test]
fn the_whole_life_of_a_key_in_text_of_twice_the_size() {
    live("mouse", "light", "1280", "200");
}

#[test]
fn the_token_has_one_way_out_and_every_other_one_asks() {
    let server = serve();
    server.visit("console/token_view.mjs", &[&server.process_id()]);
}

#[test]
fn an_expiry_is_of_the_readers_calendar_and_within_the_policy() {
    serve().visit("console/expiry.mjs", &["none"]);
    let policy = [("NEOKEYS_KEYS__MAX_LIFETIME", "60d")];
    Server::start_with(&policy, &["--dev"]).visit("console/expiry.mjs", &["60"]);
}

#[test]
fn permissions_are_found_by_resource_and_only_those_offered_that_may_be_given() {
    const CATALOGUE: &str = "scopes:
  - {name: 'orders:read', description: See a shop's orders, group: Orders}
  - {name: 'orders:write', description: Place orders, group: Orders}
  - {name: 'orders:old', description: Gone soon, group: Orders, deprecated: true}
  - {name: 'stock:read', description: See stock}
";
    for grants in ["any", "subset"] {
        let place = Workplace::with_tenant();
        place.write("neokeys.yml", CATALOGUE);
        let variables = [("NEOKEYS_AUTH__GRANTS", grants)];
        Server::start_in(place, &variables, &["--dev"]).visit("console/permissions.mjs", &[grants]);
    }
}

#[test]
fn ten_thousand_keys_are_found_filtered_and_sorted_a_hundred_rows_at_a_time() {
    let mut document = "apiKeys:\n".to_owned();
    for number in 0..10_000 {
        let (enabled, owner) = (number % 10 != 0, number / 10 % 10);
        writeln!(
            document,
            "  - name: key-{number:05}\n    enabled: {enabled}\n    permissions: [orders:read, stock:{}]\n    \
             hash: {number:064x}\n    owner: team-{owner}",
            number % 50
        )
        .unwrap();
    }
    let place = Workplace::with_tenant();
    place.write("data/demo/security.yml", &document);
    let report = programs::folder("target/browser/console-times.json");
    let server = Server::start_in(place, &[], &["--dev"]);
    server.visit("console/many_keys.mjs", &[report.to_str().unwrap()]);
}

#[test]
fn a_stale_page_overwrites_nothing_and_shows_what_changed() {
    beside_another("stale.mjs");
}

#[test]
fn a_session_that_ends_in_a_dialog_loses_nothing() {
    beside_another("session_ends.mjs");
}

#[test]
fn a_lost_answer_is_told_as_what_it_is() {
    let public = format!("http://127.0.0.1:{}", programs::free_port());
    let mut server = Server::start_with(&[("NEOKEYS_PUBLIC_URL", &public)], &["--dev"]);
    let (token, process) = (server.token(), server.process_id());
    let address = server.server.address().to_owned();
    server.origin = public;
    server.visit("console/lost_answers.mjs", &[&token, &address, &process]);
}

/// With spaces in what is pasted, presses that come twice, the back button in dialogs, and two tabs.
#[test]
fn a_reader_in_a_hurry_breaks_nothing() {
    beside_another("in_a_hurry.mjs");
}

#[test]
fn a_hostile_text_is_a_text() {
    beside_another("hostile_texts.mjs");
}

#[test]
fn the_audit_log_is_filtered_exported_and_held_against_its_head() {
    beside_another("audit.mjs");
}

#[test]
fn the_tenants_are_those_of_the_credential() {
    serve().visit("console/tenants.mjs", &[]);
}

#[test]
fn every_action_is_a_command_that_does_it() {
    beside_another("as_curl.mjs");
}

#[test]
fn whoever_signs_in_at_a_provider_stays_signed_in_by_rotating_tokens_until_they_are_revoked() {
    let mut provider = Running::start(&mut programs::node("tests/browser", "console/provider.mjs"));
    let (issuer, control) = (provider.says("issuer:"), provider.says("control:"));
    let issuers = format!("[{{issuer: '{issuer}', audience: 'https://neokeys.test/api/'}}]");
    let server = Server::start_with(&[("NEOKEYS_AUTH__BEARER__ISSUERS", &issuers)], &[]);
    server.visit("console/sign_in.mjs", &[&issuer, &control]);
}

/// With `UPDATE_PICTURES=1` the README's pictures are made anew.
#[test]
fn the_console_looks_as_the_readme_shows_it() {
    for scheme in ["light", "dark"] {
        let mut server = serve();
        let token = server.token();
        let committed = programs::folder(&format!("docs/console-{scheme}.png"));
        server.visit("console/picture.mjs", &[&token, scheme, committed.to_str().unwrap()]);
    }
}
