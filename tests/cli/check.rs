//! `neokeys check`: what it names, where, and what it makes of the entry.

use serde_json::Value;

use neokeys_testkit::workplace::Workplace;

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

/// The findings for a document, and the names of its keys.
fn judged(text: &str) -> (Vec<Value>, Vec<String>) {
    let place = Workplace::with_tenant();
    place.write("data/demo/security.yml", &text.replace("H!", HASH));
    let run = place.run(&["check", "--json"]);
    let findings: Vec<Value> = serde_json::from_str(&run.results).unwrap();
    let is_bad = findings.iter().any(|finding| finding["severity"] == "error");
    assert_eq!(run.exit_code, i32::from(is_bad), "{text}{findings:?}");
    let listed = place.run(&["keys", "list", "--tenant", "demo", "--json"]);
    let keys: Vec<Value> = serde_json::from_str(&listed.results).unwrap_or_default();
    (findings, keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect())
}

/// Holds the one finding for a document against its place, severity and a word of it.
fn demand(text: &str, place: (u64, u64), severity: &str, words: &[&str]) -> Vec<String> {
    let (findings, keys) = judged(text);
    let [finding] = findings.as_slice() else { panic!("{text}\n{findings:#?}") };
    assert_eq!(finding["line"], place.0, "{text}\n{finding:#}");
    assert_eq!(finding["column"], place.1, "{text}\n{finding:#}");
    assert_eq!(finding["severity"], severity, "{text}\n{finding:#}");
    let told = format!("{} {}", finding["fault"], finding["hint"]);
    for word in words {
        assert!(told.contains(word), "{word} is not in {told}\n{text}");
    }
    keys
}

#[test]
fn what_could_fail_open_is_no_key_and_named() {
    for (member, words) in [
        ("Enabled: false", ["\\\"Enabled\\\" is not enabled", "enabled: false"]),
        ("enable: false", ["\\\"enable\\\" is not enabled", "enabled: false"]),
        ("disabled: true", ["\\\"disabled\\\" is not enabled", "enabled: false"]),
        ("\"enabled \": false", ["\\\"enabled \\\" is not enabled", "enabled: false"]),
        ("\u{a0}enabled: false", ["\\\\u{a0}enabled", "enabled: false"]),
        ("ena\u{200b}bled: false", ["ena\\\\u{200b}bled", "enabled: false"]),
        ("enabeld: false", ["enabeld", "enabled: false"]),
        ("Is-Active: no", ["Is-Active", "enabled: false"]),
        ("expiresAt: 2026-12-31", ["expiresAt", "expiry"]),
        ("Expires_At: 2026-12-31", ["Expires_At", "expiry"]),
        ("Limits: {expiresAt: 2026-12-31T00:00:00Z}", ["Limits", "limit"]),
        ("rateLimit: 5", ["rateLimit", "limit"]),
        ("allowed-ips: [10.0.0.0/8]", ["allowed-ips", "everywhere"]),
        ("!mine enabled: false", ["enabled", "tag"]),
    ] {
        let text = format!("apiKeys:\n  - name: a\n    hash: H!\n    {member}\n");
        let column = if member.starts_with('!') { 11 } else { 5 };
        let keys = demand(&text, (4, column), "error", &words);
        assert!(keys.is_empty(), "{text}");
    }
    // In a mapping that is merged, and beside the right one.
    let text = "off: &off {Disabled: true}\napiKeys:\n  - <<: *off\n    name: a\n    enabled: true\n    hash: H!\n";
    assert!(demand(text, (1, 12), "error", &["Disabled"]).is_empty());
}

#[test]
fn what_can_only_fail_closed_is_a_warning_and_peoples_own_members_are_theirs() {
    for (member, word) in [
        ("permission: [x]", "permissions"),
        ("Permissions: [x]", "permissions"),
        ("scopes: [x]", "permissions"),
        ("Name: b", "name"),
        ("hahs: x", "hash"),
    ] {
        let text = format!("apiKeys:\n  - name: a\n    hash: H!\n    {member}\n");
        assert_eq!(demand(&text, (4, 5), "warning", &[word]), ["a"]);
    }
    let own = "apiKeys:\n  - name: a\n    hash: H!\n    permissions: [x]\n    note: x\n    owner: me\n    team: x\n    scopes: x\n    createdAt: 2026-01-01T00:00:00Z\n    labels: {enable: x}\n";
    assert_eq!(judged(own), (Vec::new(), vec!["a".to_owned()]));
}

