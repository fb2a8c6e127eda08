//! The API key that a request came with, as what the request is about.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::Caller;
use crate::domain::{
    ApiKey, CallerRight, Commit, Digest, Keyring, KeyringEdit, Precondition, Right, RightError,
    TenantId, Timestamp,
};
use crate::problem::{Problem, ProblemType};

/// The key whose token came with a request: whoever holds it needs no scope to look at it and to end
/// that token.
#[derive(Debug)]
pub(crate) struct OwnKey {
    caller: Caller,
    tenant: TenantId,
    key: Arc<ApiKey>,
    token: Digest,
}

impl OwnKey {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let caller = Caller::of(request, std::any::type_name::<Self>())?;
        let found = caller
            .used_key()
            .map(|(tenant, token, _)| (tenant.clone(), Arc::clone(token.key), *token.digest()));
        let (tenant, key, token) = found.ok_or_else(|| {
            let detail = "No API key came with the request; a bearer token is not one.";
            Problem::new(ProblemType::KeyNotFound, detail)
        })?;
        Ok(Self { caller, tenant, key, token })
    }

    /// The tenant of the key.
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The key.
    pub(crate) fn key(&self) -> &ApiKey {
        &self.key
    }

    /// The end of the token that came with the request, by nothing but that token being valid when the
    /// change is made.
    pub(crate) fn end(&self) -> Commit {
        let right =
            OwnRight { caller: self.caller.clone().found_in(None), tenant: self.tenant.clone() };
        let now = Instant::now();
        Commit {
            tenant: self.tenant.clone(),
            edit: KeyringEdit::EndToken { name: self.key.name.clone(), digest: self.token },
            together: None,
            precondition: Precondition::default(),
            right: Right::Caller(Arc::new(right)),
            initiator: self.caller.initiator(),
            asked_at: now.checked_sub(self.caller.judged_in()).unwrap_or(now),
        }
    }
}

impl FromRequest for OwnKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The right of a caller to end its own token.
#[derive(Debug)]
struct OwnRight {
    caller: Caller,
    tenant: TenantId,
}

impl CallerRight for OwnRight {
    fn authorize(
        &self,
        keyring: &Keyring,
        _: &KeyringEdit,
        now: Timestamp,
    ) -> Result<(), RightError> {
        let caller = self.caller.renewed(keyring, &self.tenant, now);
        caller.map(drop).ok_or(RightError::CredentialInvalid)
    }
}
