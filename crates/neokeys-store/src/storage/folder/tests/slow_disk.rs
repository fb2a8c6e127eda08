//! A disk that takes its time for every sync, and more tenants that change at once than there are
//! threads: all come to their end, and whoever only reads goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::fault_injection::{Circumstance, FailingFileSystem};
use crate::domain::{Actor, ApiKey, Digest, Initiator};
use crate::domain::{
    Commit, CommitError, KeyName, KeyRepository as _, KeyringEdit, Precondition, Right, Scopes,
    TenantId,
};
use crate::storage::DocumentRepository;
use crate::storage::folder::{EDIT_TIME, FolderStore};

const TENANTS: usize = 1_500;
const SYNC: Duration = Duration::from_millis(100);
/// Longer than a machine that is busy takes.
const IN_THE_END: Duration = Duration::from_secs(60);

fn create(tenant: &TenantId) -> Commit {
    Commit {
        tenant: tenant.clone(),
        edit: KeyringEdit::Create(ApiKey::new(
            KeyName::parse("one").unwrap(),
            true,
            Scopes::parse(&["x"]).unwrap(),
            Digest::of(b"one"),
        )),
        together: None,
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: Initiator::of(Actor::SERVICE),
        asked_at: Instant::now(),
    }
}

#[tokio::test]
async fn more_tenants_than_threads_change_on_a_slow_disk() {
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<_> = (0..TENANTS)
        .map(|number| {
            let id = TenantId::parse(&format!("t{number}")).unwrap();
            std::fs::create_dir(folder.path().join(id.as_str())).unwrap();
            id
        })
        .collect();
    let files = Box::new(FailingFileSystem::under(Circumstance::SlowSyncs(SYNC)));
    let documents = FolderStore::on(folder.path().to_owned(), 1 << 20, EDIT_TIME, files);
    let store = Arc::new(DocumentRepository::new(Arc::new(documents)).unwrap());
    let mut asked: Vec<_> = ids.iter().map(|id| tokio::spawn(store.commit(create(id)))).collect();
    let since = Instant::now();
    let mut reads = 0;
    for id in ids.iter().cycle() {
        assert!(since.elapsed() < IN_THE_END, "some are never answered");
        // None of these was read before by this store, and they are read while all others write.
        let read = tokio::time::timeout(IN_THE_END, store.get_keyring(id)).await.unwrap();
        assert!(read.is_ok(), "{id}: {read:?}");
        reads += 1;
        tokio::task::yield_now().await;
        if asked.iter().all(tokio::task::JoinHandle::is_finished) {
            break;
        }
    }
    let mut done = 0;
    for asked in asked.drain(..) {
        match asked.await.unwrap() {
            Ok(_) => done += 1,
            // A machine that is busy besides may not come to all in time.
            Err(CommitError::Unavailable(_) | CommitError::Uncertain(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(done > TENANTS / 2, "{done} of {TENANTS} changes were made, {reads} reads");
    let after = store.commit(create(&TenantId::parse("nobody").unwrap())).await;
    assert!(matches!(after, Err(CommitError::NoSuchTenant)), "{after:?}");
}