#[test]
fn files_that_are_something_else_are_named_as_what_they_are() {
    for (text, place, severity, words) in [
        ("$ANSIBLE_VAULT;1.1;AES256\n3136\n", (1, 1), "error", ["ansible-vault", "decrypt"]),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nx\n", (1, 1), "error", ["age", "decrypt"]),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  security.yml: |\n    apiKeys: []\n",
            (2, 1),
            "error",
            ["Kubernetes manifest (ConfigMap)", "left margin"],
        ),
        (
            "security:\n  apiKeys:\n    - name: a\n      hash: H!\n",
            (2, 3),
            "error",
            ["inside security", "left margin"],
        ),
        ("app:\n  x:\n    apiKeys: []\n", (3, 5), "error", ["inside app", "left margin"]),
        (
            "roles: x\ntenants:\n  - id: t\n    apiKeys: []\n",
            (4, 5),
            "error",
            ["inside tenants", "left margin"],
        ),
        ("roles:\n  - x\n", (1, 1), "warning", ["no section apiKeys", "apiKeys:"]),
        (
            "version: https://git-lfs.github.com/spec/v1\noid: sha256:00\nsize: 1\n",
            (1, 1),
            "error",
            ["Git LFS", "git lfs pull"],
        ),
        (
            "apiKeys:\n  - name: a\n    hash: H!\nsops:\n  mac: ENC[x]\n  lastmodified: x\n",
            (4, 1),
            "warning",
            ["SOPS", "decrypt"],
        ),
        ("apiKeys:\n\u{a0}\u{a0}- name: a\n", (2, 1), "error", ["not spaces", "plain spaces"]),
        (
            "apiKeys:\n  - name: a\n    hash: H!\n\u{a0}\u{a0}\u{a0}\u{a0}enabled: false\n",
            (4, 1),
            "error",
            ["not spaces", "U+00A0"],
        ),
        (
            "apiKeys:\n- name: a\n  hash: H!\nenabled: false\n",
            (4, 1),
            "warning",
            ["outside of every entry", "indent"],
        ),
    ] {
        demand(text, place, severity, &words);
    }
}

#[test]
fn an_encrypted_file_tells_so_beside_what_its_entries_lack() {
    let text = "apiKeys:\n  - name: ENC[AES256_GCM,data:x]\n    hash: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[x]\n";
    let (findings, keys) = judged(text);
    assert!(keys.is_empty());
    assert!(findings.iter().any(|finding| finding["fault"].as_str().unwrap().contains("SOPS")));
    let place = Workplace::with_tenant();
    place.write("data/demo/security.yml", text);
    let create = ["keys", "create", "--tenant", "demo", "new", "--permission", "x"];
    assert!(place.run(&create).refused(1).contains("SOPS"));
    assert_eq!(place.read("data/demo/security.yml"), text);
}

#[test]
fn faults_of_yaml_are_told_with_a_hint() {
    for (text, place, words) in [
        (
            "apiKeys:\n  - name: a\n    permissions:\n      - *\n    hash: H!\n",
            (4, 9),
            ["without quotes", "'*'"],
        ),
        ("apiKeys: [{name: a, permissions: [*], hash: H!}]\n", (1, 35), ["without quotes", "'*'"]),
        ("apiKeys:\n\t- name: a\n", (2, 1), ["tab", "spaces"]),
        ("apiKeys:\n  - name: a\n  \thash: H!\n", (3, 3), ["tab", "spaces"]),
        (
            "apiKeys:\n<<<<<<< HEAD\n  - name: a\n    hash: H!\n=======\n  - name: b\n    hash: H!\n>>>>>>> theirs\n",
            (2, 1),
            ["conflict markers", "settle the merge"],
        ),
        (
            "apiKeys:\n  - name: a\n    hash: H!\n||||||| base\n=======\n>>>>>>> theirs\n",
            (4, 1),
            ["conflict markers", "settle the merge"],
        ),
        ("apiKeys:\n{{- range .keys }}\n  - name: a\n", (2, 1), ["placeholder", "rendered"]),
        ("apiKeys:\n  - name: @a\n    hash: H!\n", (2, 11), ["cannot start", "quotes"]),
        ("apiKeys:\n\u{a0} - name: a\n   hash: H!\n", (2, 1), ["not spaces", "plain spaces"]),
    ] {
        assert!(demand(text, place, "error", &words).is_empty());
    }
}

#[test]
fn a_file_over_the_limit_is_told_with_the_setting() {
    let place = Workplace::with_tenant();
    place.write("data/demo/security.yml", &format!("# {}\n", "x".repeat((16 << 20) + 1)));
    let run = place.run(&["check"]);
    assert_eq!(run.exit_code, 1);
    assert!(run.results.contains("limits.document"), "{}", run.results);
}

