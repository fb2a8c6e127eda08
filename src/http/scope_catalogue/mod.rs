//! The scopes that a deployment knows, for those who give them to keys.
//!
//! The guard never looks at it: what a key holds, it holds, whether anybody lists it or not.

mod config;

use crate::domain::{Scope, Scopes, TenantId};
use crate::http::operations;
use crate::problem::Faults;

pub use config::{KnownScope, KnownScopes, ScopeCheck, ScopesConfig};

/// The scope that grants every other.
const ALL: &str = "*";
/// The most letters by which a name differs from the one that it may have been meant for.
const NEAR: usize = 3;

/// The known scopes, and what becomes of others.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScopeCatalogue(ScopesConfig);

impl ScopeCatalogue {
    /// The catalogue of these settings.
    pub(crate) fn new(config: &ScopesConfig) -> Self {
        Self(config.clone())
    }

    /// The scopes that the deployment lists.
    pub(super) fn listed(&self) -> &[KnownScope] {
        self.0.known.as_slice()
    }

    /// Checks the scopes that a key is to hold: a scope that is not known is a fault of this member, or a line in the
    /// log, or nothing, as the deployment has it.
    pub(super) fn check(
        &self,
        tenant: &TenantId,
        member: &str,
        scopes: &Scopes,
        faults: &mut Faults,
    ) {
        let unknown = scopes.iter().filter(|scope| !self.knows(scope));
        match self.0.check {
            ScopeCheck::Off => {}
            ScopeCheck::Warn => unknown.for_each(|scope| {
                tracing::warn!(tenant.id = %tenant, scope = scope.as_str(), "a key is given a scope that the setting scopes does not list");
            }),
            ScopeCheck::Refuse => unknown.for_each(|scope| faults.add(member, self.refusal(scope))),
        }
    }

    /// The remedy for a scope that a document has and that is not known, where the deployment checks them.
    pub(crate) fn advice_on(&self, scope: &Scope) -> Option<String> {
        if self.0.check == ScopeCheck::Off || self.knows(scope) {
            return None;
        }
        Some(match self.nearest(scope) {
            Some(name) => {
                format!("list it in the setting scopes, or write {name} if that is meant")
            }
            None => "list it in the setting scopes, or take it from the key".to_owned(),
        })
    }

    /// Whether a scope is in the catalogue; neokeys' own and `*` always are.
    pub(crate) fn knows(&self, scope: &Scope) -> bool {
        self.names().any(|name| name == scope.as_str())
    }

    /// The scope that a name which is not known may have been meant for.
    pub(crate) fn nearest(&self, scope: &Scope) -> Option<&str> {
        let distance = |name: &str| strsim::levenshtein(name, scope.as_str());
        let near = self.names().filter(|name| *name != ALL).map(|name| (distance(name), name));
        near.min().filter(|(distance, _)| *distance <= NEAR).map(|(_, name)| name)
    }

    fn refusal(&self, scope: &Scope) -> String {
        match self.nearest(scope) {
            Some(name) => format!("There is no scope {}; did you mean {name}?", scope.as_str()),
            None => {
                format!(
                    "There is no scope {}. GET \u{2026}/admin/scopes lists them.",
                    scope.as_str()
                )
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let own = operations::scopes().chain([ALL]);
        own.chain(self.listed().iter().map(|known| known.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{ScopeCatalogue, ScopeCheck, ScopesConfig};
    use crate::domain::{Scopes, TenantId};
    use crate::problem::Faults;

    fn faults(check: ScopeCheck, scopes: &[&str]) -> Vec<String> {
        let known = serde_json::json!([
            { "name": "orders:read", "description": "See orders" },
            { "name": "orders:write", "description": "Place orders", "deprecated": true },
        ]);
        let known = serde_json::from_value(known).unwrap();
        let catalogue = ScopeCatalogue::new(&ScopesConfig { known, check });
        let mut faults = Faults::default();
        let tenant = TenantId::parse("t1").unwrap();
        catalogue.check(&tenant, "permissions", &Scopes::parse_any(scopes).unwrap(), &mut faults);
        let told = serde_json::to_value(faults.by_member()).unwrap();
        let told = told["permissions"].as_array().cloned().unwrap_or_default();
        told.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_scope_that_is_not_known_is_refused_only_where_the_deployment_says_so() {
        let scopes = [
            "orders:read",
            "order:read",
            "*",
            "tenant.apiKey:read",
            "tenant.audit:read",
            "stock",
            "orders:write",
        ];
        assert_eq!(
            faults(ScopeCheck::Refuse, &scopes),
            [
                "There is no scope order:read; did you mean orders:read?",
                "There is no scope stock. GET \u{2026}/admin/scopes lists them.",
            ]
        );
        assert!(faults(ScopeCheck::Warn, &scopes).is_empty());
        assert!(faults(ScopeCheck::Off, &scopes).is_empty());
    }
}
