//! The tenant that a gateway asks about and the scopes that it demands: by its own route, or by the table.

use std::collections::HashMap;

use super::Routes;
use super::request_path::RequestPath;
use super::route::{Route, TENANT};
use crate::auth::denial;
use crate::domain::{Scope, Scopes, TenantId};
use crate::problem::{Faults, Problem, ProblemType};

/// The names of a route's own `context_extensions`.
const TENANT_NAME: &str = "tenant";
const SCOPE: &str = "scope";
const ANY: &str = "any";

/// The demand on a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Demand<'d> {
    tenant: TenantId,
    /// Scopes that are all needed.
    all: Vec<&'d str>,
    /// Scopes of which one is needed, if there are any.
    any: Vec<&'d str>,
}

impl<'d> Demand<'d> {
    /// The demand of the gateway's own route where that says anything, or of the first row that covers the
    /// request.
    ///
    /// # Errors
    /// A 400 for what is no demand, and for a path that can be read in two ways; a 404 where no row covers it.
    pub(super) fn find(
        own: &'d HashMap<String, String>,
        method: &str,
        target: &str,
        table: &'d Routes,
    ) -> Result<Self, Problem> {
        if own.is_empty() { Self::of_rows(table, method, target) } else { Self::of_route(own) }
    }

    fn of_route(own: &'d HashMap<String, String>) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        for name in own.keys().filter(|name| ![TENANT_NAME, SCOPE, ANY].contains(&name.as_str())) {
            let known = "The names of context_extensions are tenant, scope and any.";
            faults.add(name, known);
        }
        let tenant = own.get(TENANT_NAME).and_then(|text| TenantId::parse(text).ok());
        if tenant.is_none() {
            faults.add(TENANT_NAME, "Name one tenant by its id.");
        }
        let mut scopes = |name: &str| {
            let Some(text) = own.get(name) else { return Vec::new() };
            let scopes: Vec<&'d str> = text.split(' ').collect();
            for scope in &scopes {
                if let Err(error) = Scope::validate(scope) {
                    faults.add(name, format!("A scope {error}. Join several by one space."));
                }
            }
            scopes
        };
        let (all, any) = (scopes(SCOPE), scopes(ANY));
        match tenant {
            Some(tenant) if faults.is_empty() => Ok(Self { tenant, all, any }),
            Some(_) | None => Err(Problem::validation(faults)),
        }
    }

    fn of_rows(table: &'d Routes, method: &str, target: &str) -> Result<Self, Problem> {
        let path = RequestPath::parse(target).map_err(|_ambiguous| {
            let detail = "The path can be read in more than one way. Leave out what is encoded without need, \
                          dots, empty segments and parameters after a semicolon.";
            Problem::new(ProblemType::BadRequest, detail)
        })?;
        let found = table.as_slice().iter().find_map(|row| {
            let tenant = covered(row, method, &path)?;
            let names = |scopes: &'d [String]| scopes.iter().map(String::as_str).collect();
            Some(Self { tenant, all: names(&row.scope), any: names(&row.any) })
        });
        found.ok_or_else(|| {
            let detail = "The gateway passes no request to this address.";
            Problem::new(ProblemType::PathNotFound, detail)
        })
    }

    /// The tenant.
    pub(super) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Whether scopes that one credential holds suffice.
    pub(super) fn is_met_by(&self, held: &Scopes) -> bool {
        let grants = |scope: &&str| held.grant(scope);
        self.all.iter().all(grants) && (self.any.is_empty() || self.any.iter().any(grants))
    }

    /// The answer to a caller who does not meet it.
    pub(super) fn refusal(&self) -> Problem {
        denial::unmet_demand(&self.all, &self.any)
    }
}

