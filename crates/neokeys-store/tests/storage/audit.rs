//! Records of changes: each change once, before it is acknowledged, in an order that explains
//! the document.

use std::time::{Duration, Instant};

use neokeys_store::audit::Record;
use neokeys_store::domain::{
    Actor, ActorKind, Commit, CommitError, EditError, Initiator, KeyRepository as _, KeyringEdit,
    Precondition, Right, TenantId,
};
use neokeys_store::storage::{DocumentRepository, DocumentStore as _, FolderStore};
use neokeys_store::transparency::{CompactRange, TreeHash};
use neokeys_testkit::audit_log::{explained, records};
use neokeys_testkit::tenants::{Folder, commit, create, delete, update};

/// Longer than a machine that is busy takes.
const IN_THE_END: Duration = Duration::from_secs(60);

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < IN_THE_END, "it never came to it that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn every_change_is_recorded_before_it_is_acknowledged() {
    let folder = Folder::new();
    let store = folder.open();
    let told = || explained(&folder.root, "t");
    commit(&store, &folder.t, create("a")).await.unwrap();
    assert_eq!(told(), ["Create a"]);
    commit(&store, &folder.t, update("a", false, &["a:read"])).await.unwrap();
    commit(&store, &folder.t, update("a", true, &["b:read"])).await.unwrap();
    commit(&store, &folder.t, delete("a")).await.unwrap();
    assert_eq!(told(), ["Create a", "Disable a", "Update a", "Delete a"]);
    // What the operator is refused is nobody's attempt.
    commit(&store, &folder.t, delete("a")).await.unwrap_err();
    assert_eq!(records(&folder.root, "t").len(), 4);
    let head = std::fs::read_to_string(folder.root.join(".neokeys/audit/t/head")).unwrap();
    assert!(head.contains("\"size\":4") && head.contains("— "), "{head}");
}

#[tokio::test]
async fn a_document_that_cannot_be_edited_is_a_refusal_with_a_line() {
    let folder = Folder::new();
    let hash = "0".repeat(64);
    folder.write(&format!(
        "apiKeys:\n  - &one\n    name: one\n    permissions: [a]\n    hash: {hash}\nx: *one\n"
    ));
    let store = folder.open();
    let caller =
        Actor { name: "robot".into(), kind: ActorKind::Caller("api_key".into()), ..Actor::SERVICE };
    let refused = store.commit(Commit {
        tenant: folder.t.clone(),
        edit: delete("one"),
        together: None,
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: Initiator::of(caller),
        asked_at: Instant::now(),
    });
    let refused = refused.await.unwrap_err();
    assert!(matches!(refused, CommitError::NotEditable { .. }), "{refused:?}");
    let last = records(&folder.root, "t").pop().unwrap();
    let told = (last.is_done, &*last.action, &*last.actor, &*last.subject, last.document);
    assert_eq!(told, (false, "Delete", "robot", "one", None));
}

