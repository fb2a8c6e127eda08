//! Edits of people's files, byte by byte: a folder a case under `golden/`, with `before.yml`, the
//! `edits`, a line each, and either `after.yml` or what is `refused`.
//!
//! With `NEOKEYS_WRITE_GOLDEN=1` in the environment the results are written, to be looked at.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use neokeys_store::domain::{CommitError, KeyringEdit};
use neokeys_store::storage::{DocumentRepository, DocumentStore, MemoryStore, Reading};

use neokeys_testkit::tenants::{commit, delete, key, tenant, update};

fn parse_edit(line: &str) -> KeyringEdit {
    let words: Vec<_> = line.split(' ').collect();
    let permissions = |text: &&str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    match words.as_slice() {
        ["create", name, list] => {
            let list = permissions(list);
            KeyringEdit::Create(key(name, &list.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        ["update", name, enabled, list] => {
            let list = permissions(list);
            let list: Vec<_> = list.iter().map(String::as_str).collect();
            update(name, *enabled == "true", &list)
        }
        ["delete", name] => delete(name),
        _ => panic!("no edit: {line}"),
    }
}

/// The document after the edits, and what was refused of them.
async fn run(before: Vec<u8>, edits: &str) -> (Vec<u8>, String) {
    let (t, documents) = (tenant("t"), Arc::new(MemoryStore::new()));
    documents.put(&t, before);
    let store = DocumentRepository::new(Arc::clone(&documents) as Arc<dyn DocumentStore>).unwrap();
    let mut refused = String::new();
    for line in edits.lines() {
        match commit(&store, &t, parse_edit(line)).await {
            Ok(_) => {}
            Err(CommitError::NotEditable { line, reason }) => {
                writeln!(refused, "line {line}: {reason}").unwrap();
            }
            Err(other) => panic!("{line}: {other:?}"),
        }
    }
    match documents.read(&t, None).await.unwrap() {
        Reading::Found(document) => (document.bytes.to_vec(), refused),
        other => panic!("{other:?}"),
    }
}

async fn judge(folder: &Path, write: bool) {
    let read = |name: &str| std::fs::read(folder.join(name));
    let before = read("before.yml").unwrap();
    let edits = String::from_utf8(read("edits").unwrap()).unwrap();
    let (after, refused) = run(before.clone(), &edits).await;
    if write {
        if after != before {
            std::fs::write(folder.join("after.yml"), &after).unwrap();
        }
        if !refused.is_empty() {
            std::fs::write(folder.join("refused"), &refused).unwrap();
        }
        return;
    }
    let shown = String::from_utf8_lossy(&after);
    assert_eq!(shown, String::from_utf8_lossy(&read("after.yml").unwrap_or(before)), "{folder:?}");
    assert_eq!(refused.into_bytes(), read("refused").unwrap_or_default(), "{folder:?}");
}

#[tokio::test]
async fn every_golden_file_comes_out_as_it_should() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/storage/golden");
    let write = std::env::var_os("NEOKEYS_WRITE_GOLDEN").is_some();
    let mut count = 0;
    for case in golden.read_dir().unwrap() {
        judge(&case.unwrap().path(), write).await;
        count += 1;
    }
    assert!(count >= 20, "{count} cases in {golden:?}");
}
