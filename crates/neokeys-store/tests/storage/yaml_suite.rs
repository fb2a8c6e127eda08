//! The YAML test suite as `security.yml`: no panic, no slow case, nothing invalid accepted, and an
//! edit that comes back as it was meant or is refused.
//!
//! The suite stays out of this repository: `YAML_TEST_SUITE` names the file with its cases.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use neokeys_store::domain::{CommitError, KeyRepository, TenantId};
use neokeys_store::storage::{DocumentRepository, DocumentStore, MemoryStore, Reading};

use neokeys_testkit::tenants::{commit, create, delete, tenant, update};

const SECTION: &str = "apiKeys:\n  - name: old\n    permissions: [x]\n    hash: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n";

struct Case {
    id: String,
    yaml: String,
    is_invalid: bool,
}

fn cases() -> Option<Vec<Case>> {
    let path = std::env::var_os("YAML_TEST_SUITE")?;
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let case = |case: &serde_json::Value| Case {
        id: case["id"].as_str().unwrap().to_owned(),
        yaml: case["yaml"].as_str().unwrap().to_owned(),
        is_invalid: case["error"].as_bool().unwrap(),
    };
    Some(json.as_array().unwrap().iter().map(case).collect())
}

struct Trial {
    documents: Arc<MemoryStore>,
    store: DocumentRepository,
    t: TenantId,
    count: usize,
}

impl Trial {
    fn new() -> Self {
        let documents = Arc::new(MemoryStore::new());
        let store =
            DocumentRepository::new(Arc::clone(&documents) as Arc<dyn DocumentStore>).unwrap();
        Self { documents, store, t: tenant("t"), count: 0 }
    }

    async fn text(&self) -> Bytes {
        match self.documents.read(&self.t, None).await.unwrap() {
            Reading::Found(document) => document.bytes,
            other => panic!("{other:?}"),
        }
    }

    /// Whether the text is read at all; if so, it is edited.
    async fn judge(&mut self, id: &str, yaml: &str) -> bool {
        // A tenant of its own: there must be no last good version to fall back on.
        self.count += 1;
        self.t = tenant(&format!("t{}", self.count));
        self.documents.put(&self.t, Bytes::copy_from_slice(yaml.as_bytes()));
        let Ok(keyring) = self.store.get_keyring(&self.t).await else { return false };
        let had_old = keyring.find_by_name("old").is_some();
        for edit in [create("new"), update("new", false, &["y", "z"]), delete("new")] {
            let before = self.text().await;
            match commit(&self.store, &self.t, edit.clone()).await {
                Ok(_) => {
                    let read = self.store.check(Some(&self.t)).await.unwrap();
                    assert!(read.is_empty(), "{id}: {read:?}");
                    let again = DocumentRepository::new(Arc::<MemoryStore>::clone(&self.documents))
                        .unwrap();
                    let again = again.get_keyring(&self.t).await.unwrap();
                    let served = self.store.get_keyring(&self.t).await.unwrap();
                    assert_eq!(again.keys(), served.keys(), "{id}: {edit:?}");
                    assert_eq!(again.find_by_name("old").is_some(), had_old, "{id}");
                }
                Err(CommitError::NotEditable { .. } | CommitError::Edit(_)) => {
                    assert_eq!(self.text().await, before, "{id}");
                }
                Err(error) => panic!("{id}: {error:?}"),
            }
        }
        true
    }
}

/// The verdict on a case, which must come.
async fn judged(id: &str, verdict: impl Future<Output = bool>) -> bool {
    let verdict = tokio::time::timeout(Duration::from_secs(60), verdict).await;
    verdict.unwrap_or_else(|_| panic!("{id} is never judged"))
}

#[tokio::test]
async fn the_yaml_test_suite_is_read_or_refused_and_never_harmed() {
    let Some(cases) = cases() else {
        println!("YAML_TEST_SUITE is not set: the YAML test suite was not run");
        return;
    };
    let mut trial = Trial::new();
    let (mut accepted, mut refused) = (0, 0);
    for Case { id, yaml, is_invalid } in &cases {
        let is_read = judged(id, trial.judge(id, yaml)).await;
        assert!(!(is_read && *is_invalid), "{id} is invalid and was read:\n{yaml}");
        let appended = format!("{}\n{SECTION}", yaml.trim_end_matches('\n'));
        let with_section = judged(id, trial.judge(id, &appended)).await;
        if is_read {
            accepted += 1
        } else {
            refused += 1
        }
        // A section after an invalid document seldom mends it; where it does, it is another document.
        let _ = with_section;
    }
    println!("YAML test suite: {accepted} read and edited, {refused} refused");
    assert!(cases.len() >= 400 && accepted > 100);
}
