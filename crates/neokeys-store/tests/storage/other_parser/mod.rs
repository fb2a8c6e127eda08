//! Edits held against another parser of YAML (libyaml, by PyYAML): what a document means before an
//! edit, changed as the edit says, is what it means afterwards, and no comment is lost.
//!
//! `NEOKEYS_EDITS` in the environment sets how many edits are made, `NEOKEYS_SEED` which ones.

mod life_edits;

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use neokeys_store::domain::{ApiKey, CommitError, KeyRepository as _, KeyringEdit};
use neokeys_store::storage::{DocumentRepository, DocumentStore, MemoryStore, Reading};
use serde_json::{Value, json};

use neokeys_testkit::documents::Writer;
use neokeys_testkit::programs::python;
use neokeys_testkit::seeded::Seeded;
use neokeys_testkit::tenants::{commit, delete, key, tenant, update};

use self::life_edits::random_life_edit;

/// Edits, where the environment does not say how many.
const EDITS: usize = 20_000;
/// Documents whose edits are made by one store.
const DOCUMENTS_OF_A_STORE: usize = 500;

fn from_environment(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// A program that judges cases from its standard input, with a number for each fault.
fn judge(cases: &str) -> Value {
    let mut judge = python()
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/storage/other_parser/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    judge.stdin.take().unwrap().write_all(cases.as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An edit of one of the keys there are, or of a new one, as the judge is told of it.
fn random_edit(random: &mut Seeded, keys: &[Arc<ApiKey>], number: usize) -> (KeyringEdit, Value) {
    let texts = ["a", "b:read", "*", "c", "d", "e", "new:write", "true"];
    let (first, count) = (random.below(texts.len()), 1 + random.below(4));
    let mut permissions: Vec<&str> =
        (0..count).map(|index| texts[(first + index) % texts.len()]).collect();
    if random.below(2) == 0 {
        permissions.reverse();
    }
    if keys.is_empty() || random.below(4) == 0 {
        let name = format!("new{number}");
        let told = json!({"create": name, "permissions": permissions});
        return (KeyringEdit::Create(key(&name, &permissions)), told);
    }
    let key = &keys[random.below(keys.len())];
    let name = key.name.as_str();
    match random.below(4) {
        0 => return (delete(name), json!({"delete": name})),
        1 | 2 => return random_life_edit(random, key, number),
        _ => {}
    }
    let enabled = random.below(2) == 0;
    let told = json!({"update": name, "enabled": enabled, "permissions": permissions});
    (update(name, enabled, &permissions), told)
}

/// Some edits of one document, one after another.
async fn edit_document(
    random: &mut Seeded,
    store: &DocumentRepository,
    documents: &MemoryStore,
    case: usize,
) -> Value {
    let (text, count) = Writer::new(&mut |bound| random.below(bound)).document();
    let t = tenant(&format!("t{case}"));
    documents.put(&t, text.clone().into_bytes());
    let mut steps = Vec::new();
    for number in 0..4 {
        let keyring =
            store.get_keyring(&t).await.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        let keys = keyring.keys();
        assert!(number > 0 || keys.len() == count, "{:?}\n{text}", keyring.faulty_entries());
        let (edit, told) = random_edit(random, keys, number);
        let after = match commit(store, &t, edit).await {
            Ok(_) => match documents.read(&t, None).await.unwrap() {
                Reading::Found(document) => {
                    Some(String::from_utf8(document.bytes.to_vec()).unwrap())
                }
                other => panic!("{other:?}"),
            },
            Err(CommitError::NotEditable { .. }) => None,
            Err(error) => panic!("{error:?}\n{text}"),
        };
        steps.push(json!({"edit": told, "after": after}));
    }
    json!({"before": text, "steps": steps})
}

#[tokio::test]
async fn edits_mean_to_another_parser_what_they_were_meant_to() {
    let edits = from_environment("NEOKEYS_EDITS").unwrap_or(EDITS);
    let seed = from_environment("NEOKEYS_SEED").unwrap_or(1);
    let mut random = Seeded::new(seed as u64);
    let mut cases = String::new();
    let (mut store, mut documents) = new_store();
    for case in 0..edits.div_ceil(4) {
        if case % DOCUMENTS_OF_A_STORE == 0 {
            (store, documents) = new_store();
        }
        let told = edit_document(&mut random, &store, &documents, case).await;
        cases.push_str(&format!("{told}\n"));
    }
    let verdict = judge(&cases);
    let faults = verdict["faults"].as_array().unwrap();
    for fault in faults.iter().take(5) {
        println!(
            "{}\n--- before\n{}\n--- after\n{}---",
            fault["fault"],
            text(&fault["before"]),
            text(&fault["after"])
        );
    }
    assert!(faults.is_empty(), "{} differences, with the seed {seed}", faults.len());
    assert_eq!(verdict["edits"], edits.div_ceil(4) * 4);
    assert_eq!(verdict["refused"], 0, "nothing refers to these entries");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn new_store() -> (DocumentRepository, Arc<MemoryStore>) {
    let documents = Arc::new(MemoryStore::new());
    (DocumentRepository::new(Arc::clone(&documents) as Arc<dyn DocumentStore>).unwrap(), documents)
}

#[test]
fn the_judge_sees_what_goes_wrong() {
    let before = "apiKeys: [{name: a, hash: x}, #M1\n {name: b, hash: x}]\n";
    for (after, fault) in [
        ("apiKeys: [{name: b, hash: x]\n", "not read"),
        ("apiKeys: [{name: b, hash: y}]\n", "another entry changed"),
        ("apiKeys: []\n", "there are 0 entries"),
        ("apiKeys: [{name: b, hash: x}]\nother: x\n", "another section changed"),
        ("apiKeys: [\n {name: b, hash: x}]\n", ""),
    ] {
        let case = json!({"before": before, "steps": [{"edit": {"delete": "a"}, "after": after}]});
        let verdict = judge(&format!("{case}\n"));
        let told = verdict["faults"].to_string();
        assert!(told.contains(fault) && (told == "[]") == fault.is_empty(), "{after}{told}");
    }
}

#[test]
fn the_judge_sees_what_goes_wrong_in_the_life_of_a_key() {
    let limits = "limits: {expiresAt: 2999-02-24T21:00:00Z, #M1\n allowedIps: [\"::1\"]}";
    let entry = |hash: &str, list: &str, more: &str| {
        format!("apiKeys: [{{name: a, hash: {hash}, previousHashes: [{list}], {more}}}]\n")
    };
    let older = "{hash: x, expiresAt: 2026-11-28T08:00:00Z}";
    let rotated = format!("{limits}, rotatedAt: 2026-11-27T08:00:00Z");
    let rotate = json!({"rotate": "a", "hash": "y", "overlap": 60});
    let amend = json!({"amend": "a", "patch": {"allowedIps": null}});
    for (edit, after, fault) in [
        (&rotate, entry("y", &format!("M2, {older}"), &rotated), ""),
        (&rotate, entry("y", older, &rotated), "the entry is"),
        (&rotate, entry("y", &format!("M2, {older}"), &rotated.replace("#M1", "")), "a comment"),
        (&rotate, entry("y", &format!("M2, {older}"), "rotatedAt: x"), "the entry is"),
        (&amend, entry("x", "M2", &limits.replace(", #M1\n allowedIps: [\"::1\"]", " #M1\n")), ""),
        (&amend, entry("x", "M2", "x: y"), "the entry is"),
        (&json!({"end_overlap": "a"}), entry("x", "M2", limits), "the entry is"),
    ] {
        let before = entry("x", "M2", limits);
        let case = json!({"before": before, "steps": [{"edit": edit, "after": after}]});
        let verdict = judge(&format!("{case}\n"));
        let told = verdict["faults"].to_string();
        assert!(told.contains(fault) && (told == "[]") == fault.is_empty(), "{after}{told}");
    }
}