#[test]
fn tags_of_the_core_schema_mean_what_they_say() {
    let tagged = "!!map\n!!str \"apiKeys\": !!seq\n- !!map\n  !!str \"name\": !!str \"a\"\n  !!str \"enabled\": !!bool \"true\"\n  !!str \"hash\": !!str \"H!\"\n  !!str \"permissions\": !!seq\n  - !!str \"x\"\n";
    assert_eq!(judged(tagged), (Vec::new(), vec!["a".to_owned()]));
    for (entry, names) in [
        ("{name: ! 456, hash: H!}", vec!["456"]),
        ("{name: a, hash: H!, enabled: !<tag:yaml.org,2002:bool> 'true'}", vec!["a"]),
        ("{name: a, hash: H!, permissions: [!!int \"5\"]}", vec![]),
        ("{name: a, hash: H!, permissions: !!null \"\"}", vec![]),
        ("{name: !!int \"12\", hash: H!}", vec![]),
        ("{name: a, hash: H!, enabled: !!bool maybe}", vec![]),
        ("{name: a, hash: H!, enabled: ! true}", vec![]),
        ("{name: a, hash: H!, enabled: !mine true}", vec![]),
        ("!mine {name: a, hash: H!}", vec![]),
    ] {
        let (findings, keys) = judged(&format!("apiKeys: [{entry}]\n"));
        assert_eq!(keys, names, "{entry}");
        assert_eq!(findings.is_empty(), !names.is_empty(), "{entry} {findings:?}");
    }
    assert_eq!(judged("apiKeys: !!null \"\"\n"), (Vec::new(), Vec::new()));
}

#[test]
fn a_token_of_two_entries_is_an_error_also_where_it_is_an_older_one() {
    let text = "apiKeys:\n  - name: a\n    hash: H!\n  - name: b\n    hash: H!\n";
    let keys = demand(text, (4, 5), "error", &["line 2", "same token"]);
    assert_eq!(keys, ["a", "b"]);
    let other = HASH.replace('5', "6");
    let text = format!(
        "apiKeys:\n  - name: a\n    hash: H!\n  - name: b\n    hash: {other}\n    \
         previousHashes:\n      - {{ hash: H!, expiresAt: 2027-02-24T21:00:00Z }}\n"
    );
    demand(&text, (4, 5), "error", &["line 2", "same token"]);
}

#[test]
fn limits_that_cannot_be_kept_are_named_where_they_stand() {
    for (member, column, words) in [
        ("limits: { rate: 5 }", 15, ["rate", "expiresAt and allowedIps"]),
        ("limits: { expiresAt: 2027-02-24 }", 26, ["expiresAt", "offset"]),
        ("limits: { allowedIps: [10.0.0.1/8] }", 28, ["address", "write 10.0.0.0/8"]),
    ] {
        let text = format!("apiKeys:\n  - name: a\n    hash: H!\n    {member}\n");
        let keys = demand(&text, (4, column), "error", &words);
        assert!(keys.is_empty(), "{keys:?}");
    }
}

#[test]
fn keys_that_end_soon_fail_a_check_that_asks_for_them() {
    let place = Workplace::with_tenant();
    let entry = |name: &str, rest: &str| {
        let hash = neokeys::domain::Digest::of(name.as_bytes()).to_hex();
        format!("  - name: {name}\n    hash: {hash}\n{rest}")
    };
    let text = [
        entry("far", "    limits: { expiresAt: 9000-01-01T00:00:00Z }\n"),
        entry("never", ""),
        entry("off", "    enabled: false\n    limits: { expiresAt: 2020-01-01T00:00:00Z }\n"),
    ];
    let far = format!("apiKeys:\n{}", text.concat());
    place.write("data/demo/security.yml", &far);
    let soon = ["check", "--expiring-within", "14d"];
    assert_eq!(place.run(&soon).exit_code, 0);
    let near = entry("near", "    limits: { expiresAt: 2020-01-01T00:00:00Z }\n");
    place.write("data/demo/security.yml", &(far + &near));
    assert_eq!(place.run(&["check"]).exit_code, 0);
    let told = place.run(&soon);
    assert_eq!(told.exit_code, 1);
    assert!(
        told.results.contains("the key near expires at 2020-01-01T00:00:00Z"),
        "{}",
        told.results
    );
    assert!(!told.results.contains("far") && !told.results.contains("off"), "{}", told.results);
    assert_eq!(place.run(&["check", "--expiring-within", "soon"]).exit_code, 2);
}
