//! Any bytes as a tenant's document: it is read or refused; an edit of it comes back as it was meant,
//! or is refused and changes no byte; no other key changes.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use neokeys_store::domain::{
    Actor, AllowedIps, ApiKey, Commit, CommitError, Description, DetailsPatch, Digest, Initiator,
    KeyName, KeyRepository as _, Keyring, KeyringEdit, Patch, Precondition, Right, Rotation,
    Scopes, TenantId, Timestamp,
};
use neokeys_store::storage::{DocumentRepository, DocumentStore, MemoryStore, Reading};
use tokio::runtime::Runtime;

thread_local! {
    static RUNTIME: Runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    static TRIAL: RefCell<Trial> = RefCell::new(Trial::new());
}

struct Trial {
    documents: Arc<MemoryStore>,
    store: DocumentRepository,
    count: u64,
}

impl Trial {
    fn new() -> Self {
        let documents = Arc::new(MemoryStore::new());
        Self { store: open(&documents), documents, count: 0 }
    }

    /// A tenant of its own with this document: there is no last good version to fall back on. Now and
    /// then the store begins anew, so that it does not grow without end.
    fn put(&mut self, document: &[u8]) -> TenantId {
        if self.count.is_multiple_of(1_000) {
            *self = Self::new();
        }
        self.count += 1;
        let id = TenantId::parse(&format!("t{}", self.count)).expect("a tenant's id");
        self.documents.put(&id, document.to_vec());
        id
    }

    async fn text(&self, id: &TenantId) -> Vec<u8> {
        match self.documents.read(id, None).await {
            Ok(Reading::Found(document)) => document.bytes.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    async fn edit(&self, id: &TenantId, edit: KeyringEdit) {
        let before = self.store.get_keyring(id).await.expect("what was read is read");
        let text = self.text(id).await;
        let commit = Commit {
            tenant: id.clone(),
            edit: edit.clone(),
            precondition: Precondition::default(),
            right: Right::Operator,
            initiator: Initiator::of(Actor::SERVICE),
            together: None,
            asked_at: Instant::now(),
        };
        match self.store.commit(commit).await {
            Ok(_) => {
                let served = self.store.get_keyring(id).await.expect("what was written is read");
                let again = open(&self.documents).get_keyring(id).await;
                let again = again.expect("what was written is read by another");
                assert_eq!(served.keys(), again.keys(), "{edit:?}");
                let touched = edit.name();
                assert_eq!(others(&before, touched), others(&again, touched), "{edit:?}");
            }
            Err(CommitError::NotEditable { .. } | CommitError::Edit(_)) => {
                assert_eq!(self.text(id).await, text, "{edit:?}");
            }
            Err(error) => panic!("{edit:?}: {error:?}"),
        }
    }
}

fn open(documents: &Arc<MemoryStore>) -> DocumentRepository {
    DocumentRepository::new(Arc::clone(documents) as Arc<dyn DocumentStore>)
        .expect("threads for a store")
}

/// The keys but the one of this name, in order.
fn others<'k>(keyring: &'k Keyring, name: &KeyName) -> Vec<&'k ApiKey> {
    keyring.keys().iter().filter(|key| key.name != *name).map(|key| &**key).collect()
}

fn edits(keyring: &Keyring) -> Vec<KeyringEdit> {
    let scopes = |texts: &[&str]| Scopes::parse(texts).expect("scopes");
    let new = KeyName::parse("fuzzed").expect("a name");
    let mut edits = vec![
        KeyringEdit::Create(ApiKey::new(
            new.clone(),
            true,
            scopes(&["a:read"]),
            Digest::of(b"fuzzed"),
        )),
        KeyringEdit::Update { name: new.clone(), enabled: false, scopes: scopes(&["y", "z"]) },
        KeyringEdit::Delete { name: new },
    ];
    for key in keyring.keys().iter().take(3) {
        let name = key.name.clone();
        edits.push(KeyringEdit::Update {
            name: name.clone(),
            enabled: false,
            scopes: scopes(&["*"]),
        });
        edits.push(KeyringEdit::Amend { name: name.clone(), patch: amendment() });
        let rotation = Rotation {
            digest: Digest::of(b"rotated"),
            overlap: Duration::from_secs(3_600),
            expires_at: Patch::Keep,
        };
        edits.push(KeyringEdit::Rotate { name: name.clone(), rotation });
        edits.push(KeyringEdit::EndOverlap { name: name.clone() });
        edits.push(KeyringEdit::Delete { name });
    }
    edits
}

/// A limit, and a text that has to be quoted.
fn amendment() -> DetailsPatch {
    DetailsPatch {
        expires_at: Patch::Set(Timestamp::MAX),
        allowed_ips: Patch::Set(AllowedIps::parse(&["10.0.0.0/8", "::1"]).expect("networks")),
        description: Patch::Set(Description::parse("a: #b\n").expect("a text")),
        ..DetailsPatch::default()
    }
}

fuzz_target!(|document: &[u8]| {
    RUNTIME.with(|runtime| {
        TRIAL.with_borrow_mut(|trial| {
            let id = trial.put(document);
            runtime.block_on(async {
                let findings = trial.store.check(Some(&id)).await.expect("it can be checked");
                let Ok(keyring) = trial.store.get_keyring(&id).await else {
                    assert!(!findings.is_empty(), "refused without a finding");
                    return;
                };
                for edit in edits(&keyring) {
                    trial.edit(&id, edit).await;
                }
            });
        });
    });
});
