//! The policy on how long keys last, on the command line.

use neokeys::domain::Digest;
use neokeys_testkit::workplace::{Run, Workplace};

const POLICY: &str = "keys: { default_lifetime: 90d, max_lifetime: 365d, max_overlap: 7d }\n";

/// `neokeys keys` on the tenant `demo`.
fn keys(place: &Workplace, arguments: &[&str]) -> Run {
    place.run(&[&["keys"], arguments, &["--tenant", "demo"]].concat())
}

fn ends(place: &Workplace, name: &str) -> bool {
    keys(place, &["get", name, "--json"]).json().get("expiresAt").is_some()
}

#[test]
fn the_policy_binds_what_the_command_line_makes_and_changes() {
    let place = Workplace::with_tenant();
    keys(&place, &["create", "old", "--permission", "x"]).done();
    place.write("neokeys.yml", POLICY);
    keys(&place, &["create", "crm", "--permission", "x"]).done();
    assert!(ends(&place, "crm"));
    for arguments in [
        &["create", "b", "--permission", "x", "--never"][..],
        &["create", "b", "--permission", "x", "--expires-in", "366d"],
        &["limit", "crm", "--never"],
        &["limit", "old", "--expires-at", "2999-01-01T00:00:00Z"],
        &["rotate", "crm", "--overlap", "0", "--never"],
    ] {
        let told = keys(&place, arguments).refused(1);
        assert!(told.contains("keys.max_lifetime"), "{arguments:?}: {told}");
    }
    let told = keys(&place, &["rotate", "crm", "--overlap", "8d"]).refused(1);
    assert!(told.contains("keys.max_overlap") && told.contains("604800"), "{told}");
    // A key that exists stays as it is, until its end is named or it gets a new token.
    keys(&place, &["limit", "old", "--owner", "sales"]).done();
    assert!(!ends(&place, "old"));
    keys(&place, &["rotate", "old", "--overlap", "7d"]).done();
    assert!(ends(&place, "old"));
}

#[test]
fn a_check_tells_of_keys_beyond_the_policy_and_of_tokens_that_have_ended() {
    let place = Workplace::with_tenant();
    let hash = |text: &str| Digest::of(text.as_bytes()).to_hex();
    let entry =
        |name: &str, rest: &str| format!("  - name: {name}\n    hash: {}\n{rest}", hash(name));
    let previous = format!(
        "    previousHashes:\n      - {{ hash: {}, expiresAt: 2020-01-01T00:00:00Z }}\n",
        hash("older")
    );
    let limits = |end: &str| format!("    limits: {{ expiresAt: {end} }}\n");
    let text = [
        entry("never", ""),
        entry("late", &limits("9000-01-01T00:00:00Z")),
        entry("ended", &limits("2020-01-01T00:00:00Z")),
        entry("off", "    enabled: false\n"),
        entry("rotated", &(limits("2020-01-01T00:00:00Z") + &previous)),
    ];
    place.write("data/demo/security.yml", &format!("apiKeys:\n{}", text.concat()));
    let without = place.run(&["check"]).done();
    assert!(without.contains("the key rotated has older tokens that have expired: 1"), "{without}");
    assert!(!without.contains("max_lifetime") && without.contains("warning"), "{without}");
    place.write("neokeys.yml", POLICY);
    let told = place.run(&["check"]).done();
    assert!(told.contains("the key never never expires"), "{told}");
    assert!(told.contains("the key late expires at 9000-01-01T00:00:00Z"), "{told}");
    assert_eq!(told.matches("keys.max_lifetime").count(), 2, "{told}");
}

#[test]
fn a_default_beyond_the_maximum_is_refused_at_the_start() {
    let place = Workplace::with_tenant();
    place.write("neokeys.yml", "keys: { default_lifetime: 90d, max_lifetime: 30d }\n");
    for arguments in [&["serve", "--store", "file:data"][..], &["check"]] {
        let told = place.run(arguments).refused(2);
        assert!(told.contains("keys.default_lifetime is longer than keys.max_lifetime"), "{told}");
    }
    let variables = [("NEOKEYS_KEYS__MAX_LIFETIME", "90d")];
    place.run_with(&variables, &["check"]).done();
}

#[test]
fn a_change_is_done_though_nobody_knows_the_last_uses() {
    let place = Workplace::with_tenant();
    std::fs::create_dir_all(place.path("data/.neokeys/usage/demo")).unwrap();
    let token = keys(&place, &["create", "crm", "--permission", "x"]).done();
    assert!(token.starts_with("nsk_"), "{token}");
    assert!(keys(&place, &["rotate", "crm", "--overlap", "0"]).done().starts_with("nsk_"));
    keys(&place, &["limit", "crm", "--owner", "sales"]).done();
    keys(&place, &["update", "crm", "--enabled", "false", "--permission", "x"]).done();
    // Who asks is told that nobody knows, and is not shown a key as if it were unused.
    let told = keys(&place, &["get", "crm"]).refused(1);
    assert!(told.contains("last uses of the tenant's tokens cannot be read"), "{told}");
}

#[test]
fn a_check_tells_of_scopes_that_are_not_listed_where_the_deployment_looks_at_them() {
    let place = Workplace::with_tenant();
    for (name, scope) in [("a", "orders:read"), ("b", "order:read"), ("c", "stock"), ("d", "*")] {
        keys(&place, &["create", name, "--permission", scope]).done();
    }
    let listed = "list: [{ name: 'orders:read', description: See orders }]";
    for check in ["off", "warn", "refuse"] {
        place.write("neokeys.yml", &format!("scopes: {{ check: {check}, {listed} }}\n"));
        let told = place.run(&["check"]).done();
        if check == "off" {
            assert!(!told.contains("warning"), "{told}");
            continue;
        }
        assert_eq!(told.matches("warning").count(), 2, "{told}");
        assert!(
            told.contains("the key b has the permission order:read, which is not listed"),
            "{told}"
        );
        assert!(told.contains("or write orders:read if that is meant"), "{told}");
        assert!(told.contains("the key c has the permission stock, which is not listed"), "{told}");
    }
}
