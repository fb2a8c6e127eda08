//! Many tenants at once, locks that others hold, and callers who go: everybody is answered in the
//! end, nobody is kept waiting by another tenant, and what nobody waits for is not begun.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use neokeys_store::domain::{
    Actor, Commit, CommitError, EditError, Initiator, KeyRepository, KeyringEdit, Precondition,
    Remedy, Right, TenantId,
};
use neokeys_store::storage::{
    CreateTenantError, DocumentError, DocumentRepository, DocumentStore, MemoryStore, Reading,
    StoreFuture, StoredDocument, Version, WriteError,
};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::timeout;

use neokeys_testkit::tenants::{Folder, commit, create, delete, names, tenant};

/// Longer than any answer takes on a busy machine.
const IN_THE_END: Duration = Duration::from_secs(60);
const TENANTS: usize = 5_000;
const HELD: usize = 2_000;

/// The lock of a tenant, held as a backup does.
fn hold(folder: &Folder, id: &TenantId) -> File {
    let own = folder.root.join(".neokeys");
    std::fs::create_dir_all(&own).unwrap();
    let lock = File::create(own.join(format!("{id}.lock"))).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    lock
}

/// Lets this process open as many files as it may.
fn open_many_files() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

fn ids(folder: &Folder, count: usize) -> Vec<TenantId> {
    let ids: Vec<_> = (0..count).map(|number| tenant(&format!("t{number}"))).collect();
    ids.iter().for_each(|id| std::fs::create_dir(folder.root.join(id.as_str())).unwrap());
    ids
}

fn ask(
    store: &Arc<DocumentRepository>,
    id: &TenantId,
    edit: KeyringEdit,
) -> tokio::task::JoinHandle<Result<(), CommitError>> {
    let (store, id) = (Arc::clone(store), id.clone());
    tokio::spawn(async move {
        let answer = timeout(IN_THE_END, commit(&store, &id, edit)).await;
        answer.unwrap_or_else(|_| panic!("{id} was never answered")).map(drop)
    })
}

#[tokio::test]
async fn five_thousand_tenants_change_at_once() {
    let folder = Folder::new();
    let (store, ids) = (folder.open(), ids(&folder, TENANTS));
    let asked: Vec<_> = ids.iter().map(|id| ask(&store, id, create("one"))).collect();
    let (mut late, mut unknown) = (Vec::new(), 0);
    for (asked, id) in asked.into_iter().zip(&ids) {
        match asked.await.unwrap() {
            Ok(()) => {}
            // A slow disk does not get through all of them in a request's time.
            Err(CommitError::Unavailable(_)) => late.push(id),
            Err(CommitError::Uncertain(_)) => unknown += 1,
            Err(error) => panic!("{id}: {error:?}"),
        }
    }
    let came_late = late.len();
    println!("of {TENANTS}, the turn of {came_late} and the end of {unknown} did not come in time");
    assert!(came_late + unknown < TENANTS, "nothing was done");
    for id in late {
        let keyring = store.get_keyring(id).await.unwrap();
        assert!(keyring.keys().is_empty(), "{id}: it was said that nothing was changed");
    }
    let since = Instant::now();
    while store.statistics().commits_waiting > 0 {
        assert!(since.elapsed() < IN_THE_END, "some changes never come to their end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    commit(&store, &folder.t, create("after")).await.unwrap();
    assert!(store.health().faults.is_empty(), "{:?}", store.health());
}

#[tokio::test]
async fn two_thousand_held_locks_stop_nobody_else() {
    open_many_files();
    let folder = Folder::new();
    let (store, ids) = (folder.open(), ids(&folder, HELD));
    let locks: Vec<_> = ids.iter().map(|id| hold(&folder, id)).collect();
    let since = Instant::now();
    let mut asked: Vec<_> = ids.iter().map(|id| ask(&store, id, create("one"))).collect();
    let mut changes = 0;
    while asked.iter().any(|asked| !asked.is_finished()) {
        // Somebody else's changes and reads go on meanwhile.
        let name = format!("k{changes}");
        timeout(IN_THE_END, commit(&store, &folder.t, create(&name))).await.unwrap().unwrap();
        let keyring = timeout(IN_THE_END, store.get_keyring(&folder.t)).await.unwrap().unwrap();
        changes += 1;
        assert_eq!(keyring.keys().len(), changes);
    }
    println!("{changes} changes while {HELD} locks were held, {:?}", since.elapsed());
    for (asked, id) in asked.drain(..).zip(&ids) {
        let error = asked.await.unwrap().unwrap_err();
        let CommitError::Unavailable(cause) = &error else { panic!("{id}: {error:?}") };
        assert!(
            matches!(cause.find(), Some(DocumentError::Locked { .. }))
                || cause.to_string().contains("did not get its turn"),
            "{id}: {cause}"
        );
        assert!(matches!(cause.remedy(), Remedy::TryLater(_)), "{id}: {cause}");
    }
    drop(locks);
    let since = Instant::now();
    let asked: Vec<_> = ids.iter().map(|id| ask(&store, id, create("two"))).collect();
    for (asked, id) in asked.into_iter().zip(&ids) {
        let mut outcome = asked.await.unwrap();
        // A machine that is busy besides may not come to all two thousand in time.
        while matches!(outcome, Err(CommitError::Unavailable(_))) {
            assert!(since.elapsed() < IN_THE_END, "{id}: {outcome:?}");
            outcome = commit(&store, id, create("two")).await.map(drop);
        }
        outcome.unwrap();
        assert_eq!(names(&store.get_keyring(id).await.unwrap()), ["two"], "{id}");
    }
}

#[tokio::test]
async fn a_held_lock_is_waited_for_and_then_told() {
    let folder = Folder::new();
    let store = folder.open();
    commit(&store, &folder.t, create("there")).await.unwrap();
    let lock = hold(&folder, &folder.t);
    let since = Instant::now();
    let asked = ask(&store, &folder.t, create("late"));
    // What a rule refuses needs no lock; what is read does not either.
    let taken = ask(&store, &folder.t, create("there"));
    let missing = ask(&store, &folder.t, delete("missing"));
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["there"]);
    let error = asked.await.unwrap().unwrap_err();
    assert!(since.elapsed() >= Duration::from_secs(5), "{:?}", since.elapsed());
    let CommitError::Unavailable(cause) = error else { panic!("{error:?}") };
    let Some(DocumentError::Locked { path, .. }) = cause.find() else { panic!("{cause}") };
    assert_eq!(*path, folder.root.join(".neokeys/t.lock"));
    let refused = |outcome: Result<(), CommitError>| match outcome.unwrap_err() {
        CommitError::Edit(error) => error,
        error => panic!("{error:?}"),
    };
    assert!(matches!(refused(taken.await.unwrap()), EditError::NameTaken));
    assert!(matches!(refused(missing.await.unwrap()), EditError::NotFound));
    // A lock that is let go in time is no matter at all.
    let asked = ask(&store, &folder.t, create("in-time"));
    while store.statistics().commits_waiting == 0 {
        tokio::task::yield_now().await;
    }
    drop(lock);
    asked.await.unwrap().unwrap();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["there", "in-time"]);
}

