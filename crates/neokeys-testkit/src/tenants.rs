//! Names, keys, and a folder that goes when its test does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use neokeys_store::domain::{
    Actor, ApiKey, Commit, CommitError, Committed, Digest, Initiator, KeyName, KeyRepository,
    Keyring, KeyringEdit, Precondition, Right, Scopes, TenantId,
};
use neokeys_store::storage::{DocumentRepository, StoreConfig, StoreUrl};

pub fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

pub fn scopes(texts: &[&str]) -> Scopes {
    Scopes::parse(texts).unwrap()
}

pub fn key(text: &str, permissions: &[&str]) -> ApiKey {
    ApiKey::new(name(text), true, scopes(permissions), Digest::of(text.as_bytes()))
}

pub fn create(text: &str) -> KeyringEdit {
    KeyringEdit::Create(key(text, &["a:read"]))
}

pub fn update(text: &str, enabled: bool, permissions: &[&str]) -> KeyringEdit {
    KeyringEdit::Update { name: name(text), enabled, scopes: scopes(permissions) }
}

pub fn delete(text: &str) -> KeyringEdit {
    KeyringEdit::Delete { name: name(text) }
}

pub async fn commit(
    store: &DocumentRepository,
    id: &TenantId,
    edit: KeyringEdit,
) -> Result<Committed, CommitError> {
    commit_on(store, id, edit, Precondition::default()).await
}

/// The same on a precondition.
pub async fn commit_on(
    store: &DocumentRepository,
    id: &TenantId,
    edit: KeyringEdit,
    precondition: Precondition,
) -> Result<Committed, CommitError> {
    let right = Right::Operator;
    let (tenant, asked_at) = (id.clone(), Instant::now());
    let initiator = Initiator::of(Actor::SERVICE);
    store
        .commit(Commit { tenant, edit, together: None, precondition, right, initiator, asked_at })
        .await
}

pub fn names(keyring: &Keyring) -> Vec<&str> {
    keyring.keys().iter().map(|key| key.name.as_str()).collect()
}

/// A store in a folder of its own, with the tenant `t`.
pub struct Folder {
    _guard: tempfile::TempDir,
    pub root: PathBuf,
    pub t: TenantId,
}

impl Default for Folder {
    fn default() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let root = guard.path().to_owned();
        std::fs::create_dir(root.join("t")).unwrap();
        Self { _guard: guard, root, t: tenant("t") }
    }
}

impl Folder {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn open(&self) -> Arc<DocumentRepository> {
        let url = StoreUrl::File(self.root.clone());
        Arc::new(DocumentRepository::open(&url, &StoreConfig::default()).unwrap())
    }

    pub fn document(&self) -> PathBuf {
        self.root.join("t/security.yml")
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.document()).unwrap()
    }

    /// Writes the document in place, as an editor may.
    pub fn write(&self, text: &str) {
        use std::io::Write;
        std::fs::File::create(self.document()).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The edit that is kept beside the document.
    pub fn kept_edit(&self) -> String {
        std::fs::read_to_string(self.root.join("t/security.yml.conflict-1")).unwrap()
    }

    /// Names in the tenant's folder.
    pub fn listing(&self) -> Vec<String> {
        let names = self.root.join("t").read_dir().unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