/// The tenant of a request that a row covers: one whose path begins with the row's segments.
fn covered(row: &Route, method: &str, path: &RequestPath<'_>) -> Option<TenantId> {
    if !row.methods.is_empty() && !row.methods.iter().any(|it| it == method) {
        return None;
    }
    let mut tenant = None;
    let mut segments = path.segments().iter();
    for wanted in row.segments() {
        let segment = segments.next()?;
        if wanted == TENANT {
            tenant = TenantId::parse(segment).ok();
        } else if wanted != segment {
            return None;
        }
    }
    tenant
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Demand, Routes};
    use crate::domain::Scopes;
    use crate::ext_authz::route::Route;
    use crate::problem::ProblemType;

    fn context(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn table(rows: &[(&str, &[&str], &str)]) -> Routes {
        let row = |(path, methods, scope): &(&str, &[&str], &str)| Route {
            path: (*path).to_owned(),
            methods: methods.iter().map(ToString::to_string).collect(),
            scope: vec![(*scope).to_owned()],
            any: Vec::new(),
        };
        Routes::try_from(rows.iter().map(row).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_gateways_own_route_says_it_all_or_lets_nobody_pass() {
        let table = table(&[("/{tenantId}", &[], "weak")]);
        let find = |own: &HashMap<String, String>| {
            let demand = Demand::find(own, "GET", "/t2/x", &table).ok()?;
            Some((demand.tenant().to_string(), demand.all.join(" "), demand.any.join(" ")))
        };
        let found = |tenant: &str, all: &str, any: &str| {
            Some((tenant.to_owned(), all.to_owned(), any.to_owned()))
        };
        for (own, expected) in [
            (&[("tenant", "t1")][..], found("t1", "", "")),
            (&[("tenant", "t1"), ("scope", "a b"), ("any", "c d")], found("t1", "a b", "c d")),
            (&[], found("t2", "weak", "")),
            (&[("scope", "a")], None),
            (&[("tenant", "")], None),
            (&[("tenant", "t 1")], None),
            (&[("tenant", "../t1")], None),
            (&[("tenant", "t1"), ("scopes", "a")], None),
            (&[("tenant", "t1"), ("Scope", "a")], None),
            (&[("tenant", "t1"), ("scope", "")], None),
            (&[("tenant", "t1"), ("scope", "a  b")], None),
            (&[("tenant", "t1"), ("scope", "a\"")], None),
            (&[("tenant", "t1"), ("any", "a\tb")], None),
        ] {
            assert_eq!(find(&context(own)), expected, "{own:?}");
        }
    }

    #[test]
    fn the_first_row_that_covers_a_request_decides() {
        let table = table(&[
            ("/shops/{tenantId}/admin", &[], "admin"),
            ("/shops/{tenantId}/", &["GET", "HEAD"], "read"),
            ("/shops/{tenantId}/", &["POST"], "write"),
        ]);
        let nothing = HashMap::new();
        let find = |method: &str, target: &str| {
            let found = Demand::find(&nothing, method, target, &table);
            found.map(|it| format!("{} {}", it.tenant(), it.all.join(" "))).map_err(|it| it.kind())
        };
        for (method, target, expected) in [
            ("GET", "/shops/t1/orders?scope=x", "t1 read"),
            ("HEAD", "/shops/t1", "t1 read"),
            ("POST", "/shops/t1/orders", "t1 write"),
            ("GET", "/shops/t1/admin", "t1 admin"),
            ("GET", "/shops/t1/admin/", "t1 admin"),
            ("DELETE", "/shops/t1/%61dmin/x", "t1 admin"),
            ("GET", "/shops/%741/admins", "t1 read"),
        ] {
            assert_eq!(find(method, target), Ok(expected.to_owned()), "{method} {target}");
        }
        for (method, target, expected) in [
            ("DELETE", "/shops/t1/orders", ProblemType::PathNotFound),
            ("get", "/shops/t1/orders", ProblemType::PathNotFound),
            ("GET", "/shops", ProblemType::PathNotFound),
            ("GET", "/Shops/t1/", ProblemType::PathNotFound),
            ("GET", "/shops/-/orders", ProblemType::PathNotFound),
            ("GET", "/shops/t1/x/../admin", ProblemType::BadRequest),
            ("GET", "/shops/t1/admin;x", ProblemType::BadRequest),
        ] {
            assert_eq!(find(method, target), Err(expected), "{method} {target}");
        }
    }

    #[test]
    fn every_scope_is_needed_and_one_of_any() {
        for (pairs, held, expected) in [
            (&[][..], &[][..], true),
            (&[("scope", "a b")], &["a"], false),
            (&[("scope", "a b")], &["b", "a"], true),
            (&[("scope", "a")], &["*"], true),
            (&[("any", "a b")], &["b"], true),
            (&[("any", "a b")], &["c"], false),
            (&[("scope", "c"), ("any", "a b")], &["c"], false),
            (&[("scope", "c"), ("any", "a b")], &["c", "b"], true),
        ] {
            let mut own = context(pairs);
            own.insert("tenant".to_owned(), "t1".to_owned());
            let routes = Routes::default();
            let demand = Demand::find(&own, "GET", "/", &routes).unwrap();
            let held = Scopes::parse_any(held).unwrap();
            assert_eq!(demand.is_met_by(&held), expected, "{pairs:?} {held:?}");
        }
    }
}
