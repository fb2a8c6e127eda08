//! Keyrings out of documents: fresh at once, the last good one kept, nothing overwritten that
//! cannot be read.

use std::sync::Arc;

use neokeys_store::domain::{CommitError, EditError, KeyRepository, ReadError, TenantId};
use neokeys_store::storage::{
    CheckError, CreateTenantError, DocumentError, DocumentRepository, DocumentStore, OpenError,
    Reading, Severity, StoreConfig, StoreFuture, StoreUrl, StoredDocument, Version, WriteError,
};

use neokeys_testkit::tenants::{Folder, commit, create, delete, name, names, tenant, update};

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

fn entry(name: &str) -> String {
    format!("  - name: {name}\n    hash: {HASH}\n")
}

#[tokio::test]
async fn a_key_is_created_updated_and_deleted() {
    let folder = Folder::new();
    let store = folder.open();
    let created = commit(&store, &folder.t, create("one")).await.unwrap();
    assert_eq!(created.key.name.as_str(), "one");
    commit(&store, &folder.t, create("two")).await.unwrap();
    commit(&store, &folder.t, update("one", false, &["b", "c"])).await.unwrap();
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    assert_eq!(names(&keyring), ["one", "two"]);
    assert!(!keyring.keys()[0].enabled && keyring.keys()[0].scopes.grant("c"));
    commit(&store, &folder.t, delete("one")).await.unwrap();
    let again = commit(&store, &folder.t, delete("one")).await.unwrap_err();
    assert!(matches!(again, CommitError::Edit(EditError::NotFound)));
    let taken = commit(&store, &folder.t, create("two")).await.unwrap_err();
    assert!(matches!(taken, CommitError::Edit(EditError::NameTaken)));
    assert_eq!(names(&folder.open().get_keyring(&folder.t).await.unwrap()), ["two"]);
    assert_eq!(folder.listing(), ["security.yml"]);
}

#[tokio::test]
async fn an_edit_by_hand_counts_from_the_next_request_on() {
    let folder = Folder::new();
    let store = folder.open();
    assert!(store.get_keyring(&folder.t).await.unwrap().keys().is_empty());
    let mut text = String::from("apiKeys:\n");
    for number in 0..5 {
        text.push_str(&entry(&format!("k{number}")));
        folder.write(&text);
        assert_eq!(store.get_keyring(&folder.t).await.unwrap().keys().len(), number + 1);
    }
    let other = folder.root.join("t/other");
    std::fs::copy(folder.document(), &other).unwrap();
    folder.write("apiKeys: []\n");
    assert!(store.get_keyring(&folder.t).await.unwrap().keys().is_empty());
    std::fs::rename(&other, folder.document()).unwrap();
    assert_eq!(store.get_keyring(&folder.t).await.unwrap().keys().len(), 5);
}

#[tokio::test]
async fn a_file_that_turns_bad_leaves_the_last_good_version_and_takes_no_writes() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("one")));
    let store = folder.open();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["one"]);
    let bad = "apiKeys:\n  - name: [\n";
    folder.write(bad);
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["one"]);
    let refused = commit(&store, &folder.t, create("two")).await.unwrap_err();
    assert!(matches!(refused, CommitError::Unavailable(_)), "{refused:?}");
    assert_eq!(folder.text(), bad);
    assert_eq!(store.health().faults, ["documents that cannot be read: 1"]);
    let unavailable = folder.open().get_keyring(&folder.t).await;
    assert!(matches!(unavailable, Err(ReadError::Unavailable(_))));
    folder.write("apiKeys: []\n");
    assert!(store.get_keyring(&folder.t).await.unwrap().keys().is_empty());
    assert!(store.health().faults.is_empty());
    commit(&store, &folder.t, create("two")).await.unwrap();
}

#[tokio::test]
async fn a_file_that_was_just_emptied_logs_nobody_out() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n{}", entry("one")));
    let store = folder.open();
    store.get_keyring(&folder.t).await.unwrap();
    folder.write("");
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["one"]);
    std::fs::remove_file(folder.document()).unwrap();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["one"]);
    folder.write(&format!("apiKeys:\n{}", entry("two")));
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["two"]);
}

#[tokio::test]
async fn a_faulty_entry_takes_its_name() {
    let folder = Folder::new();
    folder.write(&format!("apiKeys:\n  - name: bad\n{}", entry("good")));
    let store = folder.open();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["good"]);
    let taken = commit(&store, &folder.t, create("bad")).await.unwrap_err();
    assert!(
        matches!(taken, CommitError::Edit(EditError::NameTakenByFaultyEntry { line: 2, .. })),
        "{taken:?}"
    );
    commit(&store, &folder.t, create("new")).await.unwrap();
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    assert_eq!(keyring.faulty_entries()[0].line, 2);
    assert_eq!(names(&keyring), ["good", "new"]);
}

