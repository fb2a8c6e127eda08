//! Commits of several edits: all of them are made in one write, or none, and only on the keys that they
//! were planned on.

use std::time::Instant;

use neokeys_store::domain::{
    Actor, Commit, CommitError, EditError, EntityTag, Initiator, KeyRepository as _, KeyringEdit,
    Precondition, Right, Together,
};
use neokeys_store::storage::DocumentRepository;
use neokeys_testkit::tenants::{Folder, commit, create, delete, names, update};

fn together(folder: &Folder, on: EntityTag, mut edits: Vec<KeyringEdit>) -> Commit {
    Commit {
        tenant: folder.t.clone(),
        edit: edits.remove(0),
        together: Some(Together { on, edits }),
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: Initiator::of(Actor::SERVICE),
        asked_at: Instant::now(),
    }
}

async fn state(store: &DocumentRepository, folder: &Folder) -> EntityTag {
    store.get_keyring(&folder.t).await.unwrap().details_entity_tag()
}

fn writes(store: &DocumentRepository) -> u64 {
    store.statistics().writes.counts.iter().sum()
}

#[tokio::test]
async fn edits_that_belong_together_are_one_write() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    let on = state(&store, &folder).await;
    let before = writes(&store);
    let edits = vec![update("one", false, &["x"]), create("two"), create("three"), delete("one")];
    store.commit(together(&folder, on, edits)).await.unwrap();
    assert_eq!(writes(&store), before + 1);
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    assert_eq!(names(&keyring), ["two", "three"]);
    let log = std::fs::read_to_string(folder.root.join(".neokeys/audit/t/events-0001.jsonl"));
    let log = log.unwrap();
    // The first edit is no part of a plan.
    let plans: Vec<_> = log.lines().map(plan_of).collect();
    assert_eq!((plans.len(), &plans[0]), (5, &None));
    assert!(plans[1].is_some() && plans[1..].iter().all(|plan| *plan == plans[1]), "{plans:?}");
    let on = state(&store, &folder).await;
    store.commit(together(&folder, on, vec![create("four"), create("five")])).await.unwrap();
    let log = std::fs::read_to_string(folder.root.join(".neokeys/audit/t/events-0001.jsonl"));
    let next: Vec<_> = log.unwrap().lines().skip(5).map(plan_of).collect();
    assert!(next.len() == 2 && next[0].is_some() && next[0] == next[1], "{next:?}");
    assert_ne!(next[0], plans[1], "another plan has another id");
}

/// The id that the events of one plan share.
fn plan_of(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(r#""correlation_uid":""#)?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[tokio::test]
async fn one_edit_that_cannot_be_made_takes_the_others_with_it() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    let (text, on) = (folder.text(), state(&store, &folder).await);
    let edits = vec![create("two"), delete("one"), delete("one"), create("three")];
    // Beside others of the same batch, which are made.
    let (refused, made) = tokio::join!(
        store.commit(together(&folder, on, edits)),
        commit(&store, &folder.t, update("one", true, &["a:read"])),
    );
    made.unwrap();
    assert!(matches!(refused, Err(CommitError::Edit(EditError::NotFound))), "{refused:?}");
    assert_eq!(folder.text(), text);
}

#[tokio::test]
async fn a_plan_is_not_carried_out_on_other_keys_than_it_saw() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("one")).await.unwrap();
    let on = state(&store, &folder).await;
    commit(&folder.open(), &folder.t, create("two")).await.unwrap();
    let text = folder.text();
    let refused = store.commit(together(&folder, on, vec![create("three")])).await.unwrap_err();
    let is_older = matches!(refused, CommitError::Edit(EditError::PreconditionFailed));
    assert!(is_older, "{refused:?}");
    assert_eq!(folder.text(), text);
}