#[tokio::test]
async fn a_change_whose_caller_has_gone_is_not_begun() {
    let folder = Folder::new();
    let store = folder.open();
    let lock = hold(&folder, &folder.t);
    let stays = ask(&store, &folder.t, create("stays"));
    for number in 0..10 {
        let asked = commit(&store, &folder.t, create(&format!("late-{number}")));
        let gone = timeout(Duration::from_millis(5), asked).await;
        assert!(gone.is_err(), "{gone:?}");
    }
    drop(lock);
    stays.await.unwrap().unwrap();
    commit(&store, &folder.t, create("next")).await.unwrap();
    assert_eq!(names(&store.get_keyring(&folder.t).await.unwrap()), ["stays", "next"]);
}

#[tokio::test]
async fn a_waiting_change_is_told_to_readiness_and_counted() {
    let folder = Folder::new();
    let gate = Arc::new(Gate::default());
    let gated = Arc::new(DocumentRepository::new(Arc::clone(&gate) as Arc<_>).unwrap());
    gate.documents.put(&folder.t, "");
    let asked = ask(&gated, &folder.t, create("one"));
    let long_ago = Instant::now();
    while gated.health().faults.is_empty() {
        assert!(long_ago.elapsed() < IN_THE_END, "readiness never says that a change waits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(gated.health().faults, ["changes that wait longer than 5 s: 1"]);
    let statistics = gated.statistics();
    assert_eq!(statistics.commits_waiting, 1);
    assert!(statistics.longest_commit_wait > Duration::from_secs(5));
    // Its caller learns in the time of a request that nobody knows; the change goes on.
    let error = asked.await.unwrap().unwrap_err();
    assert!(matches!(error, CommitError::Uncertain(_)), "{error:?}");
    assert!(!gated.health().faults.is_empty(), "it is being written still");
    gate.open();
    while !gated.health().faults.is_empty() {
        assert!(long_ago.elapsed() < IN_THE_END, "readiness never comes back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(names(&gated.get_keyring(&folder.t).await.unwrap()), ["one"]);
}

#[tokio::test]
async fn a_change_that_was_begun_goes_on_when_its_caller_goes() {
    let gate = Arc::new(Gate::default());
    let store = Arc::new(DocumentRepository::new(Arc::clone(&gate) as Arc<_>).unwrap());
    let id = tenant("t");
    gate.documents.put(&id, "");
    let asked = ask(&store, &id, create("one"));
    gate.until_asked().await;
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    let next = ask(&store, &id, create("two"));
    gate.open();
    next.await.unwrap().unwrap();
    assert_eq!(names(&store.get_keyring(&id).await.unwrap()), ["one", "two"]);
}

#[tokio::test]
async fn a_silent_store_is_waited_for_as_long_as_a_request_may_take() {
    let silent = Arc::new(Gate { reads_too: true, ..Gate::default() });
    let store = Arc::new(DocumentRepository::new(Arc::clone(&silent) as Arc<_>).unwrap());
    let id = tenant("t");
    silent.documents.put(&id, "");
    let since = Instant::now();
    // Those who come while another waits wait no longer for that.
    let first = { (Arc::clone(&store), id.clone()) };
    let first = tokio::spawn(async move { first.0.get_keyring(&first.1).await.is_err() });
    silent.until_asked().await;
    let came = Instant::now();
    let changed = ask(&store, &id, create("one"));
    assert!(store.get_keyring(&id).await.is_err());
    let waited = came.elapsed();
    assert!(first.await.unwrap());
    assert!(changed.await.unwrap().is_err());
    println!("a reading was given up after {waited:?}, all after {:?}", since.elapsed());
    assert!(waited >= Duration::from_secs(3), "{waited:?}");
    // Half of a second one's patience is for a machine that is busy.
    assert!(waited < Duration::from_millis(4_500), "{waited:?}");
    let told = "documents that take too long to be read: 1";
    assert!(store.health().faults.iter().any(|fault| fault == told), "{:?}", store.health());
    silent.open();
    while store.get_keyring(&id).await.is_err() {
        assert!(since.elapsed() < IN_THE_END, "it never comes back");
    }
    assert!(store.health().faults.is_empty(), "{:?}", store.health());
}

#[tokio::test]
async fn what_was_waited_for_before_is_part_of_a_changes_time() {
    let silent = Arc::new(Gate { reads_too: true, ..Gate::default() });
    let store = Arc::new(DocumentRepository::new(Arc::clone(&silent) as Arc<_>).unwrap());
    let id = tenant("t");
    silent.documents.put(&id, "");
    // Whoever has waited for as long as a request may wait no longer, not even for a reading.
    let asked_at = Instant::now().checked_sub(Duration::from_secs(8)).unwrap();
    let late = Commit {
        tenant: id.clone(),
        edit: create("late"),
        together: None,
        precondition: Precondition::default(),
        right: Right::Operator,
        initiator: Initiator::of(Actor::SERVICE),
        asked_at,
    };
    let error = timeout(IN_THE_END, store.commit(late)).await.unwrap().unwrap_err();
    let CommitError::Unavailable(cause) = &error else { panic!("{error:?}") };
    assert!(cause.to_string().contains("did not get its turn"), "{cause}");
    silent.open();
    while commit(&store, &id, create("next")).await.is_err() {}
    assert_eq!(names(&store.get_keyring(&id).await.unwrap()), ["next"]);
}

/// Documents whose writes are held up until the gate is opened.
#[derive(Default)]
struct Gate {
    documents: MemoryStore,
    reads_too: bool,
    barrier: Arc<Barrier>,
}

/// How many stand at it, and whether it is open.
#[derive(Default)]
struct Barrier(Mutex<(usize, bool)>, Condvar);

impl Gate {
    fn open(&self) {
        self.barrier.0.lock().unwrap().1 = true;
        self.barrier.1.notify_all();
    }

    /// Until somebody stands at it.
    async fn until_asked(&self) {
        let since = Instant::now();
        while self.barrier.0.lock().unwrap().0 == 0 {
            assert!(since.elapsed() < IN_THE_END, "nobody came");
            tokio::task::yield_now().await;
        }
    }
}

impl Barrier {
    async fn pass(self: Arc<Self>) {
        let blocking = tokio::task::spawn_blocking(move || {
            let mut state = self.0.lock().unwrap();
            state.0 += 1;
            drop(self.1.wait_while(state, |(_, is_open)| !*is_open).unwrap());
        });
        blocking.await.unwrap();
    }
}

impl DocumentStore for Gate {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        if !self.reads_too {
            return self.documents.read(tenant, known);
        }
        let known = known.cloned();
        StoreFuture::pending(async move {
            Arc::clone(&self.barrier).pass().await;
            self.documents.read(tenant, known.as_ref()).await
        })
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        StoreFuture::pending(async move {
            Arc::clone(&self.barrier).pass().await;
            self.documents.write(tenant, expected, bytes).await
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