#[tokio::test]
async fn what_cannot_be_edited_is_refused_and_stays() {
    let folder = Folder::new();
    let text = format!(
        "apiKeys:\n  - &one\n    name: one\n    permissions: [a]\n    hash: {HASH}\nx: *one\n"
    );
    folder.write(&text);
    let store = folder.open();
    let refused = commit(&store, &folder.t, update("one", false, &["a"])).await.unwrap_err();
    assert!(matches!(refused, CommitError::NotEditable { line: 2, .. }), "{refused:?}");
    assert_eq!(folder.text(), text);
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_is_told_and_not_made() {
    let folder = Folder::new();
    let store = folder.open();
    let nobody = tenant("nobody");
    assert!(matches!(store.get_keyring(&nobody).await, Err(ReadError::NoSuchTenant)));
    let refused = commit(&store, &nobody, create("one")).await.unwrap_err();
    assert!(matches!(refused, CommitError::NoSuchTenant), "{refused:?}");
    assert!(!folder.root.join("nobody").exists());
    store.create_tenant(&nobody).await.unwrap();
    assert!(matches!(store.create_tenant(&nobody).await, Err(CreateTenantError::Exists)));
    commit(&store, &nobody, create("one")).await.unwrap();
    assert_eq!(store.list_tenants().await.unwrap(), [nobody, folder.t.clone()]);
}

#[tokio::test]
async fn mode_and_symlink_survive_a_write() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let real = folder.root.join("real.yml");
    std::fs::write(&real, "# mine\napiKeys: []\n").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("../real.yml", folder.document()).unwrap();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    assert!(folder.document().symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert!(folder.text().starts_with("# mine\napiKeys:\n  - name: one\n"));
}

#[tokio::test]
async fn what_people_attached_to_the_file_survives_a_write() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    const LIST: &str = "system.posix_acl_access";
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    // Version 2; the owner rw, user 12345 r, the group r, the mask r, others nothing (acl(5)).
    let nobody = u32::MAX;
    let rights = [(1, 6, nobody), (2, 4, 12345), (4, 4, nobody), (16, 4, nobody), (32, 0, nobody)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, right, id) in rights {
        list.extend(u16::to_le_bytes(tag).into_iter().chain(u16::to_le_bytes(right)));
        list.extend(u32::to_le_bytes(id));
    }
    let set = |path: &std::path::Path, name: &str, value: &[u8]| {
        setxattr(path, name, value, XattrFlags::empty()).unwrap();
    };
    let value = |name: &str| {
        let mut value = [0; 100];
        getxattr(folder.document(), name, &mut value[..]).map(|length| value[..length].to_vec())
    };
    set(&folder.document(), "user.note", b"ask Ann");
    set(&folder.document(), LIST, &list);
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    assert_eq!(value("user.note").unwrap(), b"ask Ann");
    assert_eq!(value(LIST).unwrap(), list);
    // What a folder gives to new files is not what the document had.
    rustix::fs::removexattr(folder.document(), LIST).unwrap();
    set(&folder.root.join("t"), "system.posix_acl_default", &list);
    commit(&store, &folder.t, create("two")).await.unwrap();
    assert_eq!(value(LIST).unwrap_err(), rustix::io::Errno::NODATA);
    assert_eq!(value("user.note").unwrap(), b"ask Ann");
}

#[tokio::test]
async fn what_cannot_be_replaced_faithfully_is_not_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    std::fs::hard_link(folder.document(), folder.root.join("link")).unwrap();
    let store = folder.open();
    let refused = commit(&store, &folder.t, create("one")).await.unwrap_err();
    assert!(matches!(refused, CommitError::Unavailable(_)), "{refused:?}");
    std::fs::remove_file(folder.root.join("link")).unwrap();
    let read_only = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(folder.document(), read_only).unwrap();
    let refused = commit(&store, &folder.t, create("one")).await.unwrap_err();
    assert!(matches!(refused, CommitError::Unavailable(_)), "{refused:?}");
    assert_eq!(folder.text(), "apiKeys: []\n");
}

#[tokio::test]
async fn a_document_over_the_limit_is_not_read() {
    let folder = Folder::new();
    let url = StoreUrl::File(folder.root.clone());
    let config = StoreConfig { document_limit: 100, ..StoreConfig::default() };
    let store = DocumentRepository::open(&url, &config).unwrap();
    folder.write(&"#".repeat(101));
    let Err(ReadError::Unavailable(cause)) = store.get_keyring(&folder.t).await else {
        panic!("it was read");
    };
    assert!(cause.to_string().contains("has 101 bytes; the limit is 100"), "{cause}");
    folder.write(&"#".repeat(100));
    assert!(store.get_keyring(&folder.t).await.is_ok());
    let refused = commit(&store, &folder.t, create("one")).await.unwrap_err();
    assert!(matches!(refused, CommitError::Unavailable(_)), "{refused:?}");
}

