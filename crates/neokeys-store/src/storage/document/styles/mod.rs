//! Revocation and other edits in every style that people write, byte by byte.

mod endings;
mod nulls;

use bytes::Bytes;

use super::{Document, DocumentEditor};
use crate::domain::{ApiKey, Digest, KeyName, KeyringEdit, Precondition, Scopes, Timestamp};

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
const OTHER: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// The text with `H` and `I` for two hashes.
fn with_hashes(text: &str) -> String {
    text.replace("H!", HASH).replace("I!", OTHER)
}

fn edit(words: &str) -> KeyringEdit {
    let words: Vec<&str> = words.split(' ').collect();
    let name = |name: &str| KeyName::parse(name).unwrap();
    let scopes = |list: &str| Scopes::parse(&list.split(',').collect::<Vec<_>>()).unwrap();
    match words.as_slice() {
        ["delete", key] => KeyringEdit::Delete { name: name(key) },
        ["update", key, enabled, list] => KeyringEdit::Update {
            name: name(key),
            enabled: *enabled == "true",
            scopes: scopes(list),
        },
        ["create", key, list] => KeyringEdit::Create(ApiKey::new(
            name(key),
            true,
            scopes(list),
            Digest::parse(OTHER).unwrap(),
        )),
        _ => panic!("no edit: {words:?}"),
    }
}

/// The text after an edit, or why it is refused. What comes out is read again, and holds what was
/// meant.
fn edited(before: &str, words: &str) -> Result<String, String> {
    let document = Document::parse(Bytes::from(with_hashes(before)))
        .unwrap_or_else(|fault| panic!("{fault}\n{before}"));
    let change = document
        .keyring()
        .judge(&edit(words), &Precondition::default(), Timestamp::EPOCH)
        .unwrap_or_else(|error| panic!("{error}\n{before}\n{:?}", document.keyring()));
    let mut draft = DocumentEditor::of(&document);
    draft.make(&change).map_err(|refused| format!("line {}: {}", refused.line, refused.reason))?;
    let after = draft.finish().unwrap();
    let read = Document::parse(after.bytes().clone()).unwrap();
    assert_eq!(read.keyring().keys(), document.keyring().apply(&change).keys());
    let after = String::from_utf8(after.bytes().to_vec()).unwrap();
    Ok(after.replace(HASH, "H!").replace(OTHER, "I!"))
}

fn demand(cases: &[(&str, &str, &str)]) {
    for (before, words, after) in cases {
        match edited(before, words) {
            Ok(found) => assert_eq!(found, *after, "{words} of\n{before}"),
            Err(refused) => panic!("{words}: {refused}\n{before}"),
        }
    }
}

#[test]
fn what_a_deletion_leaves_is_read_back() {
    demand(&[
        // A comment behind the comma that goes.
        (
            "apiKeys: [{name: a, hash: H!}, # about a\n  {name: b, hash: I!}]\n",
            "delete a",
            "apiKeys: [\n  {name: b, hash: I!}]\n",
        ),
        (
            "apiKeys: [{name: b, hash: I!}, {name: a, hash: H!}, # about a\n  # all\n  ]\n",
            "delete a",
            "apiKeys: [{name: b, hash: I!},\n  # all\n  ]\n",
        ),
        // A deeper comment behind an entry, after a text.
        (
            "apiKeys:\n  - name: a\n    hash: >-\n      H!\n  - name: b\n    hash: I!\n      # deeper\n  - name: c\n    hash: I!\n",
            "delete b",
            "apiKeys:\n  - name: a\n    hash: >-\n      H!\n  - name: c\n    hash: I!\n",
        ),
        (
            "apiKeys:\n  - hash: H!\n    name: >-\n      a\n  - name: b\n    hash: I!\n      # deeper\n\n      # and deeper\nother: x\n",
            "delete b",
            "apiKeys:\n  - hash: H!\n    name: >-\n      a\nother: x\n",
        ),
        (
            "apiKeys:\n- name: a\n  hash: H!\n  note: |\n    text\n- name: b\n  hash: I!\n    # deeper\n# not deeper\n",
            "delete b",
            "apiKeys:\n- name: a\n  hash: H!\n  note: |\n    text\n# not deeper\n",
        ),
        // Blank lines behind an entry, after a text that keeps them.
        (
            "apiKeys:\n  - name: a\n    hash: H!\n    note: |+\n      text\n  - name: b\n    hash: I!\n\n  - name: c\n    hash: I!\n",
            "delete b",
            "apiKeys:\n  - name: a\n    hash: H!\n    note: |+\n      text\n  - name: c\n    hash: I!\n",
        ),
        (
            "apiKeys:\n  - name: a\n    hash: H!\n    note: >+\n      text\n  - name: b\n    hash: I!\n\n\nother: x\n",
            "delete b",
            "apiKeys:\n  - name: a\n    hash: H!\n    note: >+\n      text\nother: x\n",
        ),
    ]);
}

