//! Everybody who vouches for one request, and what they may do together.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpMessage as _, HttpRequest};

use super::{Accepted, Principal, Tenants, denial};
use crate::domain::{
    Actor, ActorKind, FoundToken, Initiator, Keyring, Scope, Scopes, TenantId, Timestamp,
};
use crate::problem::Problem;

/// The authenticated caller of one request: one principal, or two when both credentials came.
///
/// What is allowed is what either may do alone: one's tenants do not mix with the other's scopes.
#[derive(Debug, Clone)]
pub struct Caller {
    first: Accepted,
    second: Option<Arc<Accepted>>,
    tenant: Option<TenantId>,
    keyring: Option<Arc<Keyring>>,
    judged_in: Duration,
}

impl Caller {
    /// The caller of a request about a tenant, if its path names one, by one credential or both.
    pub(crate) fn new(first: Accepted, second: Option<Accepted>, tenant: Option<TenantId>) -> Self {
        Self {
            first,
            second: second.map(Arc::new),
            tenant,
            keyring: None,
            judged_in: Duration::ZERO,
        }
    }

    /// The caller that the [authentication](super::authenticate) left with a request.
    ///
    /// # Errors
    /// A 500 for what was asked without having been authenticated.
    pub(crate) fn of(request: &HttpRequest, asked: &str) -> Result<Self, Problem> {
        let caller = request.extensions().get::<Self>().cloned();
        caller.ok_or_else(|| denial::unauthenticated(asked))
    }

    /// The caller, with the keys of the request's tenant among which its own was found.
    pub(super) fn found_in(self, keyring: Option<Arc<Keyring>>) -> Self {
        Self { keyring, ..self }
    }

    /// The tenant that the caller was authenticated for: that in the request's path. `None` where the
    /// path has none that could exist.
    pub(crate) fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// The caller, after what it took to let it in.
    #[must_use]
    pub(super) fn after(self, judged_in: Duration) -> Self {
        Self { judged_in, ..self }
    }

    /// The time that it took to let the caller in.
    pub(super) fn judged_in(&self) -> Duration {
        self.judged_in
    }

    /// The keys of the request's tenant among which the caller's own was found, if it came with one.
    pub(crate) fn keyring(&self) -> Option<&Arc<Keyring>> {
        self.keyring.as_ref()
    }

    /// The API key that let the caller in, if one did: its tenant, its token, and when that was accepted.
    pub(super) fn used_key(&self) -> Option<(&TenantId, FoundToken<'_>, Timestamp)> {
        let (token, accepted_at) = self.first.used_token()?;
        Some((self.tenant.as_ref()?, token, accepted_at))
    }

    /// The first second in which the caller's API key is not valid any more, if it has an end.
    #[must_use]
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.first.used_token()?.0.expires_at()
    }

    /// The caller as it is now, where these are the keys of the tenant that the request is about;
    /// `None` if a credential of the request is not valid any more.
    pub(crate) fn renewed(
        &self,
        keyring: &Keyring,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Option<Self> {
        let second = match &self.second {
            Some(second) => Some(second.renewed(keyring, tenant, now)?),
            None => None,
        };
        let first = self.first.renewed(keyring, tenant, now)?;
        Some(Self::new(first, second, Some(tenant.clone())).after(self.judged_in))
    }

    /// The principals.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> + Clone {
        std::iter::once(&self.first).chain(self.second.as_deref()).map(|it| &it.principal)
    }

    /// Who it is, for the log: the subjects, joined by `+`.
    #[must_use]
    pub fn subject(&self) -> Cow<'_, str> {
        self.joined(|principal| principal.subject.as_str())
    }

    /// How the caller proved it, for the log: the methods, joined by `+`.
    #[must_use]
    pub fn method(&self) -> Cow<'_, str> {
        self.joined(|principal| principal.method.as_str())
    }

    /// Whose word it is that a bearer token came with, for the log: a configured issuer's.
    #[must_use]
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.principals().find_map(|principal| principal.issuer.as_deref())
    }

    /// Who asks, for the record of a change.
    #[must_use]
    pub(super) fn initiator(&self) -> Initiator {
        Initiator::of(Actor {
            name: self.subject().into(),
            kind: ActorKind::Caller(self.method().into()),
            uid: None,
            issuer: self.principals().find_map(|principal| principal.issuer.clone()),
        })
    }

    fn joined<'a>(&'a self, part: impl Fn(&'a Principal) -> &'a str) -> Cow<'a, str> {
        let first = part(&self.first.principal);
        match &self.second {
            None => first.into(),
            Some(second) => format!("{first}+{}", part(&second.principal)).into(),
        }
    }

    /// Whether the caller may do in a tenant what demands a scope. `None` is a tenant id that
    /// cannot exist: only who is entitled to all tenants is entitled to that.
    ///
    /// # Errors
    /// A 403 that says whether the tenant or the scope is lacking, and for callers who are entitled
    /// to all tenants a 404 for a tenant that cannot exist.
    pub fn authorize(&self, tenant: Option<&TenantId>, scope: &str) -> Result<TenantId, Problem> {
        let refusal = || denial::insufficient_scope(scope);
        self.authorize_if(tenant, |held| held.grant(scope), refusal)
    }

    /// Like [`authorize`](Self::authorize), for a demand of any form on the scopes that one
    /// principal holds.
    ///
    /// # Errors
    /// As there, with `refusal` where no principal's scopes suffice.
    pub(crate) fn authorize_if(
        &self,
        tenant: Option<&TenantId>,
        suffice: impl Fn(&Scopes) -> bool,
        refusal: impl FnOnce() -> Problem,
    ) -> Result<TenantId, Problem> {
        if !self.principals().any(|principal| covers(principal, tenant)) {
            return Err(denial::foreign_tenant());
        }
        if !self.principals().any(|it| covers(it, tenant) && suffice(&it.scopes)) {
            return Err(refusal());
        }
        tenant.cloned().ok_or_else(denial::no_such_tenant)
    }

    /// The principals whose credential is for a tenant.
    pub fn principals_in<'c>(
        &'c self,
        tenant: &'c TenantId,
    ) -> impl Iterator<Item = &'c Principal> + Clone {
        self.principals().filter(|principal| principal.tenants.include(tenant))
    }

    /// Whether a principal of the caller holds a scope in a tenant.
    #[must_use]
    pub(crate) fn holds(&self, tenant: &TenantId, scope: &str) -> bool {
        self.principals_in(tenant).any(|it| it.scopes.grant(scope))
    }

    /// Whether the tenant is named in a credential of the caller: one that is for all tenants names
    /// none.
    #[must_use]
    pub(crate) fn is_of(&self, tenant: &TenantId) -> bool {
        self.principals().any(|it| it.tenants.named().contains(tenant))
    }

    /// The scopes of `wanted` that the caller does not hold in a tenant, in order.
    #[must_use]
    pub(super) fn lacking<'w>(&self, tenant: &TenantId, wanted: &'w Scopes) -> Vec<&'w Scope> {
        wanted.iter().filter(|scope| !self.holds(tenant, scope.as_str())).collect()
    }
}