#[tokio::test]
async fn check_names_every_fault_by_place() {
    let folder = Folder::new();
    let store = folder.open();
    assert!(store.check(None).await.unwrap().is_empty());
    let entries =
        format!("{}{}  - name: c\n    enabled: yes\n    hash: {HASH}\n", entry("a"), entry("b"));
    folder.write(&format!("apiKeys:\n{entries}"));
    let findings = store.check(Some(&folder.t)).await.unwrap();
    let places: Vec<_> =
        findings.iter().map(|found| (found.line, found.column, found.severity)).collect();
    assert_eq!(places, [(4, 5, Severity::Error), (7, 14, Severity::Error)], "{findings:?}");
    assert!(findings[0].path.ends_with("t/security.yml"));
    let missing = store.check(Some(&tenant("x"))).await;
    assert!(matches!(missing, Err(CheckError::NoSuchTenant(_))));
}

#[tokio::test]
async fn a_missing_folder_is_made_only_when_told_so() {
    let folder = Folder::new();
    let url = StoreUrl::File(folder.root.join("new/store"));
    let refused = DocumentRepository::open(&url, &StoreConfig::default());
    assert!(matches!(refused, Err(OpenError::NoFolder(_))));
    let config = StoreConfig { create_folder: true, ..StoreConfig::default() };
    let store = DocumentRepository::open(&url, &config).unwrap();
    assert!(store.list_tenants().await.unwrap().is_empty());
    let file = folder.root.join("file");
    std::fs::write(&file, "").unwrap();
    let refused = DocumentRepository::open(&StoreUrl::File(file), &config);
    assert!(matches!(refused, Err(OpenError::NotAFolder(_))));
}

#[tokio::test]
async fn a_deleted_key_stops_working_at_once() {
    let folder = Folder::new();
    let (store, other) = (folder.open(), folder.open());
    for round in 0..20 {
        let key = format!("k{round}");
        commit(&store, &folder.t, create(&key)).await.unwrap();
        for store in [&store, &other] {
            assert!(store.get_keyring(&folder.t).await.unwrap().find_by_name(&key).is_some());
        }
        commit(&other, &folder.t, delete(name(&key).as_str())).await.unwrap();
        for store in [&store, &other] {
            assert!(store.get_keyring(&folder.t).await.unwrap().find_by_name(&key).is_none());
        }
    }
}

#[tokio::test]
async fn tenants_are_dropped_by_least_use_and_loaded_again() {
    let folder = Folder::new();
    let url = StoreUrl::File(folder.root.clone());
    let config = StoreConfig { loaded_limit: 1000, ..StoreConfig::default() };
    let store = DocumentRepository::open(&url, &config).unwrap();
    for number in 0..20 {
        let id = tenant(&format!("n{number}"));
        store.create_tenant(&id).await.unwrap();
        commit(&store, &id, create("one")).await.unwrap();
    }
    for number in 0..20 {
        let keyring = store.get_keyring(&tenant(&format!("n{number}"))).await.unwrap();
        assert_eq!(names(&keyring), ["one"]);
    }
}

/// A store whose writes end as they are told.
struct Moody {
    documents: neokeys_store::storage::MemoryStore,
    uncertain: std::sync::atomic::AtomicBool,
}

impl DocumentStore for Moody {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        self.documents.read(tenant, known)
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: bytes::Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        let written = self.documents.write(tenant, expected, bytes);
        if self.uncertain.load(std::sync::atomic::Ordering::Relaxed) {
            return StoreFuture::ready(Err(WriteError::Uncertain(DocumentError::GivenUp)));
        }
        written
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        self.documents.tenants()
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        self.documents.create_tenant(tenant)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.documents.locate(tenant)
    }
}

#[tokio::test]
async fn an_uncertain_write_is_read_back_and_told_until_one_succeeds() {
    let moody = Arc::new(Moody {
        documents: neokeys_store::storage::MemoryStore::new(),
        uncertain: true.into(),
    });
    let store = DocumentRepository::new(Arc::clone(&moody) as Arc<dyn DocumentStore>).unwrap();
    let t = tenant("t");
    store.create_tenant(&t).await.unwrap();
    let outcome = commit(&store, &t, create("one")).await.unwrap_err();
    assert!(matches!(outcome, CommitError::Uncertain(_)), "{outcome:?}");
    assert_eq!(names(&store.get_keyring(&t).await.unwrap()), ["one"]);
    assert_eq!(store.health().faults.len(), 1);
    moody.uncertain.store(false, std::sync::atomic::Ordering::Relaxed);
    let taken = commit(&store, &t, create("one")).await.unwrap_err();
    assert!(matches!(taken, CommitError::Edit(EditError::NameTaken)), "{taken:?}");
    commit(&store, &t, create("two")).await.unwrap();
    assert!(store.health().faults.is_empty());
}
