//! The table of demands by method and path: the setting `ext_authz.routes`.

use serde::{Deserialize, Serialize};

use crate::domain::Scope;

/// The segment that names the tenant.
pub(super) const TENANT: &str = "{tenantId}";

/// A row: what is demanded of requests to a path and to all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Segments, of which one is `{tenantId}`.
    pub path: String,
    /// The methods that it is for; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Scopes that are all needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Scopes of which one is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
}

/// Rows that can be matched, the first that covers a request first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Route>")]
pub struct Routes(Vec<Route>);

impl Routes {
    /// The rows in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[Route] {
        &self.0
    }
}

impl Route {
    /// The segments of its path. A slash at the end says nothing.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.trim_matches('/').split('/')
    }

    fn validate(&self) -> Result<(), String> {
        let Self { path, methods, scope, any } = self;
        let is_plain = |segment: &str| {
            segment.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~".contains(&it))
                && !["", ".", ".."].contains(&segment)
        };
        let tenants = self.segments().filter(|it| *it == TENANT).count();
        if !path.starts_with('/')
            || tenants != 1
            || !self.segments().all(|it| it == TENANT || is_plain(it))
        {
            return Err(format!(
                "{path:?} is refused: a path begins with /, and each segment is letters, digits and -._~, \
                 but one that is {TENANT}"
            ));
        }
        let is_method = |method: &String| {
            !method.is_empty() && method.bytes().all(|it| it.is_ascii_uppercase() || it == b'-')
        };
        if let Some(method) = methods.iter().find(|it| !is_method(it)) {
            return Err(format!("{method:?} is refused: methods are written as GET"));
        }
        scope.iter().chain(any).try_for_each(|name| {
            Scope::validate(name).map_err(|error| format!("{name:?} is refused: a scope {error}"))
        })
    }
}

impl TryFrom<Vec<Route>> for Routes {
    type Error = String;

    fn try_from(routes: Vec<Route>) -> Result<Self, String> {
        routes.iter().try_for_each(Route::validate)?;
        Ok(Self(routes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, Routes};

    #[test]
    fn a_row_that_would_not_mean_what_it_says_is_refused() {
        let row = |path: &str| Route {
            path: path.to_owned(),
            methods: vec!["GET".to_owned()],
            scope: vec!["orders:read".to_owned()],
            any: Vec::new(),
        };
        for path in ["/shops/{tenantId}/", "/{tenantId}", "/a/b-c_d.e~f/{tenantId}/x"] {
            assert!(Routes::try_from(vec![row(path)]).is_ok(), "{path}");
        }
        for path in [
            "",
            "/",
            "/shops/",
            "shops/{tenantId}",
            "/shops/{tenant}/",
            "/{tenantId}/{tenantId}",
            "/shops/x{tenantId}/",
            "/shops//{tenantId}/",
            "/shops/../{tenantId}",
            "/sho%70s/{tenantId}",
            "/shops;a/{tenantId}",
            "/shops*/{tenantId}",
        ] {
            let said = Routes::try_from(vec![row(path)]).unwrap_err();
            assert!(said.contains(&format!("{path:?}")), "{said}");
        }
        let other = Route { methods: vec!["get".to_owned()], ..row("/{tenantId}") };
        assert!(Routes::try_from(vec![other]).unwrap_err().contains("\"get\""));
        for scopes in [&["a b"][..], &[""], &["a", "caf\u{e9}"]] {
            let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
            let all = Route { scope: scopes.clone(), ..row("/{tenantId}") };
            let any = Route { any: scopes, ..row("/{tenantId}") };
            assert!(Routes::try_from(vec![all]).is_err() && Routes::try_from(vec![any]).is_err());
        }
    }
}