#[test]
fn what_an_update_leaves_is_read_back() {
    demand(&[
        (
            "apiKeys:\n  - name: a\n    permissions:\n      - |-\n        x\n      - y\n        # deeper\n      - z\n    hash: H!\n",
            "update a true x,z",
            "apiKeys:\n  - name: a\n    permissions:\n      - |-\n        x\n      - z\n    hash: H!\n",
        ),
        (
            "apiKeys:\n  - name: a\n    permissions:\n      - >-\n        x\n      - y\n        # deeper\n    hash: H!\n",
            "update a true x",
            "apiKeys:\n  - name: a\n    permissions:\n      - >-\n        x\n    hash: H!\n",
        ),
    ]);
}

#[test]
fn a_key_is_revoked_in_every_style() {
    demand(&[
        // What stands elsewhere is referred to.
        (
            "std: &std [x]\napiKeys:\n  - name: a\n    permissions: *std\n    hash: H!\n",
            "delete a",
            "std: &std [x]\napiKeys: []\n",
        ),
        (
            "std: &std [x]\napiKeys:\n  - name: a\n    permissions: *std\n    hash: H!\n",
            "update a false x",
            "std: &std [x]\napiKeys:\n  - name: a\n    enabled: false\n    permissions: *std\n    hash: H!\n",
        ),
        (
            "std: &std [x]\napiKeys:\n  - name: a\n    permissions: *std\n    hash: H!\n",
            "update a true y1",
            "std: &std [x]\napiKeys:\n  - name: a\n    permissions: [y1]\n    hash: H!\n",
        ),
        (
            "on: &on true\napiKeys: [{name: a, enabled: *on, hash: H!, permissions: [x]}]\n",
            "update a false x",
            "on: &on true\napiKeys: [{name: a, enabled: false, hash: H!, permissions: [x]}]\n",
        ),
        // Merged members.
        (
            "base: &base {enabled: true, permissions: [x]}\napiKeys:\n  - <<: *base\n    name: a\n    hash: H!\n",
            "update a false x",
            "base: &base {enabled: true, permissions: [x]}\napiKeys:\n  - <<: *base\n    name: a\n    enabled: false\n    hash: H!\n",
        ),
        (
            "base: &base {name: a, hash: H!, permissions: [x]}\napiKeys:\n  - <<: *base\n",
            "update a false x",
            "base: &base {name: a, hash: H!, permissions: [x]}\napiKeys:\n  - <<: *base\n    enabled: false\n",
        ),
        (
            "base: &base {name: a, hash: H!, permissions: [x]}\napiKeys: [*base ]\n",
            "update a false x",
            "base: &base {name: a, hash: H!, permissions: [x]}\napiKeys: [{<<: *base , enabled: false} ]\n",
        ),
        (
            "base: &base {name: a, hash: H!, permissions: [x]}\napiKeys:\n  - *base\n  - name: b\n    hash: I!\n",
            "delete a",
            "base: &base {name: a, hash: H!, permissions: [x]}\napiKeys:\n  - name: b\n    hash: I!\n",
        ),
        // Anchors that nobody uses, and tags.
        (
            "apiKeys:\n  - &a\n    name: a\n    permissions: &p [x]\n    hash: H!\n",
            "update a false x",
            "apiKeys:\n  - &a\n    name: a\n    enabled: false\n    permissions: &p [x]\n    hash: H!\n",
        ),
        (
            "apiKeys:\n  - &a\n    name: &n a\n    hash: H!\n  - !!map\n    name: b\n    hash: I!\n",
            "delete a",
            "apiKeys:\n  - !!map\n    name: b\n    hash: I!\n",
        ),
        (
            "apiKeys: [!!map {name: a, hash: H!}, &b {name: b, hash: I!}]\n",
            "delete b",
            "apiKeys: [!!map {name: a, hash: H!}]\n",
        ),
        (
            "apiKeys: [!!map {name: a, hash: H!}, &b {name: b, hash: I!}]\n",
            "delete a",
            "apiKeys: [&b {name: b, hash: I!}]\n",
        ),
        (
            "apiKeys:\n  - !!map\n    !!str name: !!str a\n    !!str enabled: !!bool \"true\"\n    hash: !!str H!\n    permissions: !!seq [!!str x]\n",
            "update a false x",
            "apiKeys:\n  - !!map\n    !!str name: !!str a\n    !!str enabled: !!bool false\n    hash: !!str H!\n    permissions: !!seq [!!str x]\n",
        ),
        ("apiKeys: !!seq\n  - name: a\n    hash: H!\n", "delete a", "apiKeys: !!seq []\n"),
        ("apiKeys: &k # all\n  - name: a\n    hash: H!\n", "delete a", "apiKeys: &k [] # all\n"),
        (
            "%TAG !y! tag:yaml.org,2002:\n---\napiKeys:\n  - name: !y!str a\n    enabled: !y!bool 'true'\n    permissions: [x]\n    hash: H!\n",
            "update a false x",
            "%TAG !y! tag:yaml.org,2002:\n---\napiKeys:\n  - name: !y!str a\n    enabled: !y!bool false\n    permissions: [x]\n    hash: H!\n",
        ),
        // Lines that are shared, or ended otherwise.
        (
            "? apiKeys\n: - name: a\n    hash: H!\n  - name: b\n    hash: I!\n",
            "delete a",
            "? apiKeys\n: \n  - name: b\n    hash: I!\n",
        ),
        (
            "? apiKeys\n: - name: a\n    hash: H!\n  - name: b\n    hash: I!\n",
            "delete b",
            "? apiKeys\n: - name: a\n    hash: H!\n",
        ),
        ("? apiKeys\n: - name: a\n    hash: H!\n", "delete a", "? apiKeys\n: []\n"),
        ("? apiKeys\n:\n  - name: a\n    hash: H!\n", "delete a", "? apiKeys\n:\n  []\n"),
        (
            "? apiKeys\n: - name: a\n    permissions: [x]\n    hash: H!\n",
            "update a false x",
            "? apiKeys\n: - name: a\n    enabled: false\n    permissions: [x]\n    hash: H!\n",
        ),
        (
            "apiKeys: [{name: a, hash: H!} # A\n  , {name: b, hash: I!}]\n",
            "delete a",
            "apiKeys: [ # A\n   {name: b, hash: I!}]\n",
        ),
        (
            "apiKeys:\n  -\n    # about a\n    name: a\n    hash: H!\n  -   name: b\n      hash: I!\n",
            "delete a",
            "apiKeys:\n  -   name: b\n      hash: I!\n",
        ),
        (
            "apiKeys:\n  - ? name\n    : a\n    ? hash\n    : H!\n    permissions: [x]\n",
            "update a false x",
            "apiKeys:\n  - ? name\n    : a\n    enabled: false\n    ? hash\n    : H!\n    permissions: [x]\n",
        ),
    ]);
}

