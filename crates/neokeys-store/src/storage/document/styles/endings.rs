//! How lines, documents and brackets end.

use bytes::Bytes;

use super::demand;
use crate::storage::document::Document;

#[test]
fn a_missing_last_line_ending_stays_missing() {
    demand(&[
        (
            "apiKeys:\n  - name: a\n    hash: H!\n  - name: b\n    hash: I!",
            "delete b",
            "apiKeys:\n  - name: a\n    hash: H!",
        ),
        ("apiKeys:\r\n- name: b\r\n  hash: I!", "delete b", "apiKeys: []"),
        (
            "apiKeys:\n- name: a\n  hash: H!\n  permissions:\n  - x\n  - y",
            "update a true x",
            "apiKeys:\n- name: a\n  hash: H!\n  permissions:\n  - x",
        ),
        // A text needs the line ending to be what it is.
        (
            "apiKeys:\n- name: a\n  hash: H!\n  note: |\n    text\n- name: b\n  hash: I!",
            "delete b",
            "apiKeys:\n- name: a\n  hash: H!\n  note: |\n    text\n",
        ),
    ]);
}

#[test]
fn a_text_that_ends_with_the_document_gains_no_line_ending() {
    let entry = "- name: new\n  enabled: true\n  permissions:\n    - x\n  hash: I!";
    for (before, after) in [
        ("note: |\n  text", "note: |-\n  text\nS"),
        ("note: >+ # kept\n  text", "note: >- # kept\n  text\nS"),
        ("note: |2+\n   text", "note: |2-\n   text\nS"),
        ("note: |-\n  text", "note: |-\n  text\nS"),
        ("note: |\n  text\n", "note: |\n  text\nS\n"),
        (
            "apiKeys:\n- name: a\n  hash: H!\n  note: |\n    text",
            "apiKeys:\n- name: a\n  hash: H!\n  note: |-\n    text\nE",
        ),
    ] {
        let section = format!("apiKeys:\n  {}", entry.replace('\n', "\n  "));
        let after = after.replace('S', &section).replace('E', entry);
        demand(&[(before, "create new x", &after)]);
    }
}

#[test]
fn a_closing_bracket_at_its_keys_column_is_read_and_edited() {
    demand(&[
        (
            "apiKeys: [\n  {name: a, hash: H!}, # A\n  {name: b, hash: I!},\n]\nother: {\n  x: 1\n}\n",
            "delete a",
            "apiKeys: [\n  {name: b, hash: I!},\n]\nother: {\n  x: 1\n}\n",
        ),
        (
            "roles:\n  list: [\n    x\n  ]\n  map: {\n    a: [\n      b\n    ]\n  }\napiKeys:\n  - {\n    name: a,\n    hash: H!,\n    permissions: [x]\n  }\n",
            "update a false x",
            "roles:\n  list: [\n    x\n  ]\n  map: {\n    a: [\n      b\n    ]\n  }\napiKeys:\n  - {\n    name: a, enabled: false,\n    hash: H!,\n    permissions: [x]\n  }\n",
        ),
        (
            "apiKeys: [\n]\n",
            "create new x",
            "apiKeys:\n  - name: new\n    enabled: true\n    permissions:\n      - x\n    hash: I!\n",
        ),
    ]);
    let text = "note: |\n  ]\n  }\napiKeys: [\n  {name: a, hash: H!}\n]\nlast: x\n";
    let after = "note: |\n  ]\n  }\napiKeys: []\nlast: x\n";
    demand(&[(text, "delete a", after)]);
}

#[test]
fn a_closing_bracket_further_to_the_left_is_a_fault() {
    for text in ["a:\n  b: [\n  1\n  ]\n", "a:\n  b: [\n    1\n]\n", "a: [\nb\n]\n", "- [\n]\n]\n"]
    {
        assert!(Document::parse(Bytes::from(text)).is_err(), "{text}");
    }
}

#[test]
fn lines_may_end_with_a_carriage_return_alone() {
    demand(&[(
        "apiKeys:\r- name: a\r  permissions: [x]\r  hash: H!\r- name: b\r  hash: I!\r",
        "delete a",
        "apiKeys:\r- name: b\r  hash: I!\r",
    )]);
}
