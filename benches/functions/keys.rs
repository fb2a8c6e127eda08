//! Keys to measure on.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use neokeys::domain::{ApiKey, Digest, KeyName, Keyring, Scopes, TenantId};
use neokeys::storage::{
    DocumentRepository, DocumentStore as _, MemoryStore, Reading, StoreConfig, StoreUrl,
};
use tempfile::TempDir;

/// How many keys a tenant has.
pub(crate) const SIZES: [usize; 3] = [10, 1_000, 10_000];

const SCOPES: [&str; 2] = ["tenant.apiKey:read", "passes:write"];

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("t000000").unwrap()
}

/// A key's token, of the usual length.
pub(crate) fn token(key: usize) -> String {
    format!("nsk_{key:049}")
}

pub(crate) fn keyring(keys: usize) -> Keyring {
    let keys = (0..keys).map(|key| {
        Arc::new(ApiKey::new(
            KeyName::parse(&format!("key-{key:06}")).unwrap(),
            true,
            Scopes::parse(&SCOPES).unwrap(),
            Digest::of(token(key).as_bytes()),
        ))
    });
    Keyring::new(keys.collect(), Vec::new())
}

fn document(keys: usize) -> String {
    let mut text = String::from("apiKeys:\n");
    for key in 0..keys {
        let hash = Digest::of(token(key).as_bytes()).to_hex();
        write!(
            text,
            "  - name: key-{key:06}\n    enabled: true\n    permissions:\n      - {}\n      - {}\n    hash: {hash}\n",
            SCOPES[0], SCOPES[1],
        )
        .unwrap();
    }
    text
}

/// A store in a folder that goes when the first is dropped.
#[expect(clippy::disallowed_methods, reason = "what is measured begins after this")]
pub(crate) fn on_disk(keys: usize) -> (TempDir, DocumentRepository) {
    let root = TempDir::new_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target")).unwrap();
    let folder = root.path().join(tenant().as_str());
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("security.yml"), document(keys)).unwrap();
    let url = StoreUrl::File(root.path().to_owned());
    let store = DocumentRepository::open(&url, &StoreConfig::default()).unwrap();
    (root, store)
}

/// A store that no disk slows down.
pub(crate) fn in_memory(keys: usize) -> DocumentRepository {
    let documents = Arc::new(MemoryStore::new());
    futures_util::FutureExt::now_or_never(async {
        documents.create_tenant(&tenant()).await.unwrap();
        let Reading::Found(empty) = documents.read(&tenant(), None).await.unwrap() else {
            panic!("a new tenant has a document that can be read")
        };
        documents.write(&tenant(), &empty, Bytes::from(document(keys))).await.unwrap();
    })
    .unwrap();
    DocumentRepository::new(documents).unwrap()
}