#[test]
fn what_is_referred_to_is_taken_out_by_hand() {
    for (before, words, line, lines) in [
        ("apiKeys:\n  - &a\n    name: a\n    hash: H!\ncopy: *a\n", "delete a", 2, "line 5"),
        ("apiKeys:\n  - &a\n    name: a\n    hash: H!\ncopy: *a\n", "delete a", 2, "lines 2 to 4"),
        (
            "apiKeys:\n  - &a {name: a, hash: H!}\ncopy: *a\n",
            "update a false x",
            2,
            "line 2 by hand",
        ),
        (
            "apiKeys: [{name: a, hash: H!, permissions: &p [x]},\n {name: b, hash: I!, permissions: *p}]\n",
            "delete a",
            1,
            "line 2",
        ),
        ("k: &k\n  - name: a\n    hash: H!\napiKeys: *k\n", "delete a", 2, "lines 2 to 3"),
        ("apiKeys: &k\n  - name: a\n    hash: H!\ncopy: *k\n", "delete a", 2, "lines 2 to 3"),
    ] {
        let refused = edited(before, words).unwrap_err();
        assert!(refused.starts_with(&format!("line {line}: ")), "{refused}");
        assert!(refused.contains(lines) && refused.contains("by hand"), "{refused}");
    }
}

