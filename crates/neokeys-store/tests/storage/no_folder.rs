//! Things in a store that are no folder: they are no tenants, and nothing is the matter with them.

use std::os::unix::fs::symlink;

use neokeys_store::domain::{CommitError, KeyRepository as _, ReadError};
use neokeys_store::storage::{CheckError, CreateTenantError};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use neokeys_testkit::tenants::{Folder, commit, create, delete, tenant};

/// One of each kind.
fn strew(folder: &Folder) -> Vec<&'static str> {
    let at = |name: &str| folder.root.join(name);
    std::fs::write(at("README"), "about this folder\n").unwrap();
    std::fs::write(at("empty"), "").unwrap();
    symlink("README", at("link-to-file")).unwrap();
    symlink("nowhere", at("link-to-nothing")).unwrap();
    symlink("itself", at("itself")).unwrap();
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    drop(std::os::unix::net::UnixListener::bind(at("socket")).unwrap());
    vec!["README", "empty", "link-to-file", "link-to-nothing", "itself", "pipe", "socket"]
}

#[tokio::test]
async fn what_is_no_folder_is_no_tenant() {
    let folder = Folder::new();
    let store = folder.open();
    for name in strew(&folder) {
        let id = tenant(name);
        for _ in 0..2 {
            let read = store.get_keyring(&id).await;
            assert!(matches!(read, Err(ReadError::NoSuchTenant)), "{name}: {read:?}");
        }
        for edit in [create("k"), delete("k")] {
            let refused = commit(&store, &id, edit).await.unwrap_err();
            assert!(matches!(refused, CommitError::NoSuchTenant), "{name}: {refused:?}");
        }
        let checked = store.check(Some(&id)).await;
        assert!(matches!(checked, Err(CheckError::NoSuchTenant(_))), "{name}: {checked:?}");
        let made = store.create_tenant(&id).await.unwrap_err();
        let told = std::error::Error::source(&made)
            .and_then(std::error::Error::source)
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(matches!(made, CreateTenantError::Failed(_)), "{name}: {made:?}");
        assert!(told.contains("not a folder has its name"), "{name}: {told}");
    }
    assert_eq!(store.list_tenants().await.unwrap(), std::slice::from_ref(&folder.t));
    assert!(store.check(None).await.unwrap().is_empty());
    assert!(store.health().faults.is_empty(), "{:?}", store.health());
    assert_eq!(store.statistics().documents_unreadable, 0);
}

#[tokio::test]
async fn a_tenant_whose_folder_becomes_a_file_goes_and_comes_back_with_its_folder() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    let (place, aside) = (folder.root.join("t"), folder.root.join("aside"));
    std::fs::rename(&place, &aside).unwrap();
    std::fs::write(&place, "").unwrap();
    assert!(matches!(store.get_keyring(&folder.t).await, Err(ReadError::NoSuchTenant)));
    assert!(store.health().faults.is_empty());
    std::fs::remove_file(&place).unwrap();
    std::fs::rename(&aside, &place).unwrap();
    assert_eq!(store.get_keyring(&folder.t).await.unwrap().keys().len(), 1);
}

#[tokio::test]
async fn a_document_that_leads_in_a_circle_is_a_broken_document_of_a_tenant() {
    let folder = Folder::new();
    let store = folder.open();
    symlink("security.yml", folder.document()).unwrap();
    assert!(matches!(store.get_keyring(&folder.t).await, Err(ReadError::Unavailable(_))));
    assert_eq!(store.statistics().documents_unreadable, 1);
}
