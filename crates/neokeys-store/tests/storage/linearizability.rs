//! Operations of many callers on one tenant come out as if they had been done one after another, in
//! an order that agrees with the clock.

use std::sync::{Arc, Mutex};

use neokeys_store::domain::{
    Commit, CommitFuture, KeyRepository, Keyring, KeyringFuture, StoreHealth, TenantId,
    TenantsFuture,
};
use neokeys_store::storage::{DocumentRepository, MemoryStore};
use todc_utils::linearizability::history::Action::{Call, Response};

use neokeys_testkit::linearizable::model::{Answer, Operation, Request, Shown};
use neokeys_testkit::linearizable::repository::RepositoryClient;
use neokeys_testkit::linearizable::{Recorded, demand_linearizable, is_linearizable, play};
use neokeys_testkit::tenants::{Folder, tenant};

const CALLERS: usize = 6;
const OPERATIONS: usize = 8;
const ROUNDS: u64 = 60;

/// A history of `(who, from, to, request, answer)`, in moments.
fn history(operations: &[(usize, u32, u32, Request, Answer)]) -> Recorded {
    let mut events = Vec::new();
    for (who, from, to, request, answer) in operations {
        let operation = Operation { request: request.clone(), answer: answer.clone() };
        events.push((*from, *who, Call(operation.clone())));
        events.push((*to, *who, Response(operation)));
    }
    events.sort_by_key(|(moment, ..)| *moment);
    events.into_iter().map(|(_, who, event)| (who, event)).collect()
}

fn created(token: &str) -> Answer {
    Answer::Created(token.to_owned())
}

fn by(token: &str, change: Request) -> Request {
    Request::By { token: token.to_owned(), change: Box::new(change) }
}

fn update(mark: u32, only: Option<Shown>) -> Request {
    Request::Update { name: "a", enabled: true, mark, only }
}

fn shown(mark: u32) -> Shown {
    Shown { name: "a".to_owned(), enabled: true, mark }
}

const CREATE: Request = Request::Create { name: "a", mark: 1 };
const DELETE: Request = Request::Delete { name: "a" };
const GET: Request = Request::Get { name: "a" };

#[test]
fn the_checker_takes_what_is_right() {
    let authenticate = Request::Authenticate { token: "t".to_owned() };
    assert!(is_linearizable(&history(&[
        (0, 0, 10, CREATE, created("t")),
        // Seen before it was acknowledged, then gone: a deletion was under way too.
        (1, 1, 2, GET, Answer::Key(shown(1))),
        (2, 3, 20, DELETE, Answer::Deleted),
        (1, 4, 5, authenticate.clone(), Answer::Accepted(false)),
        (1, 11, 12, GET, Answer::Absent),
    ])));
    // What was never answered may be done late, or not at all.
    for seen in [Answer::Absent, Answer::Key(shown(1))] {
        let unknown = [(0, 0, 99, CREATE, Answer::Unknown), (1, 5, 6, GET, seen)];
        assert!(is_linearizable(&history(&unknown)));
    }
}

#[test]
fn the_checker_catches_what_is_wrong() {
    let authenticate = Request::Authenticate { token: "t".to_owned() };
    let create = (0, 0, 1, CREATE, created("t"));
    let delete = (0, 2, 3, DELETE, Answer::Deleted);
    let wrong = [
        (
            "a key is read after its deletion was acknowledged",
            vec![create.clone(), delete.clone(), (1, 4, 5, GET, Answer::Key(shown(1)))],
        ),
        (
            "a token works after its deletion was acknowledged",
            vec![create.clone(), delete, (1, 4, 5, authenticate.clone(), Answer::Accepted(true))],
        ),
        (
            "a new token does not work",
            vec![create.clone(), (1, 4, 5, authenticate, Answer::Accepted(false))],
        ),
        (
            "one name is created twice",
            vec![
                (0, 0, 9, CREATE, created("t")),
                (1, 0, 9, Request::Create { name: "a", mark: 2 }, created("u")),
            ],
        ),
        (
            "an update is lost",
            vec![
                create.clone(),
                (0, 2, 9, update(2, None), Answer::Updated),
                (
                    1,
                    3,
                    8,
                    Request::Update { name: "a", enabled: false, mark: 3, only: None },
                    Answer::Updated,
                ),
                (2, 10, 11, GET, Answer::Key(shown(1))),
            ],
        ),
        (
            "two updates of one state are both done",
            vec![
                create.clone(),
                (0, 2, 9, update(2, Some(shown(1))), Answer::Updated),
                (1, 3, 8, update(3, Some(shown(1))), Answer::Updated),
            ],
        ),
        (
            "time goes back between two reads",
            vec![
                create.clone(),
                (0, 2, 20, update(2, None), Answer::Updated),
                (1, 3, 4, GET, Answer::Key(shown(2))),
                (1, 5, 6, GET, Answer::Key(shown(1))),
            ],
        ),
        (
            "a list has half of what was there",
            vec![
                create.clone(),
                (0, 2, 3, Request::Create { name: "b", mark: 2 }, created("u")),
                (1, 4, 5, Request::List, Answer::Keys(vec![shown(1)])),
            ],
        ),
        (
            "a key makes a change after its deletion was acknowledged",
            vec![
                create.clone(),
                (0, 2, 3, DELETE, Answer::Deleted),
                (1, 1, 9, by("t", Request::Create { name: "b", mark: 2 }), created("u")),
                (2, 4, 5, Request::List, Answer::Keys(Vec::new())),
            ],
        ),
        (
            "a key that was never taken away is refused",
            vec![create.clone(), (1, 2, 3, by("t", DELETE), Answer::Refused)],
        ),
        (
            "a key is not there to be deleted after its creation was acknowledged",
            vec![create.clone(), (1, 2, 3, DELETE, Answer::Absent)],
        ),
        (
            "a key is not there to be changed after its creation was acknowledged",
            vec![create.clone(), (1, 2, 3, update(2, None), Answer::Absent)],
        ),
        (
            "a name is taken still after its deletion was acknowledged",
            vec![
                create.clone(),
                (0, 2, 3, DELETE, Answer::Deleted),
                (1, 4, 5, Request::Create { name: "a", mark: 2 }, Answer::NameTaken),
            ],
        ),
        (
            "a key is not the one any more that nobody changed",
            vec![create.clone(), (1, 2, 3, update(2, Some(shown(1))), Answer::NotThatOne)],
        ),
        ("a name is taken that was never given", vec![(0, 0, 1, CREATE, Answer::NameTaken)]),
    ];
    for (what, operations) in wrong {
        assert!(!is_linearizable(&history(&operations)), "not caught: {what}");
    }
}

