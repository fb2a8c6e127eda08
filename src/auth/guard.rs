//! The permission in a handler's signature.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use super::operation_right::OperationRight;
use super::{Caller, Grants, denial};
use crate::clock::{Clock as _, SystemClock};
use crate::contract::Operation;
use crate::domain::{
    Commit, Initiator, KeyRepository, Keyring, KeyringEdit, Precondition, Right, TenantId,
};
use crate::problem::Problem;

/// A handler's demand on its caller. An operation of the contract is one of these.
pub trait RequiredScope: 'static {
    /// The scope that the caller must hold: an OAuth scope token (RFC 6749 §3.3).
    const SCOPE: &'static str;
}

impl<O: Operation> RequiredScope for O {
    const SCOPE: &'static str = <O as Operation>::SCOPE;
}

/// Proof that the caller may do `S` in a tenant: the handler's only source of the tenant.
///
/// It decides at once from what the [authentication](super::authenticate) middleware left with the
/// request, so as the first argument it is judged before a body is read.
#[derive(Debug)]
pub struct ScopedAuthorize<S> {
    tenant: TenantId,
    caller: Caller,
    scope: PhantomData<S>,
}

impl<S: RequiredScope> ScopedAuthorize<S> {
    /// The proof, of a caller who may.
    ///
    /// # Errors
    /// A 403 that says whether the tenant or the scope is lacking; a 404 for a tenant that cannot exist.
    #[cfg(feature = "tower")]
    pub(crate) fn of(caller: Caller) -> Result<Self, Problem> {
        let tenant = caller.authorize(caller.tenant(), S::SCOPE)?;
        Ok(Self { tenant, caller, scope: PhantomData })
    }

    /// The tenant in which the caller may do it. It need not exist.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The tenant's keys: those by which the caller was let in, so that who may and what is answered
    /// are of one moment of this request, or, where no key of the tenant came with it, as they are
    /// now.
    ///
    /// # Errors
    /// A 404 when there is no such tenant, a 503 when its keys cannot be read.
    pub(crate) async fn get_keyring(
        &self,
        keys: &dyn KeyRepository,
    ) -> Result<Arc<Keyring>, Problem> {
        match self.caller.keyring() {
            Some(keyring) => Ok(Arc::clone(keyring)),
            None => self.get_current_keyring(keys).await,
        }
    }

    /// The tenant's keys as they are now, for what is answered after something was waited for.
    ///
    /// # Errors
    /// As [`get_keyring`](Self::get_keyring), and a 401 or 403 to a caller who may no more.
    pub(crate) async fn get_current_keyring(
        &self,
        keys: &dyn KeyRepository,
    ) -> Result<Arc<Keyring>, Problem> {
        let keyring = keys.get_keyring(&self.tenant).await.map_err(denial::unreadable)?;
        let renewed = self.caller.renewed(&keyring, &self.tenant, SystemClock.now());
        let caller = renewed.ok_or_else(denial::invalid_credential)?;
        caller.authorize(Some(&self.tenant), S::SCOPE)?;
        Ok(keyring)
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// An edit of the tenant's keys by the right of this caller, which is judged when the edit's
    /// turn comes: the credentials must be valid then, hold the scope, and, as the deployment's
    /// setting has it, what the edit grants. What it took to let the caller in is part of the edit's
    /// time; what the caller took to send a body is not.
    pub(crate) fn commit(
        &self,
        edit: KeyringEdit,
        precondition: Precondition,
        grants: Grants,
    ) -> Commit {
        let right = OperationRight {
            caller: self.caller.clone().found_in(None),
            tenant: self.tenant.clone(),
            scope: S::SCOPE,
            grants,
        };
        let right = Right::Caller(Arc::new(right));
        let now = Instant::now();
        let asked_at = now.checked_sub(self.caller.judged_in()).unwrap_or(now);
        let (tenant, initiator) = (self.tenant.clone(), self.caller.initiator());
        Commit { tenant, edit, together: None, precondition, right, initiator, asked_at }
    }
}

/// A caller whose credential is for a tenant and lacks a scope there, as the guard leaves it with the request that
/// it refuses: for the record of the change that it would have been.
#[derive(Debug, Clone)]
pub(crate) struct RefusedAtGuard {
    pub(crate) tenant: TenantId,
    pub(crate) scope: &'static str,
    pub(crate) initiator: Initiator,
}

impl RefusedAtGuard {
    fn leave(request: &HttpRequest, caller: &Caller, scope: &'static str) {
        let Some(tenant) = caller.tenant() else { return };
        if caller.principals_in(tenant).next().is_some() {
            let (tenant, initiator) = (tenant.clone(), caller.initiator());
            request.extensions_mut().insert(Self { tenant, scope, initiator });
        }
    }
}

impl<S: RequiredScope> FromRequest for ScopedAuthorize<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authorize = |caller: Caller| {
            let tenant = caller.authorize(caller.tenant(), S::SCOPE).inspect_err(|_| {
                RefusedAtGuard::leave(request, &caller, S::SCOPE);
            })?;
            Ok(Self { tenant, caller, scope: PhantomData })
        };
        ready(Caller::of(request, std::any::type_name::<S>()).and_then(authorize))
    }
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;
    use std::time::Duration;

    use super::ScopedAuthorize;
    use crate::auth::{Accepted, Caller, Grants, Method, Principal, Standing, Tenants};
    use crate::contract::DeleteApiKey;
    use crate::domain::{KeyName, KeyringEdit, Precondition, Scopes, TenantId};

    #[test]
    fn what_it_took_to_let_a_caller_in_is_part_of_the_time_of_its_change() {
        let principal = Principal {
            method: Method::ApiKey,
            subject: "key".into(),
            issuer: None,
            tenants: Tenants::All,
            scopes: Scopes::default(),
        };
        let standing = Standing::of_some_key();
        let judged_in = Duration::from_secs(3);
        let guard = ScopedAuthorize::<DeleteApiKey> {
            tenant: TenantId::parse("t").unwrap(),
            caller: Caller::new(Accepted { principal, standing }, None, None).after(judged_in),
            scope: PhantomData,
        };
        let edit = KeyringEdit::Delete { name: KeyName::parse("k").unwrap() };
        let commit = guard.commit(edit, Precondition::default(), Grants::default());
        assert!(commit.asked_at.elapsed() >= judged_in, "{:?}", commit.asked_at.elapsed());
    }
}
