//! The life of a key on the command line: ends, rotation, networks and texts for people.

use serde_json::{Value, json};

use neokeys_testkit::workplace::{Run, Workplace};

const FAR: &str = "2999-01-01T00:00:00Z";

/// `neokeys keys` on the tenant `demo`.
fn keys(place: &Workplace, arguments: &[&str]) -> Run {
    place.run(&[&["keys"], arguments, &["--tenant", "demo"]].concat())
}

fn shown(place: &Workplace, name: &str) -> Value {
    keys(place, &["get", name, "--json"]).json()
}

#[test]
fn a_rotated_key_has_both_tokens_until_the_overlap_is_ended() {
    let place = Workplace::with_tenant();
    keys(&place, &["create", "crm", "--permission", "x"]).done();
    let rotated = keys(&place, &["rotate", "crm", "--overlap", "24h", "--expires-in", "90d"]);
    assert!(rotated.remarks.contains("crm") && rotated.remarks.contains("only once"));
    let token = rotated.done();
    assert!(token.starts_with("nsk_") && token.lines().count() == 1, "{token}");
    let key = shown(&place, "crm");
    assert_eq!(key["previousTokens"].as_array().unwrap().len(), 1, "{key}");
    assert!(key["rotatedAt"].is_string() && key["expiresAt"].is_string(), "{key}");
    let file = place.read("data/demo/security.yml");
    assert!(file.contains("previousHashes:") && !file.contains(token.trim_end()), "{file}");
    let ended = keys(&place, &["end-overlap", "crm"]);
    assert!(ended.remarks.contains("newest token"), "{ended:?}");
    assert_eq!(ended.done(), "");
    assert!(shown(&place, "crm").get("previousTokens").is_none());
    // A leak: nothing is kept of the old one.
    keys(&place, &["rotate", "crm", "--overlap", "0", "--never"]).done();
    let key = shown(&place, "crm");
    assert!(key.get("previousTokens").is_none() && key.get("expiresAt").is_none(), "{key}");
    assert!(!place.read("data/demo/security.yml").contains("previousHashes"));
    for _ in 0..4 {
        keys(&place, &["rotate", "crm", "--overlap", "1h"]).done();
    }
    let fifth = keys(&place, &["rotate", "crm", "--overlap", "1h"]).refused(1);
    assert!(fifth.contains("older tokens") && fifth.contains("end-overlap"), "{fifth}");
}

#[test]
fn details_are_given_changed_and_taken_away() {
    let place = Workplace::with_tenant();
    let create = [
        "create",
        "crm",
        "--permission",
        "x",
        "--expires-at",
        FAR,
        "--allow-ip",
        "10.0.0.0/8",
        "--allow-ip",
        "::1",
        "--description",
        "CRM",
        "--owner",
        "sales",
        "--label",
        "env=prod",
        "--label",
        "team=a",
    ];
    keys(&place, &create).done();
    let mut key = shown(&place, "crm");
    let made = key.as_object_mut().unwrap().remove("createdAt");
    assert!(made.is_some());
    assert_eq!(
        key,
        json!({
            "name": "crm", "enabled": true, "permissions": ["x"], "status": "active",
            "expiresAt": FAR, "allowedIps": ["10.0.0.0/8", "::1"], "description": "CRM",
            "owner": "sales", "labels": {"env": "prod", "team": "a"},
        })
    );
    let limit = [
        "limit",
        "crm",
        "--never",
        "--allow-any-ip",
        "--owner",
        "",
        "--label",
        "team=",
        "--label",
        "tier=1",
    ];
    keys(&place, &limit).done();
    let mut key = shown(&place, "crm");
    assert_eq!(key.as_object_mut().unwrap().remove("createdAt"), made);
    assert_eq!(
        key,
        json!({
            "name": "crm", "enabled": true, "permissions": ["x"], "status": "active",
            "description": "CRM", "labels": {"env": "prod", "tier": "1"},
        })
    );
}

#[test]
fn a_list_says_what_ends_and_takes_filters() {
    let place = Workplace::with_tenant();
    keys(&place, &["create", "forever", "--permission", "x"]).done();
    keys(&place, &["create", "later", "--permission", "y", "--expires-at", FAR]).done();
    keys(&place, &["create", "soon", "--permission", "x", "--expires-in", "7d"]).done();
    keys(&place, &["create", "over", "--permission", "x", "--expires-at", "2001-01-01T00:00:00Z"])
        .done();
    keys(&place, &["create", "off", "--permission", "x", "--disabled"]).done();
    let table = keys(&place, &["list"]).done();
    assert!(
        table.starts_with("NAME     STATUS    EXPIRES               LAST USED  PERMISSIONS\n"),
        "{table}"
    );
    for line in [
        "forever  active    never                 -          x",
        "later    active    2999-01-01T00:00:00Z  -          y",
        "over     expired   2001-01-01T00:00:00Z  -          x",
        "off      disabled  never                 -          x",
    ] {
        assert!(table.contains(line), "{table}");
    }
    let names = |arguments: &[&str]| {
        let list = keys(&place, &[&["list", "--json"], arguments].concat()).json();
        let names = list.as_array().unwrap().iter();
        names.map(|key| key["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--status", "active"]), ["forever", "later", "soon"]);
    assert_eq!(names(&["--expires-before", "14d"]), ["soon", "over"]);
    assert_eq!(names(&["--expires-before", "3000-01-01T00:00:00Z"]), ["later", "soon", "over"]);
    assert_eq!(names(&["--expires-before", "6d", "--status", "expired"]), ["over"]);
    let rotate = keys(&place, &["rotate", "over", "--overlap", "1h"]).refused(1);
    assert!(rotate.contains("expired at 2001-01-01T00:00:00Z"), "{rotate}");
}

#[test]
fn what_is_not_understood_changes_nothing() {
    let place = Workplace::with_tenant();
    keys(&place, &["create", "crm", "--permission", "x"]).done();
    let before = place.read("data/demo/security.yml");
    for (arguments, word) in [
        (&["rotate", "crm"][..], "--overlap"),
        (&["rotate", "crm", "--overlap", "24"], "24h or 90d"),
        (&["rotate", "crm", "--overlap", "1d", "--never", "--expires-in", "1d"], "cannot be used"),
        (&["limit", "crm"], "--expires-in 90d"),
        (&["limit", "crm", "--expires-in", "0d"], "24h or 90d"),
        (&["limit", "crm", "--expires-at", "2027-01-01"], "offset"),
        (&["limit", "crm", "--allow-ip", "10.0.0.1/8"], "10.0.0.0/8"),
        (&["limit", "crm", "--allow-ip", "::1", "--allow-any-ip"], "cannot be used"),
        (&["limit", "crm", "--label", "env"], "KEY=VALUE"),
        (&["limit", "crm", "--label", "a b=c"], "a b"),
        (&["limit", "crm", "--owner", "a\u{1}b"], "control"),
        (&["list", "--status", "ended"], "active, disabled or expired"),
        (&["list", "--expires-before", "soon"], "offset"),
    ] {
        let told = keys(&place, arguments).refused(2);
        assert!(told.contains(word), "{arguments:?}: {told}");
    }
    for arguments in [&["rotate", "nobody", "--overlap", "0"][..], &["end-overlap", "nobody"]] {
        assert!(keys(&place, arguments).refused(1).contains("no key of this name"));
    }
    assert_eq!(place.read("data/demo/security.yml"), before);
}
