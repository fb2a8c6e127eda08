use bytes::Bytes;

use super::editing::DocumentEditor;
use super::{Diagnostic, Document, is_blank};
use crate::domain::{ApiKey, Change, Digest, KeyName, Scopes};

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

fn parse(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

fn fault(text: &str) -> Diagnostic {
    Document::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap_err()
}

fn names(document: &Document) -> Vec<&str> {
    document.keyring().keys().iter().map(|key| key.name.as_str()).collect()
}

#[test]
fn an_entry_becomes_a_key() {
    let text = format!(
        "apiKeys:\n  - name: crm\n    enabled: false\n    permissions:\n      - a:read\n      - '*'\n    hash: {HASH} # note\n"
    );
    let document = parse(&text);
    let key = &document.keyring().keys()[0];
    assert_eq!(key.name.as_str(), "crm");
    assert!(!key.enabled);
    assert_eq!(key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), ["a:read", "*"]);
    assert_eq!(key.digest.to_hex(), HASH);
}

#[test]
fn what_may_be_left_out_has_a_meaning() {
    for text in [
        format!("apiKeys:\n- name: a\n  hash: {HASH}\n"),
        format!("apiKeys: [{{name: a, hash: {HASH}, permissions: []}}]"),
        format!("\u{feff}{{\"apiKeys\": [{{\"name\": \"a\", \"hash\": \"{HASH}\"}}]}}"),
    ] {
        let document = parse(&text);
        let key = &document.keyring().keys()[0];
        assert!(key.enabled, "{text}");
        assert_eq!(key.scopes.iter().count(), 0);
    }
}

#[test]
fn a_document_without_keys_is_one_without_keys() {
    for text in ["", "# nothing\n", "---\n", "roles:\n  - x\n", "apiKeys:\n", "apiKeys: []\n", "{}"]
    {
        assert!(names(&parse(text)).is_empty(), "{text:?}");
    }
}

#[test]
fn a_bad_entry_is_isolated_and_named_by_line() {
    for (entry, word) in [
        ("- enabled: true\n    hash: H", "no name"),
        ("- name: bad", "no hash"),
        ("- name: bad\n    hash: abc", "not a SHA-256"),
        ("- name: bad\n    hash:", "empty"),
        ("- name: bad\n    hash: [H]", "a list"),
        ("- name: 12\n    hash: H", "a number"),
        ("- name:\n    hash: H", "empty"),
        ("- name: a b\n    hash: H", "not allowed"),
        ("- name: ..\n    hash: H", "not allowed"),
        ("- name: bad\n    hash: H\n    enabled: yes", "a text"),
        ("- name: bad\n    hash: H\n    enabled: 'true'", "a text"),
        ("- name: bad\n    hash: H\n    enabled:", "empty"),
        ("- name: bad\n    hash: H\n    permissions: read", "a text"),
        ("- name: bad\n    hash: H\n    permissions: null", "empty"),
        ("- name: bad\n    hash: H\n    permissions: [a, 1]", "a number"),
        ("- name: bad\n    hash: H\n    permissions: ['a b']", "not allowed"),
        ("- name: bad\n    name: bad2\n    hash: H", "twice"),
        ("- name: bad\n    hash: H\n    more: {x: 1, x: 2}", "twice"),
        ("- just a text", "a text"),
        ("- [a, b]", "a list"),
        ("-", "empty"),
        ("- name: good\n    hash: H", "same name"),
    ] {
        let text = format!(
            "apiKeys:\n  - name: good0\n    hash: {HASH}\n  {}\n  - name: good\n    hash: {HASH}\n",
            entry.replace('H', HASH)
        );
        let document = parse(&text);
        let faulty = document.keyring().faulty_entries();
        assert_eq!(faulty[0].line, 4, "{entry}: {faulty:?}");
        assert!(faulty[0].fault.contains(word), "{entry}: {faulty:?}");
        assert!(!faulty[0].fault.contains(HASH));
        assert_eq!(names(&document).len(), 3 - faulty.len());
    }
}

#[test]
fn too_many_permissions_make_an_entry_faulty() {
    let many = |count| {
        let list: Vec<String> = (0..count).map(|index| format!("p{index}")).collect();
        parse(&format!("apiKeys: [{{name: a, hash: {HASH}, permissions: [{}]}}]", list.join(",")))
    };
    assert_eq!(names(&many(256)), ["a"]);
    assert!(names(&many(257)).is_empty());
}