fn covers(principal: &Principal, tenant: Option<&TenantId>) -> bool {
    match tenant {
        Some(tenant) => principal.tenants.include(tenant),
        None => principal.tenants == Tenants::All,
    }
}

#[cfg(test)]
mod tests {
    use super::Caller;
    use crate::auth::{Accepted, Method, Principal, Standing, Tenants};
    use crate::domain::{Scopes, TenantId};
    use crate::problem::ProblemType;

    fn accepted(tenants: Option<&[&str]>, scopes: &[&str]) -> Accepted {
        let principal = Principal {
            method: Method::Bearer,
            subject: "someone".into(),
            issuer: None,
            tenants: tenants.map_or(Tenants::All, |ids| {
                Tenants::These(ids.iter().map(|id| TenantId::parse(id).unwrap()).collect())
            }),
            scopes: Scopes::parse_any(scopes).unwrap(),
        };
        Accepted { principal, standing: Standing::of_some_key() }
    }

    fn judged(caller: &Caller, tenant: Option<&str>) -> Result<(), ProblemType> {
        let tenant = tenant.map(|id| TenantId::parse(id).unwrap());
        caller.authorize(tenant.as_ref(), "read").map(drop).map_err(|problem| problem.kind())
    }

    #[test]
    fn tenant_and_scope_are_both_needed() {
        let caller = Caller::new(accepted(Some(&["a"]), &["read"]), None, None);
        assert_eq!(judged(&caller, Some("a")), Ok(()));
        assert_eq!(judged(&caller, Some("b")), Err(ProblemType::TenantForbidden));
        assert_eq!(judged(&caller, None), Err(ProblemType::TenantForbidden));
        let caller = Caller::new(accepted(Some(&["a"]), &["write"]), None, None);
        assert_eq!(judged(&caller, Some("a")), Err(ProblemType::InsufficientScope));
    }

    #[test]
    fn who_is_entitled_to_all_tenants_learns_that_one_cannot_exist() {
        assert_eq!(
            judged(&Caller::new(accepted(None, &["*"]), None, None), None),
            Err(ProblemType::TenantNotFound)
        );
        assert_eq!(
            judged(&Caller::new(accepted(None, &["write"]), None, None), None),
            Err(ProblemType::InsufficientScope)
        );
    }

    #[test]
    fn ones_tenants_do_not_mix_with_the_others_scopes() {
        let caller = Caller::new(
            accepted(Some(&["a"]), &["write"]),
            Some(accepted(Some(&["b"]), &["read"])),
            None,
        );
        assert_eq!(judged(&caller, Some("b")), Ok(()));
        assert_eq!(judged(&caller, Some("a")), Err(ProblemType::InsufficientScope));
        let wanted = Scopes::parse(&["read", "write"]).unwrap();
        let tenant = TenantId::parse("a").unwrap();
        let lacking: Vec<_> = caller.lacking(&tenant, &wanted).iter().map(|s| s.as_str()).collect();
        assert_eq!(lacking, ["read"]);
    }
}
