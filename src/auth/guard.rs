//! The permission in a handler's signature.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use super::{Caller, Grants, denial, path_tenant};
use crate::contract::Operation;
use crate::domain::{KeyRepository, Keyring, Scopes, TenantId};
use crate::problem::Problem;

/// Proof that the caller may do `O` in a tenant: the handler's only source of the tenant.
///
/// It decides at once from what the [authentication](super::authenticate) middleware left with the
/// request, so as the first argument it is judged before a body is read.
#[derive(Debug)]
pub struct ScopedAuthorize<O> {
    tenant: TenantId,
    caller: Caller,
    operation: PhantomData<O>,
}

impl<O: Operation> ScopedAuthorize<O> {
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
    pub async fn get_keyring(&self, keys: &dyn KeyRepository) -> Result<Arc<Keyring>, Problem> {
        match self.caller.keyring() {
            Some(keyring) => Ok(Arc::clone(keyring)),
            None => keys.get_keyring(&self.tenant).await.map_err(denial::unreadable),
        }
    }

    /// Whether the caller may give a key these scopes, as the deployment's setting has it.
    ///
    /// # Errors
    /// A 403 that names the scopes which the caller lacks.
    pub fn may_grant(&self, scopes: &Scopes, grants: Grants) -> Result<(), Problem> {
        match grants {
            Grants::Any => Ok(()),
            Grants::Subset => match self.caller.lacking(&self.tenant, scopes).as_slice() {
                [] => Ok(()),
                lacking => Err(denial::grant_exceeds_own(lacking)),
            },
        }
    }
}

impl<O: Operation> FromRequest for ScopedAuthorize<O> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(caller) = request.extensions().get::<Caller>().cloned() else {
            return ready(Err(denial::unauthenticated(O::NAME)));
        };
        let tenant = path_tenant(request.match_info());
        ready(caller.authorize(tenant.as_ref(), O::SCOPE).map(|tenant| Self {
            tenant,
            caller,
            operation: PhantomData,
        }))
    }
}