/// Plays rounds, each on a tenant of its own; the callers take the repositories in turn.
fn judge(repositories: &[Arc<dyn KeyRepository>], make: impl Fn(&TenantId), what: &str) {
    let mut answers = 0;
    for round in 0..ROUNDS {
        let id = tenant(&format!("r{round}"));
        make(&id);
        let clients = (0..CALLERS).map(|caller| {
            let repository = &repositories[caller % repositories.len()];
            RepositoryClient::new(Arc::clone(repository), &id)
        });
        let recorded = play(clients.collect(), OPERATIONS, round);
        demand_linearizable(&recorded, &format!("{what}, round {round}"));
        answers += recorded.len() / 2;
    }
    println!("{what}: {answers} operations in {ROUNDS} histories are linearizable");
}

#[test]
fn a_folder_is_linearizable() {
    let folder = Folder::new();
    let make = |id: &TenantId| std::fs::create_dir(folder.root.join(id.as_str())).unwrap();
    judge(&[folder.open()], make, "one store on a folder");
}

#[test]
fn two_stores_on_one_folder_are_linearizable() {
    let folder = Folder::new();
    let make = |id: &TenantId| std::fs::create_dir(folder.root.join(id.as_str())).unwrap();
    judge(&[folder.open(), folder.open()], make, "two stores on one folder");
}

#[test]
fn memory_is_linearizable() {
    let documents = Arc::new(MemoryStore::new());
    let store = DocumentRepository::new(Arc::clone(&documents) as Arc<_>).unwrap();
    judge(&[Arc::new(store)], |id| documents.put(id, ""), "memory");
}

/// A repository as many are written: every other read comes from a cache of the last one.
struct Stale {
    store: Arc<DocumentRepository>,
    cached: Mutex<Option<Arc<Keyring>>>,
}

impl KeyRepository for Stale {
    fn get_keyring<'a>(&'a self, id: &'a TenantId) -> KeyringFuture<'a> {
        if let Some(keyring) = self.cached.lock().unwrap().take() {
            return KeyringFuture::ready(Ok(keyring));
        }
        KeyringFuture::Pending(Box::pin(async move {
            let keyring = self.store.get_keyring(id).await?;
            *self.cached.lock().unwrap() = Some(Arc::clone(&keyring));
            Ok(keyring)
        }))
    }

    fn tenants(&self) -> TenantsFuture<'_> {
        self.store.tenants()
    }

    fn commit(&self, commit: Commit) -> CommitFuture {
        self.store.commit(commit)
    }

    fn health(&self) -> StoreHealth {
        self.store.health()
    }
}

#[test]
fn a_repository_that_caches_is_caught_at_work() {
    let documents = Arc::new(MemoryStore::new());
    let store = Arc::new(DocumentRepository::new(Arc::clone(&documents) as Arc<_>).unwrap());
    let caught = (0..ROUNDS).find(|round| {
        let id = tenant(&format!("r{round}"));
        documents.put(&id, "");
        let cached = Mutex::default();
        let stale: Arc<dyn KeyRepository> = Arc::new(Stale { store: Arc::clone(&store), cached });
        let clients = (0..CALLERS).map(|_| RepositoryClient::new(Arc::clone(&stale), &id));
        !is_linearizable(&play(clients.collect(), OPERATIONS, *round))
    });
    assert!(caught.is_some(), "stale reads went unseen in {ROUNDS} histories");
}