#[test]
fn a_document_that_leaves_open_what_it_says_is_not_read() {
    for (text, line) in [
        ("apiKeys:\n  - name: [\n", 2),
        ("apiKeys: 5\n", 1),
        ("apiKeys: {a: b}\n", 1),
        ("- name: a\n", 1),
        ("just a text\n", 1),
        ("apiKeys: []\napiKeys: []\n", 2),
        ("roles:\n  a: 1\n  a: 2\n", 3),
        ("apiKeys: []\n---\napiKeys: []\n", 2),
        ("apiKeys:\n\t- name: a\n", 2),
        ("a: *nowhere\n", 1),
    ] {
        assert_eq!(fault(text).line, line, "{text:?}: {}", fault(text));
    }
    let error = Document::parse(Bytes::from_static(b"a: 1\nb: \xff\n")).unwrap_err();
    assert_eq!((error.line, error.column), (2, 4));
}

#[test]
fn aliases_and_merge_keys_are_read() {
    let text = format!(
        "x-off: &off {{enabled: false, permissions: &std [a, b]}}\napiKeys:\n  - <<: *off\n    name: merged\n    hash: {HASH}\n  - name: listed\n    permissions: *std\n    hash: {HASH}\n"
    );
    let document = parse(&text);
    assert_eq!(names(&document), ["merged", "listed"]);
    let keys = document.keyring().keys();
    assert!(!keys[0].enabled && keys[1].enabled);
    assert!(keys[0].scopes.grant("b") && keys[1].scopes.grant("b"));
}

#[test]
fn a_merge_key_that_merges_itself_ends() {
    let text = format!("apiKeys:\n  - &a\n    <<: *a\n    name: x\n    hash: {HASH}\n");
    assert_eq!(parse(&text).keyring().faulty_entries()[0].line, 3);
}

#[test]
fn bombs_cost_little() {
    // What a bomb costs where nothing bounds it has no end.
    let (read, all) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut aliases = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..30 {
            let list = vec![format!("*a{}", level - 1); 10].join(",");
            aliases.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        parse(&aliases);
        fault(&"[".repeat(200_000));
        fault(&"{".repeat(200_000));
        fault(&"- ".repeat(100_000));
        fault(&format!("a: [{}]", "*x,".repeat(20_000)));
        read.send(()).unwrap();
    });
    all.recv_timeout(std::time::Duration::from_secs(120)).expect("the bombs are still being read");
}

#[test]
fn two_entries_of_one_hash_are_keys_and_a_fault() {
    let text = format!("apiKeys:\n- name: a\n  hash: {HASH}\n- name: b\n  hash: {HASH}\n");
    assert_eq!(names(&parse(&text)), ["a", "b"]);
    let remarks = Document::check(text.as_bytes(), None).unwrap();
    assert_eq!(remarks.faults.len(), 1);
    assert_eq!(remarks.faults[0].line, 4);
    assert!(remarks.warnings.is_empty());
}

#[test]
fn blank_is_what_an_editor_leaves_before_it_writes() {
    assert!(is_blank(b"") && is_blank(b"\xef\xbb\xbf") && is_blank(b" \r\n\n"));
    assert!(!is_blank(b"# a comment"));
}

#[test]
fn a_text_that_keeps_its_blank_lines_gets_none_from_a_new_neighbour() {
    for header in ["|+", ">+ # kept", "|2+"] {
        let text = format!(
            "apiKeys:\n  - name: a\n    hash: {HASH}\n\n  - name: b\n    hash: {HASH}\n    note: {header}\n      kept\n"
        );
        let key = ApiKey::new(
            KeyName::parse("c").unwrap(),
            true,
            Scopes::parse(&["p"]).unwrap(),
            Digest::of(b"c"),
        );
        let mut draft = DocumentEditor::of(&parse(&text));
        draft.make(&Change::Inserted(std::sync::Arc::new(key))).unwrap();
        let after = draft.finish().unwrap();
        let after = std::str::from_utf8(after.bytes()).unwrap();
        assert!(after.contains("      kept\n  - name: c\n"), "{after}");
    }
}

#[test]
fn a_repeated_name_is_not_told_since_it_may_be_a_hash() {
    let told = fault(&format!("{HASH}: 1\n{HASH}: 2\n"));
    assert!(!format!("{told:?}").contains(HASH), "{told:?}");
    assert_eq!(told.line, 2);
}

/// The reader of YAML takes carriage returns alone for ends of lines, and says of a text made of them that
/// it ends behind where the next entry begins.
#[test]
fn entries_whose_lines_cannot_be_told_apart_are_read_and_not_edited() {
    let returns = "\r".repeat(21);
    let text = format!(
        "apiKeys:\n  - name: a\n  - name:\n  - name: {returns}\n  - name: b\n    note: |\n     \
         {returns}\n  - name: b\n    permissions: [x]\n"
    );
    let key = ApiKey::new(
        KeyName::parse("c").unwrap(),
        true,
        Scopes::parse(&["a:read"]).unwrap(),
        Digest::of(b"c"),
    );
    let mut editor = DocumentEditor::of(&parse(&text));
    let refused = editor.make(&Change::Inserted(std::sync::Arc::new(key))).unwrap_err();
    assert_eq!(refused.reason, "the entries are not on lines of their own");
}
