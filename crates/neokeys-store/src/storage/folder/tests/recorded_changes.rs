//! A fault at each call of a change with its record: no acknowledged change is without one, and none is
//! recorded as done that is not.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::fault_injection::{Circumstance, FailingFileSystem, Fault};
use super::unacknowledged_write::{End, Gate};
use crate::audit::{Action, DocumentState, Record};
use crate::domain::{
    Actor, ApiKey, Commit, CommitError, Committed, Digest, Initiator, KeyName, KeyRepository as _,
    KeyringEdit, Precondition, Right, Scopes, TenantId,
};
use crate::storage::DocumentRepository;
use crate::storage::folder::{EDIT_TIME, FolderStore};

async fn create(repository: &DocumentRepository, name: &str) -> Result<Committed, CommitError> {
    let scopes = Scopes::parse(&["x"]).unwrap();
    let key = ApiKey::new(KeyName::parse(name).unwrap(), true, scopes, Digest::of(name.as_bytes()));
    let commit = Commit {
        tenant: TenantId::parse("t").unwrap(),
        edit: KeyringEdit::Create(key),
        together: None,
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: Initiator::of(Actor::SERVICE),
        asked_at: Instant::now(),
    };
    repository.commit(commit).await
}

/// Names of keys that the log says were made and not undone; holds that its states lead on.
fn made(folder: &std::path::Path) -> Vec<String> {
    let log = std::fs::read_to_string(folder.join(".neokeys/audit/t/events-0001.jsonl"));
    let (mut made, mut last) = (Vec::new(), None);
    for line in log.unwrap_or_default().lines() {
        let record = Record::parse(line.as_bytes()).unwrap();
        let Some(change) = record.document else { continue };
        assert!(last.is_none_or(|last| last == change.before), "{line}");
        last = Some(change.after);
        if let Some((first, to)) = record.undone {
            made.retain(|(line, _)| !(first..=to).contains(line));
        } else if record.action != Action::Found(None).name() {
            made.push((record.sequence, record.subject));
        }
    }
    let text = std::fs::read(folder.join("t/security.yml")).unwrap();
    assert_eq!(last, Some(DocumentState::of(&text)));
    made.into_iter().map(|(_, name)| name).collect()
}

/// One change with a fault at a call. Gives how many calls there were.
async fn change_with_fault(at: usize, fault: Fault, is_first: bool) -> usize {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let healthy = || {
        let store = FolderStore::new(folder.path(), 1 << 20);
        DocumentRepository::new(Arc::new(store)).unwrap()
    };
    if !is_first {
        create(&healthy(), "zero").await.unwrap();
    }
    let calls = Arc::<AtomicUsize>::default();
    let circumstance = Mutex::new(Circumstance::Usual);
    let files = FailingFileSystem { calls: Arc::clone(&calls), at, fault, circumstance };
    let root = folder.path().to_owned();
    let failing = FolderStore::on(root, 1 << 20, EDIT_TIME, Box::new(files));
    let failing = DocumentRepository::new(Arc::new(failing)).unwrap();
    let told = create(&failing, "one").await;
    let calls = calls.load(std::sync::atomic::Ordering::Relaxed);
    drop(failing);

    let after = healthy();
    let keyring = after.get_keyring(&TenantId::parse("t").unwrap()).await.unwrap();
    let is_there = keyring.find_by_name("one").is_some();
    assert!(told.is_err() || is_there, "call {at} {fault:?}: acknowledged and gone");
    create(&after, "two").await.unwrap();
    let names = made(folder.path());
    let says = format!("call {at} {fault:?}, first {is_first}: {told:?}, then {names:?}");
    assert_eq!(names.iter().filter(|name| *name == "one").count(), usize::from(is_there), "{says}");
    assert_eq!(names.last().map(String::as_str), Some("two"), "{says}");
    calls
}

#[tokio::test]
async fn a_record_and_its_change_survive_a_fault_at_every_call_together() {
    for is_first in [true, false] {
        let calls = change_with_fault(usize::MAX, Fault::Fails, is_first).await;
        assert!(calls > 12, "only {calls} calls");
        for fault in [Fault::Fails, Fault::Dies] {
            for at in 0..calls {
                change_with_fault(at, fault, is_first).await;
            }
        }
    }
}

/// An editor comes between the record of a change and the change, and another process while it is waited for.
#[tokio::test]
async fn a_change_that_waits_for_an_editor_is_recorded_once_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let other = FolderStore::new(folder.path(), 1 << 20);
    let other = DocumentRepository::new(Arc::new(other)).unwrap();
    create(&other, "zero").await.unwrap();
    let (recorded, waiting) = (Gate::default(), Gate::default());
    let gates = Circumstance::LogGates(recorded.clone(), waiting.clone());
    let files = FailingFileSystem::under(gates);
    let root = folder.path().to_owned();
    let store = FolderStore::on(root, 1 << 20, EDIT_TIME, Box::new(files));
    let store = DocumentRepository::new(Arc::new(store)).unwrap();
    store.get_keyring(&TenantId::parse("t").unwrap()).await.unwrap();

    recorded.close();
    let change = tokio::spawn(async move { create(&store, "one").await });
    tokio::task::spawn_blocking({
        let recorded = recorded.clone();
        move || recorded.wait_for_somebody()
    })
    .await
    .unwrap();
    waiting.close();
    let mut editor = std::fs::File::options();
    let mut editor = editor.append(true).open(folder.path().join("t/security.yml")).unwrap();
    std::io::Write::write_all(&mut editor, b"# edited\n").unwrap();
    recorded.open(End::Well);
    tokio::task::spawn_blocking({
        let waiting = waiting.clone();
        move || waiting.wait_for_somebody()
    })
    .await
    .unwrap();
    drop(editor);
    create(&other, "two").await.unwrap();
    waiting.open(End::Well);
    change.await.unwrap().unwrap();
    assert_eq!(made(folder.path()), ["zero", "two", "one"]);
}

#[tokio::test]
async fn a_record_and_its_document_wait_for_the_disk_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    let (syncs, folder_syncs) = (Gate::default(), Gate::default());
    let files = FailingFileSystem::under(Circumstance::Gates(syncs.clone(), folder_syncs));
    let store = FolderStore::on(folder.path().to_owned(), 1 << 20, EDIT_TIME, Box::new(files));
    let store = Arc::new(DocumentRepository::new(Arc::new(store)).unwrap());
    for name in ["first", "second"] {
        syncs.close();
        let store = Arc::clone(&store);
        let change = tokio::spawn(async move { create(&store, name).await });
        let both = syncs.clone();
        tokio::task::spawn_blocking(move || both.wait_for(2)).await.unwrap();
        syncs.open(End::Well);
        change.await.unwrap().unwrap();
    }
    assert_eq!(made(folder.path()), ["first", "second"]);
}
