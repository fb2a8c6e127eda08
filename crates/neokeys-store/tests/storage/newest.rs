//! Refusals on the newest document: what cannot be read is not served as it was, and what is served in
//! the place of a broken document is no older than what was acknowledged.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use bytes::Bytes;
use neokeys_store::domain::{
    CommitError, EditError, KeyRepository as _, Keyring, KeyringEdit, Precondition, ReadError,
    TenantId, Validators,
};
use neokeys_store::storage::{
    CreateTenantError, DocumentError, DocumentRepository, DocumentStore, MemoryStore, Reading,
    StoreFuture, StoredDocument, Version, WriteError,
};

use tokio::sync::Notify;

use neokeys_testkit::tenants::{Folder, commit, commit_on, create, delete, names, tenant, update};

/// A node that believes what it knows until it is told to ask.
struct Believing(Arc<MemoryStore>);

impl DocumentStore for Believing {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        match known {
            Some(_) => StoreFuture::ready(Ok(Reading::Unchanged)),
            None => self.0.read(tenant, None),
        }
    }

    fn read_newest<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        self.0.read(tenant, known)
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.0.write(tenant, expected, bytes)
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        self.0.tenants()
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        self.0.create_tenant(tenant)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.0.locate(tenant)
    }
}

/// A store whose writes say, when they are let go, that nobody knows what became of them.
#[derive(Default)]
struct Uncertain {
    documents: MemoryStore,
    is_writing: Notify,
    may_end: Notify,
}

impl DocumentStore for Uncertain {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        self.documents.read(tenant, known)
    }

    fn is_last_acknowledged<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a StoredDocument,
        _: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        StoreFuture::ready(Ok(true))
    }

    fn write<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a StoredDocument,
        _: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        StoreFuture::pending(async {
            self.is_writing.notify_one();
            self.may_end.notified().await;
            Err(WriteError::Uncertain(DocumentError::GivenUp))
        })
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

fn node(documents: &Arc<MemoryStore>) -> Arc<DocumentRepository> {
    Arc::new(DocumentRepository::new(Arc::new(Believing(Arc::clone(documents)))).unwrap())
}

#[tokio::test]
async fn a_refusal_by_a_rule_counts_only_from_the_newest_document() {
    let documents = Arc::new(MemoryStore::new());
    let id = tenant("t");
    documents.put(&id, "");
    let (one, other) = (node(&documents), node(&documents));
    for round in 0..8 {
        // Both have the document in memory as it is now.
        for node in [&one, &other] {
            let _ = commit(node, &id, delete("nobody")).await;
            node.get_keyring(&id).await.unwrap();
        }
        let (one, other) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        // Made there, changed and deleted here at once.
        commit(one, &id, create("k")).await.unwrap();
        commit(other, &id, update("k", false, &["x"])).await.unwrap();
        commit(one, &id, delete("k")).await.unwrap();
        // Deleted there, made anew here.
        commit(other, &id, create("k")).await.unwrap();
        let taken = commit(one, &id, create("k")).await.unwrap_err();
        assert!(matches!(taken, CommitError::Edit(EditError::NameTaken)), "{taken:?}");
        commit(one, &id, delete("k")).await.unwrap();
        let absent = commit(other, &id, delete("k")).await.unwrap_err();
        assert!(matches!(absent, CommitError::Edit(EditError::NotFound)), "{absent:?}");
    }
}

#[tokio::test]
async fn a_condition_is_judged_on_the_newest_document() {
    let documents = Arc::new(MemoryStore::new());
    let id = tenant("t");
    documents.put(&id, "");
    let (one, other) = (node(&documents), node(&documents));
    commit(&one, &id, create("k")).await.unwrap();
    let made = one.get_keyring(&id).await.unwrap();
    let tag_of = |keyring: &Keyring| keyring.find_by_name("k").unwrap().entity_tag();
    let first = tag_of(&made);
    let mut last = first;
    for round in 0..8 {
        // Both believe what they know from before the change that follows.
        for node in [&one, &other] {
            let _ = commit(node, &id, delete("nobody")).await;
            node.get_keyring(&id).await.unwrap();
        }
        let (one, other) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let mark = format!("x{round}");
        commit(one, &id, update("k", true, &[&mark])).await.unwrap();
        let tag = tag_of(&one.get_keyring(&id).await.unwrap());
        // The state that there is now is not refused by who knew the one before.
        let on = |tag| Precondition {
            matches: Some(Validators::OneOf(vec![tag])),
            ..Precondition::default()
        };
        let edit = update("k", false, &[&mark]);
        commit_on(other, &id, edit, on(tag)).await.unwrap();
        last = tag_of(&other.get_keyring(&id).await.unwrap());
        // And what is refused is, by both.
        for node in [one, other] {
            let refused = commit_on(node, &id, delete("k"), on(first)).await.unwrap_err();
            assert!(
                matches!(refused, CommitError::Edit(EditError::PreconditionFailed)),
                "{refused:?}"
            );
        }
    }
    let on =
        Precondition { matches: Some(Validators::OneOf(vec![last])), ..Precondition::default() };
    commit_on(&one, &id, delete("k"), on).await.unwrap();
}

async fn demand_closed(store: &Arc<DocumentRepository>, folder: &Folder, why: &str) {
    for _ in 0..2 {
        let read = store.get_keyring(&folder.t).await;
        assert!(matches!(read, Err(ReadError::Unavailable(_))), "{why}: {read:?}");
    }
    for edit in [create("new"), delete("one"), delete("nobody")] {
        let refused = commit(store, &folder.t, edit).await.unwrap_err();
        assert!(matches!(refused, CommitError::Unavailable(_)), "{why}: {refused:?}");
    }
    assert_eq!(store.health().faults, ["documents that cannot be read: 1"], "{why}");
}

