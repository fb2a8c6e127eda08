//! A caller of a [`KeyRepository`].

use std::sync::Arc;
use std::time::Instant;

use neokeys_store::domain::{
    Actor, ApiKey, CallerRight, Commit, CommitError, Digest, EditError, Initiator, KeyRepository,
    Keyring, KeyringEdit, Precondition, Right, RightError, TenantId, Timestamp, Validators,
};
use tokio::runtime::Runtime;

use super::Client;
use super::model::{Answer, Request, Shown};
use crate::tenants::{name, scopes};

/// A caller with a runtime of its own, as the workers of the service have.
pub struct RepositoryClient {
    repository: Arc<dyn KeyRepository>,
    tenant: TenantId,
    runtime: Runtime,
}

impl RepositoryClient {
    pub fn new(repository: Arc<dyn KeyRepository>, tenant: &TenantId) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { repository, tenant: tenant.clone(), runtime }
    }

    fn commit(
        &self,
        edit: KeyringEdit,
        precondition: Precondition,
        right: Right,
        done: Answer,
    ) -> Answer {
        let (tenant, asked_at) = (self.tenant.clone(), Instant::now());
        let initiator = Initiator::of(Actor::SERVICE);
        let commit =
            Commit { tenant, edit, together: None, precondition, right, initiator, asked_at };
        match self.runtime.block_on(self.repository.commit(commit)) {
            Ok(_) => done,
            Err(CommitError::Edit(EditError::NameTaken)) => Answer::NameTaken,
            Err(CommitError::Edit(EditError::NotFound)) => Answer::Absent,
            Err(CommitError::Edit(EditError::PreconditionFailed)) => Answer::NotThatOne,
            Err(CommitError::NotAllowed(RightError::CredentialInvalid)) => Answer::Refused,
            Err(CommitError::Uncertain(_)) => Answer::Unknown,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// The right of whoever holds an enabled key, whatever its scopes.
#[derive(Debug)]
struct HoldsKey(Digest);

impl CallerRight for HoldsKey {
    fn authorize(
        &self,
        keyring: &Keyring,
        _: &KeyringEdit,
        _: Timestamp,
    ) -> Result<(), RightError> {
        let key = keyring.find_by_digest(&self.0).map(|it| it.key).filter(|key| key.enabled);
        key.map(drop).ok_or(RightError::CredentialInvalid)
    }
}

impl Client for RepositoryClient {
    const ACTS_BY_KEYS: bool = true;

    fn ask(&mut self, request: &Request) -> Answer {
        match request {
            Request::By { token, change } => {
                let digest = Digest::of(token.as_bytes());
                self.act(change, &Right::Caller(Arc::new(HoldsKey(digest))))
            }
            _ => self.act(request, &Right::Operator),
        }
    }
}

impl RepositoryClient {
    fn act(&self, request: &Request, right: &Right) -> Answer {
        let right = right.clone();
        let keyring = || {
            let keyring = self.runtime.block_on(self.repository.get_keyring(&self.tenant));
            keyring.unwrap()
        };
        match request {
            Request::Create { name, mark } => {
                let token = format!("{name}-{mark}");
                let created = Answer::Created(token.clone());
                let edit = KeyringEdit::Create(key(name, true, *mark, &token));
                self.commit(edit, Precondition::default(), right, created)
            }
            Request::Update { name: of, enabled, mark, only } => {
                let edit = KeyringEdit::Update {
                    name: name(of),
                    enabled: *enabled,
                    scopes: scopes(&[&scope(*mark)]),
                };
                let matches = only.as_ref().map(|shown| {
                    let key = key(&shown.name, shown.enabled, shown.mark, "");
                    Validators::OneOf(vec![key.entity_tag()])
                });
                let precondition = Precondition { matches, matches_none: None };
                self.commit(edit, precondition, right, Answer::Updated)
            }
            Request::Delete { name: of } => {
                let edit = KeyringEdit::Delete { name: name(of) };
                self.commit(edit, Precondition::default(), right, Answer::Deleted)
            }
            Request::By { .. } => unreachable!("a change by a key is taken apart above"),
            Request::Get { name } => {
                keyring().find_by_name(name).map_or(Answer::Absent, |key| Answer::Key(shown(key)))
            }
            Request::List => Answer::Keys(keyring().keys().iter().map(|key| shown(key)).collect()),
            Request::Authenticate { token } => {
                let keyring = keyring();
                let found = keyring.find_by_digest(&Digest::of(token.as_bytes()));
                Answer::Accepted(found.is_some_and(|it| it.key.enabled))
            }
        }
    }
}

fn scope(mark: u32) -> String {
    format!("mark:{mark}")
}

fn key(of: &str, enabled: bool, mark: u32, token: &str) -> ApiKey {
    let digest = Digest::of(token.as_bytes());
    ApiKey::new(name(of), enabled, scopes(&[&scope(mark)]), digest)
}

fn shown(key: &ApiKey) -> Shown {
    let mark = key.scopes.iter().next().unwrap().as_str().strip_prefix("mark:").unwrap();
    let mark = mark.parse().unwrap();
    Shown { name: key.name.as_str().to_owned(), enabled: key.enabled, mark }
}