#[test]
fn permissions_that_move_keep_their_comments() {
    demand(&[
        (
            "apiKeys:\n  - name: a\n    permissions:\n      - x # X\n      - 'y' # Y\n      - z\n    hash: H!\n",
            "update a true z,y,x",
            "apiKeys:\n  - name: a\n    permissions:\n      - z\n      - 'y' # Y\n      - x # X\n    hash: H!\n",
        ),
        (
            "apiKeys:\n  - name: a\n    hash: H!\n    permissions:\n      - x # X\n      - \"y\" # Y",
            "update a true y,x",
            "apiKeys:\n  - name: a\n    hash: H!\n    permissions:\n      - \"y\" # Y\n      - x # X",
        ),
        (
            "apiKeys:\n  - name: a\n    permissions: [\n      x, # X\n      z, # Z\n    ]\n    hash: H!\n",
            "update a true z,x",
            "apiKeys:\n  - name: a\n    permissions: [\n      z, # Z\n      x, # X\n    ]\n    hash: H!\n",
        ),
    ]);
}

#[test]
fn a_document_with_a_seal_is_not_changed() {
    let text = "apiKeys:\n  - name: a\n    permissions: [x]\n    hash: H!\nsops:\n  mac: ENC[AES256_GCM,data:x]\n  version: 3.9.0\n";
    for words in ["create new x", "update a false x", "delete a"] {
        let refused = edited(text, words).unwrap_err();
        assert!(refused.starts_with("line 5: ") && refused.contains("SOPS"), "{refused}");
    }
    // A section of people's own that only has the name.
    assert!(edited("sops: [x]\napiKeys: []\n", "create new x").is_ok());
}

#[test]
fn a_batch_that_does_not_read_back_is_not_made() {
    let document =
        Document::parse(Bytes::from(with_hashes("apiKeys:\n- name: a\n  hash: H!\n"))).unwrap();
    let change = document
        .keyring()
        .judge(&edit("delete a"), &Precondition::default(), Timestamp::EPOCH)
        .unwrap();
    let mut draft = DocumentEditor::of(&document);
    draft.spoil(&change);
    assert!(draft.finish().is_none());
    let mut careful = DocumentEditor::careful(&document);
    careful.make(&change).unwrap();
    assert!(careful.finish().is_some_and(|after| after.keyring().keys().is_empty()));
}