#[tokio::test]
async fn what_a_hand_changed_is_recorded_when_it_is_loaded() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("a")).await.unwrap();
    let text = folder.text();
    folder.write(&text.replace("name: a", "name: b"));
    store.get_keyring(&folder.t).await.unwrap();
    until("the edit is recorded", || records(&folder.root, "t").len() == 2).await;
    assert_eq!(explained(&folder.root, "t"), ["Create a", "Change from outside t"]);
    // While nobody runs, and a change comes first.
    drop(store);
    folder.write(&text);
    let store = folder.open();
    commit(&store, &folder.t, create("c")).await.unwrap();
    let told = explained(&folder.root, "t");
    assert_eq!(told[2..], ["Change from outside t", "Create c"]);
    let log = std::fs::read_to_string(folder.root.join(".neokeys/audit/t/events-0001.jsonl"));
    let log = log.unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert!(lines[1].contains(r#""came":["b"],"went":["a"]"#), "{}", lines[1]);
    assert!(lines[2].contains(r#""came":["a"],"went":["b"]"#), "{}", lines[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_and_hands_beside_each_other_leave_one_explained_order() {
    let folder = Folder::new();
    folder.write("# people's\napiKeys:\n");
    let stores = [folder.open(), folder.open()];
    let mut writers = Vec::new();
    for (number, store) in stores.iter().enumerate() {
        for writer in 0..4 {
            let (store, tenant) = (std::sync::Arc::clone(store), folder.t.clone());
            writers.push(tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for key in 0..15 {
                    let name = format!("k{number}-{writer}-{key}");
                    if is_created(&store, &tenant, &name).await {
                        acknowledged.push(format!("Create {name}"));
                    }
                }
                acknowledged
            }));
        }
    }
    for edit in 0..20 {
        // As git does: another file in its place.
        let staged = folder.root.join("staged");
        let text = format!("# edit {edit}\n{}", folder.text());
        std::fs::write(&staged, &text).unwrap();
        std::fs::rename(&staged, folder.document()).unwrap();
        stores[edit % 2].get_keyring(&folder.t).await.unwrap();
    }
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    stores[0].get_keyring(&folder.t).await.unwrap();
    assert!(is_created(&stores[1], &folder.t, "last").await);
    acknowledged.push("Create last".to_owned());
    let told = explained(&folder.root, "t");
    let mut created: Vec<_> = told.iter().filter(|it| it.starts_with("Create ")).collect();
    let count = created.len();
    created.sort();
    created.dedup();
    assert_eq!(created.len(), count, "a key was created twice: {told:?}");
    assert!(acknowledged.iter().all(|it| created.binary_search(&it).is_ok()), "{told:?}");
    assert!(acknowledged.len() > 60, "{acknowledged:?}");
}

/// Whether a key was created, and not by the hand that puts a document in the place of ours, and has its text from
/// the moment between an exchange and its reversal.
async fn is_created(store: &DocumentRepository, tenant: &TenantId, key: &str) -> bool {
    let began = Instant::now();
    loop {
        match commit(store, tenant, create(key)).await {
            Ok(_) => return true,
            // Nothing was written: the other store has the lock for long, where the disk is busy.
            Err(CommitError::Unavailable(_)) if began.elapsed() < IN_THE_END => {}
            Err(CommitError::Edit(EditError::NameTaken) | CommitError::Uncertain(_)) => {
                return false;
            }
            Err(error) => panic!("{key}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn a_torn_line_is_put_aside_and_told_of() {
    let folder = Folder::new();
    commit(&folder.open(), &folder.t, create("a")).await.unwrap();
    let log = folder.root.join(".neokeys/audit/t/events-0001.jsonl");
    let mut text = std::fs::read(&log).unwrap();
    for torn in [&b"{\"class_uid\":30"[..], &[0; 5_000], b"\0\0\0\n\0\0{\n"] {
        text.extend_from_slice(torn);
        std::fs::write(&log, &text).unwrap();
        let store = folder.open();
        commit(&store, &folder.t, update("a", torn.len() % 2 == 0, &["x"])).await.unwrap();
        let last = records(&folder.root, "t").pop().unwrap();
        assert_eq!(explained(&folder.root, "t").len() as u64 - 1, (last.sequence) / 2);
        let kept = folder.root.join(format!(".neokeys/audit/t/torn-{}", last.sequence - 1));
        assert_eq!(std::fs::read(kept).unwrap(), torn);
        text = std::fs::read(&log).unwrap();
    }
    // Lines that were told of are missing: nothing is changed on top.
    let short = text.len() - 10;
    std::fs::write(&log, &text[..short]).unwrap();
    let store = folder.open();
    let told = commit(&store, &folder.t, create("b")).await.unwrap_err();
    assert!(format!("{told:?}").contains("LogDamaged"), "{told:?}");
    assert!(store.get_keyring(&folder.t).await.is_ok());
    assert!(store.health().faults.iter().any(|it| it.contains("audit log")));
    std::fs::write(&log, &text).unwrap();
    commit(&store, &folder.t, create("b")).await.unwrap();
    assert!(store.health().faults.is_empty());
}

#[tokio::test]
async fn lines_are_read_block_by_block_whatever_the_size_of_the_log() {
    let folder = Folder::new();
    folder.write("apiKeys: []\n");
    let store = folder.open();
    let documents = FolderStore::new(&folder.root, 1 << 20);
    let log = documents.audit_log().unwrap();
    for round in 0..10 {
        for key in 0..64 {
            commit(&store, &folder.t, update_or_create(round, key)).await.unwrap();
        }
    }
    let size = log.read_end(&folder.t).await.unwrap().head.size;
    assert_eq!(size, 641, "the document was found first");
    let (mut lines, mut roots) = (Vec::new(), Vec::new());
    for from in (0..size).step_by(256) {
        let block = log.read_lines(&folder.t, from).await.unwrap();
        assert_eq!(block.len() as u64, 256.min(size - from));
        let mut tree = CompactRange::default();
        roots.extend(block.iter().filter_map(|line| tree.append(TreeHash::of_line(line))));
        lines.extend(block);
    }
    let sequences = lines.iter().map(|line| Record::parse(line).unwrap().sequence);
    assert!(sequences.eq(0..size));
    assert_eq!(log.block_hashes(&folder.t, 0).await.unwrap(), roots);
    assert_eq!(log.read_lines(&folder.t, 300).await.unwrap()[0], lines[300]);
    assert!(log.read_lines(&folder.t, size).await.unwrap().is_empty());
    explained(&folder.root, "t");
}

#[tokio::test]
async fn a_tenant_that_was_not_made_is_not_said_to_be() {
    let folder = Folder::new();
    let (store, t) = (folder.open(), neokeys_testkit::tenants::tenant("new"));
    let place = folder.root.join("new");
    // It cannot be made where something else is.
    std::fs::write(&place, "a file").unwrap();
    store.create_tenant(&t).await.unwrap_err();
    assert_eq!(explained(&folder.root, "new"), [""; 0]);
    std::fs::remove_file(&place).unwrap();
    store.create_tenant(&t).await.unwrap();
    assert_eq!(explained(&folder.root, "new"), ["Create new"]);
    // As after a crash behind the line.
    std::fs::remove_dir(&place).unwrap();
    store.create_tenant(&t).await.unwrap();
    assert_eq!(explained(&folder.root, "new"), ["Create new"]);
    commit(&store, &t, create("a")).await.unwrap();
    assert_eq!(explained(&folder.root, "new"), ["Create new", "Create a"]);
}

fn update_or_create(round: usize, key: usize) -> KeyringEdit {
    let name = format!("k{key}");
    if round == 0 { create(&name) } else { update(&name, round.is_multiple_of(2), &["x"]) }
}

/// A log and its head as they are on disk, byte by byte; and keys are checked all the same.
#[tokio::test]
async fn every_byte_on_disk_counts_and_none_keeps_keys_from_being_checked() {
    let folder = Folder::new();
    let store = folder.open();
    for key in ["a", "b", "c"] {
        commit(&store, &folder.t, create(key)).await.unwrap();
    }
    assert!(store.verify_log(&folder.t, None).await.is_ok());
    let log = folder.root.join(".neokeys/audit/t");
    for (file, what) in [("events-0001.jsonl", "line"), ("head", "head")] {
        let good = std::fs::read(log.join(file)).unwrap();
        for at in 0..good.len() {
            let mut spoilt = good.clone();
            spoilt[at] ^= 1;
            std::fs::write(log.join(file), &spoilt).unwrap();
            let verified = store.verify_log(&folder.t, None).await;
            let told = verified.expect_err(&format!("byte {at} of the {what}")).to_string();
            assert!(told.contains("events-0001.jsonl:"), "byte {at} of the {what}: {told}");
            assert_eq!(store.get_keyring(&folder.t).await.unwrap().keys().len(), 3);
        }
        std::fs::write(log.join(file), &good).unwrap();
        assert!(store.verify_log(&folder.t, None).await.is_ok(), "{what}");
    }
    let text = folder.text();
    for at in 0..text.len() {
        let mut spoilt = text.clone().into_bytes();
        spoilt[at] ^= 1;
        std::fs::write(folder.document(), &spoilt).unwrap();
        let verified = store.verify_log(&folder.t, None).await.unwrap();
        assert!(verified.is_document_changed, "byte {at} of the document");
    }
}

#[tokio::test]
async fn a_head_of_another_tenant_is_none_of_this_one() {
    let folder = Folder::new();
    let (store, other) = (folder.open(), neokeys_testkit::tenants::tenant("other"));
    commit(&store, &folder.t, create("a")).await.unwrap();
    store.create_tenant(&other).await.unwrap();
    let head = |tenant: &str| folder.root.join(".neokeys/audit").join(tenant).join("head");
    std::fs::copy(head("other"), head("t")).unwrap();
    let told = store.verify_log(&folder.t, None).await.unwrap_err().to_string();
    assert!(told.contains("events-0001.jsonl:") && told.contains("other"), "{told}");
    assert_eq!(store.get_keyring(&folder.t).await.unwrap().keys().len(), 1);
}
