//! `neokeys import`: exports of other stores, and tokens of theirs at the running service.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use neokeys_testkit::programs::node;
use neokeys_testkit::workplace::{Run, Workplace};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::serve::get;

const TOKEN: &str = "theirs_5e884898da28047151d0e56f8dc";

fn import(place: &Workplace, format: &str, more: &[&str]) -> Run {
    place.run(&[&["import", "--format", format, "export", "--tenant", "demo"][..], more].concat())
}

/// Whether the running service takes a token.
fn is_taken(place: &Workplace, token: &str) -> bool {
    let server = place.serve(&[]);
    let answer = get(server.address(), "/auth/demo?scope=x", &format!("X-API-KEY: {token}"));
    server.terminate();
    answer.starts_with("HTTP/1.1 200 ")
}

#[test]
fn a_token_of_another_store_goes_on_working() {
    let digest = Sha256::digest(TOKEN);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let unkey = json!([{
        "id": "key_1", "keyAuthId": "ks_1", "hash": STANDARD.encode(digest), "start": "theirs_5e",
        "name": "crm", "enabled": true, "expires": null, "permissions": ["x"], "remaining": 7,
    }]);
    let better_auth = json!([{
        "id": "1", "name": "crm", "start": "theirs", "key": URL_SAFE_NO_PAD.encode(digest),
        "userId": "ada", "enabled": 1, "expiresAt": "2999-01-01T00:00:00.000Z",
        "permissions": "{\"orders\":[\"read\"]}",
    }]);
    // crates.io keeps the 32 bytes, which PostgreSQL writes as hexadecimal digits behind \x.
    let csv = format!("name,hash,permissions\ncrm,{hex},x\n");
    for (format, export, more) in [
        ("unkey", unkey.to_string(), &[][..]),
        ("better-auth", better_auth.to_string(), &["--permission", "x"]),
        ("csv", csv, &[]),
    ] {
        let place = Workplace::with_tenant();
        place.write("export", &export);
        let planned = import(&place, format, &[&["--plan"], more].concat());
        assert_eq!(planned.exit_code, 0, "{planned:?}");
        assert!(planned.results.contains("create  crm"), "{planned:?}");
        assert!(!place.path("data/demo/security.yml").exists());
        let done = import(&place, format, &[&["--json"], more].concat());
        assert_eq!(done.remarks.contains("limits of use"), format == "unkey", "{done:?}");
        let said = format!("{planned:?}{done:?}");
        assert!(!said.contains(&hex) && !said.contains(&STANDARD.encode(digest)), "{said}");
        assert_eq!(done.json()[0]["created"], 1);
        let scopes = place.run(&["keys", "get", "crm", "--tenant", "demo", "--json"]).json();
        let own = if format == "better-auth" { "orders:read" } else { "x" };
        assert_eq!(scopes["permissions"], json!([own]));
        let permit = |permission| {
            let update = ["keys", "update", "crm", "--tenant", "demo", "--enabled", "true"];
            place.run(&[&update[..], &["--permission", permission]].concat()).done();
        };
        permit("x");
        assert!(is_taken(&place, TOKEN), "{format}");
        let before = place.read("data/demo/security.yml");
        permit(own);
        // A second time there is nothing to do.
        assert!(import(&place, format, more).done().contains("unchanged"));
        permit("x");
        assert_eq!(place.read("data/demo/security.yml"), before);
    }
}

#[test]
fn a_key_that_better_auth_made_goes_on_working() {
    let made = node("tests/cli/better_auth", "export.mjs").output().unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let (token, rows) = made.split_once('\n').unwrap();
    let place = Workplace::with_tenant();
    place.write("export", rows);
    let done = import(&place, "better-auth", &[]);
    assert!(done.remarks.contains("1 keys have limits of use"), "{done:?}");
    let key = place.run(&["keys", "get", "crm", "--tenant", "demo", "--json"]).json();
    assert_eq!((&key["permissions"], &key["status"]), (&json!(["orders:read"]), &json!("active")));
    assert!(key["expiresAt"].is_string() && key["owner"].is_string(), "{key}");
    let server = place.serve(&[]);
    for (scope, status) in [("orders:read", "200"), ("orders:write", "403")] {
        let path = format!("/auth/demo?scope={scope}");
        let answer = get(server.address(), &path, &format!("X-API-KEY: {token}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[test]
fn nothing_is_imported_unless_everything_can_be() {
    let place = Workplace::with_tenant();
    let hash = STANDARD.encode(Sha256::digest(TOKEN));
    place.write(
        "export",
        &format!("name,hash,permissions\ngood,{hash},x\nbad,SecretWord,x\n,{hash},x\n"),
    );
    let refused = import(&place, "csv", &[]);
    assert_eq!(refused.exit_code, 1, "{refused:?}");
    assert!(
        refused.results.contains("export:3:1") && refused.results.contains("export:4:1"),
        "{refused:?}"
    );
    assert!(
        !refused.results.contains("SecretWord") && !refused.results.contains(&hash),
        "{refused:?}"
    );
    // The same token for two keys.
    place.write("export", &format!("name,hash,permissions\na,{hash},x\nb,{hash},x\n"));
    let twice = import(&place, "csv", &[]);
    assert!(twice.results.contains("export:3:1") && twice.results.contains("key a"), "{twice:?}");
    assert!(!place.path("data/demo/security.yml").exists());
    place.write("export", &format!("name,hash\na,{hash}\n"));
    let without = import(&place, "csv", &[]);
    assert!(without.results.contains("--permission"), "{without:?}");
    import(&place, "kong", &[]).refused(2);
}
