//! The permission in the signature of a handler that is about no single tenant.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{Caller, RequiredScope, denial};
use crate::domain::TenantId;
use crate::problem::Problem;

/// Proof that the caller may do `S` in the tenants that it is for, whichever those are; like
/// [`ScopedAuthorize`](super::ScopedAuthorize), it is judged before a body is read.
#[derive(Debug)]
pub(crate) struct TenantsAuthorize<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

impl<S: RequiredScope> TenantsAuthorize<S> {
    /// Whether the caller may do it in this tenant.
    pub(crate) fn includes(&self, tenant: &TenantId) -> bool {
        self.caller.holds(tenant, S::SCOPE)
    }
}

impl<S: RequiredScope> FromRequest for TenantsAuthorize<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request, std::any::type_name::<S>()).and_then(|caller| {
            if caller.principals().any(|principal| principal.scopes.grant(S::SCOPE)) {
                Ok(Self { caller, scope: PhantomData })
            } else {
                Err(denial::insufficient_scope(S::SCOPE))
            }
        }))
    }
}