#[tokio::test]
async fn a_document_that_changed_and_cannot_be_read_closes_its_tenant_until_it_can() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    let (place, aside) = (folder.document(), folder.root.join("aside"));
    let chmod = |mode| std::fs::set_permissions(&place, Permissions::from_mode(mode)).unwrap();
    let back = || std::fs::rename(&aside, &place).unwrap();
    type Step<'s> = Box<dyn Fn() + 's>;
    let ways: [(&str, Step<'_>, Step<'_>); 4] = [
        ("nobody has the right", Box::new(|| chmod(0)), Box::new(|| chmod(0o644))),
        (
            "a folder has its name",
            Box::new(|| {
                std::fs::rename(&place, &aside).unwrap();
                std::fs::create_dir(&place).unwrap();
            }),
            Box::new(|| {
                std::fs::remove_dir(&place).unwrap();
                back();
            }),
        ),
        (
            "a link to nothing",
            Box::new(|| {
                std::fs::rename(&place, &aside).unwrap();
                std::os::unix::fs::symlink("nowhere", &place).unwrap();
            }),
            Box::new(back),
        ),
        (
            "too large",
            Box::new(|| {
                std::fs::rename(&place, &aside).unwrap();
                std::fs::File::create(&place).unwrap().set_len(17 << 20).unwrap();
            }),
            Box::new(back),
        ),
    ];
    for (why, closed, open) in ways {
        closed();
        demand_closed(&store, &folder, why).await;
        open();
        assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["one"], "{why}");
        assert!(store.health().faults.is_empty(), "{why}: {:?}", store.health());
    }
    commit(&store, &folder.t, create("two")).await.unwrap();
}

const BROKEN: &str = "apiKeys: [\n";

#[tokio::test]
async fn a_key_that_another_process_deleted_does_not_come_back_when_the_document_breaks() {
    let folder = Folder::new();
    let (service, command_line) = (folder.open(), folder.open());
    for change in [delete("one"), update("one", false, &["x"]), create("three")] {
        folder.write("apiKeys: []\n");
        for key in ["one", "two"] {
            commit(&command_line, &folder.t, create(key)).await.unwrap();
        }
        assert_eq!(names(&service.get_keyring(&folder.t).await.unwrap()), ["one", "two"]);
        commit(&command_line, &folder.t, change).await.unwrap();
        let good = folder.text();
        folder.write(BROKEN);
        for _ in 0..2 {
            let read = service.get_keyring(&folder.t).await;
            assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
        }
        // Who made the change knows what it came to.
        assert!(command_line.get_keyring(&folder.t).await.is_ok());
        folder.write(&good);
        assert!(service.get_keyring(&folder.t).await.is_ok());
        // The same slip once more: now it is known.
        folder.write(BROKEN);
        assert!(service.get_keyring(&folder.t).await.is_ok());
        folder.write("");
        assert!(service.get_keyring(&folder.t).await.is_ok());
    }
}

#[tokio::test]
async fn an_edit_by_hand_after_what_was_acknowledged_is_the_last_good_one() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    folder.write(&folder.text().replace("name: one", "name: uno"));
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["uno"]);
    for broken in [BROKEN, "apiKeys: {\n", "\u{1}"] {
        folder.write(broken);
        assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["uno"]);
    }
}

#[tokio::test]
async fn what_came_back_to_its_old_bytes_counts_as_what_was_acknowledged() {
    let folder = Folder::new();
    let (service, other) = (folder.open(), folder.open());
    commit(&other, &folder.t, create("one")).await.unwrap();
    service.get_keyring(&folder.t).await.unwrap();
    commit(&other, &folder.t, create("two")).await.unwrap();
    commit(&other, &folder.t, delete("two")).await.unwrap();
    folder.write(BROKEN);
    assert_eq!(names(&service.get_keyring(&folder.t).await.unwrap()), ["one"]);
    // By hand on top of an older one is not.
    folder.write("apiKeys: []\n");
    service.get_keyring(&folder.t).await.unwrap();
    let edit: KeyringEdit = create("three");
    commit(&other, &folder.t, edit).await.unwrap();
    folder.write(BROKEN);
    assert!(service.get_keyring(&folder.t).await.is_err());
}

#[tokio::test]
async fn a_write_that_failed_brings_back_nothing_that_was_read_before_others_changed_it() {
    let documents = Arc::new(Uncertain::default());
    let id = tenant("t");
    let with = |name: &str| {
        let hash = "0".repeat(64);
        format!("apiKeys:\n  - name: {name}\n    permissions: [x]\n    hash: {hash}\n")
    };
    documents.documents.put(&id, with("before"));
    let store = Arc::new(DocumentRepository::new(Arc::clone(&documents) as Arc<_>).unwrap());
    assert_eq!(names(&store.get_keyring(&id).await.unwrap()), ["before"]);
    let change = commit(&store, &id, create("new"));
    let meanwhile = async {
        documents.is_writing.notified().await;
        documents.documents.put(&id, with("after"));
        assert_eq!(names(&store.get_keyring(&id).await.unwrap()), ["after"]);
        documents.may_end.notify_one();
    };
    let (outcome, ()) = tokio::join!(change, meanwhile);
    assert!(matches!(outcome, Err(CommitError::Uncertain(_))), "{outcome:?}");
    documents.documents.put(&id, BROKEN);
    assert_eq!(names(&store.get_keyring(&id).await.unwrap()), ["after"]);
}
