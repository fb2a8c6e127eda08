use crate::domain::{Digest, Patch, Scopes};

use super::{Export, Format};

const TOKEN: &str = "unkey_3ZSLk7t8example";

fn read(format: Format, text: &str) -> Result<Export, Vec<crate::storage::Diagnostic>> {
    Export::read(format, text.as_bytes(), None)
}

/// The hash of Unkey: Base64 of SHA-256.
fn unkey_hash() -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(TOKEN))
}

#[test]
fn rows_of_unkey_become_keys_that_are_what_they_were() {
    let hash = unkey_hash();
    let rows = format!(
        r#"[
  {{"id": "key_1", "hash": "{hash}", "name": "crm", "enabled": true, "expires": 4102444800000,
    "permissions": ["orders:read"], "ownerId": "sales"}},
  {{"id": "key_2", "hash": "{hash}", "name": "My first key", "enabled": 0, "permissions": ["a"],
    "remaining": 5}},
  {{"id": "key_3", "hash": "{hash}", "name": "crm", "permissions": ["a"], "expires": null}},
  {{"id": "key_4", "hash": "{hash}", "deletedAtM": 1}}
]"#
    );
    let export = read(Format::Unkey, &rows).unwrap();
    let names: Vec<_> = export.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["crm", "key_2", "key_3"]);
    assert_eq!((export.deleted, export.limited), (1, 1));
    assert_eq!(export.places, [(2, 3), (4, 3), (6, 3)]);
    let first = &export.keys[0];
    assert_eq!(first.digest, Some(Digest::of(TOKEN.as_bytes())));
    assert!(
        matches!(&first.expires_at, Patch::Set(end) if end.to_string() == "2100-01-01T00:00:00Z")
    );
    assert!(matches!(&first.owner, Patch::Set(owner) if owner.as_str() == "sales"));
    let second = &export.keys[1];
    assert_eq!(second.enabled, Some(false));
    assert!(matches!(&second.description, Patch::Set(it) if it.as_str() == "My first key"));
    assert_eq!(export.keys[2].expires_at, Patch::Remove);
}

#[test]
fn permissions_are_those_of_the_row_or_those_that_are_named() {
    let hash = unkey_hash();
    let row = |permissions: &str| {
        format!(
            r#"{{"id": "a", "key": "{}", {permissions} "userId": "u"}}"#,
            hash.trim_end_matches('=').replace('+', "-").replace('/', "_")
        )
    };
    let of = |permissions: &str, named: Option<&Scopes>| {
        let export = Export::read(Format::BetterAuth, row(permissions).as_bytes(), named).ok()?;
        Some(
            export.keys[0]
                .scopes
                .as_ref()?
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect::<Vec<_>>(),
        )
    };
    let told = |it: &[&str]| Some(it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
    assert_eq!(
        of(r#""permissions": "{\"orders\":[\"read\",\"write\"]}","#, None),
        told(&["orders:read", "orders:write"])
    );
    assert_eq!(of(r#""permissions": {"orders": ["read"]},"#, None), told(&["orders:read"]));
    assert_eq!(of(r#""permissions": "a b","#, None), told(&["a", "b"]));
    let named = Scopes::parse(&["x"]).unwrap();
    for none in ["", r#""permissions": null,"#, r#""permissions": "","#, r#""permissions": [],"#] {
        assert_eq!(of(none, None), None, "{none}");
        assert_eq!(of(none, Some(&named)), told(&["x"]), "{none}");
    }
    for faulty in [
        r#""permissions": [1],"#,
        r#""permissions": {"a": "b"},"#,
        r#""permissions": true,"#,
        r#""permissions": {"a b": ["c"]},"#,
    ] {
        assert_eq!(of(faulty, Some(&named)), None, "{faulty}");
    }
}

#[test]
fn every_fault_has_its_place_and_none_repeats_a_hash() {
    let hash = unkey_hash();
    for (format, text, place, told) in [
        (Format::Unkey, "[{\"name\": \"a\"}\n, 7]".to_owned(), (2, 3), "no object"),
        (Format::Unkey, "[{\"name\": \"a\"}]".to_owned(), (1, 2), "a has no hash"),
        (
            Format::Unkey,
            format!("[{{\"name\": 7, \"hash\": \"{hash}\"}}]"),
            (1, 2),
            "name cannot be read",
        ),
        (Format::Unkey, format!("{{\"name\": \"{hash}\""), (1, 55), "no JSON"),
        (
            Format::Unkey,
            "{\"name\":\"a\",\"hash\":\"SecretThatIsNone\",\"permissions\":[\"x\"]}".to_owned(),
            (1, 1),
            "no SHA-256",
        ),
        (
            Format::Unkey,
            format!("{{\"hash\":\"{hash}\",\"permissions\":[\"x\"]}}"),
            (1, 1),
            "no name",
        ),
        (Format::Csv, "name,secret\na,b\n".to_owned(), (1, 1), "no column \"secret\""),
        (
            Format::Csv,
            format!("name,hash,permissions\na,{hash},x\nb\n"),
            (3, 1),
            "number of fields",
        ),
        (
            Format::Csv,
            format!("name,hash,permissions\na,{hash},x\na,{hash},x\n"),
            (3, 1),
            "an earlier one",
        ),
        (
            Format::Csv,
            format!("name,hash,permissions,enabled\na,{hash},x,maybe\n"),
            (2, 1),
            "enabled",
        ),
        (
            Format::Csv,
            format!("name,hash,permissions,expiresAt\na,{hash},x,tomorrow\n"),
            (2, 1),
            "expiresAt",
        ),
    ] {
        let faults = read(format, &text).unwrap_err();
        let fault = &faults[0];
        assert!(fault.fault.contains(told), "{fault:?}");
        assert_eq!((fault.line, fault.column), place, "{fault:?}");
        assert!(!fault.fault.contains(&hash) && !fault.fault.contains("SecretThat"), "{fault:?}");
    }
    let good =
        format!("\u{feff}name,hash,permissions,enabled,owner\na,{hash},x y,false,\"Sales, us\"\n");
    let export = read(Format::Csv, &good).unwrap();
    assert_eq!((export.keys.len(), export.keys[0].enabled), (1, Some(false)));
    assert!(read(Format::Csv, "").unwrap().keys.is_empty());
    assert!(read(Format::BetterAuth, " \n").unwrap().keys.is_empty());
}
