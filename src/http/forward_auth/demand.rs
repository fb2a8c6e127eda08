//! The scopes that a gateway demands of a caller, in the query of its question.

use std::borrow::Cow;

use crate::auth::denial;
use crate::domain::{Scope, Scopes};
use crate::http::request::form;
use crate::problem::{Faults, Problem};

/// Every scope that is named so is needed.
pub(super) const SCOPE: &str = "scope";
/// Of the scopes that are named so, one is needed.
pub(super) const ANY: &str = "any";
/// The member that faults in names are reported under.
const QUERY: &str = "query";

/// A demand, read anew each time that it is looked at: that is cheaper than to keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand<'q>(&'q str);

impl<'q> Demand<'q> {
    /// Takes a query. One that demands nothing is met by every valid credential of the tenant.
    ///
    /// # Errors
    /// A 400 for any other name, so that a gateway whose demand has a slip lets nobody in, and for a
    /// value that is no scope.
    pub(super) fn parse(query: &'q str) -> Result<Self, Problem> {
        let demand = Self(query);
        let mut faults = Faults::default();
        for (name, value) in demand.pairs() {
            if name != SCOPE && name != ANY {
                faults.add(
                    QUERY,
                    "Name each scope that is needed in scope=, and those of which one is needed in \
                     any=; there is no other name.",
                );
            } else if let Err(error) = Scope::validate(&value) {
                faults.add(&name, format!("A scope {error}. Name each in a {name}= of its own."));
            }
        }
        if faults.is_empty() { Ok(demand) } else { Err(Problem::validation(faults)) }
    }

    /// Whether scopes that one credential holds suffice.
    pub(super) fn is_met_by(self, held: &Scopes) -> bool {
        let mut one_of = None;
        for (name, scope) in self.pairs() {
            let grants = held.grant(&scope);
            if name == ANY {
                one_of = Some(one_of.unwrap_or(false) || grants);
            } else if !grants {
                return false;
            }
        }
        one_of.unwrap_or(true)
    }

    /// The answer to a caller who does not meet it.
    pub(super) fn refusal(self) -> Problem {
        let pairs: Vec<_> = self.pairs().collect();
        let named = |wanted: &str| {
            let named = pairs.iter().filter(|(name, _)| name == wanted);
            named.map(|(_, scope)| &**scope).collect::<Vec<_>>()
        };
        denial::unmet_demand(&named(SCOPE), &named(ANY))
    }

    fn pairs(self) -> impl Iterator<Item = (Cow<'q, str>, Cow<'q, str>)> {
        form::text_pairs(self.0)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::http::header::WWW_AUTHENTICATE;

    use super::Demand;
    use crate::domain::Scopes;

    #[test]
    fn every_scope_is_needed_and_one_of_any() {
        for (query, held, expected) in [
            ("", &[][..], true),
            ("scope=a", &["a"], true),
            ("scope=a", &["b"], false),
            ("scope=a", &["*"], true),
            ("scope=a", &["a:*", "A"], false),
            ("scope=a&scope=b", &["a"], false),
            ("scope=a&scope=b", &["b", "a"], true),
            ("any=a", &[], false),
            ("any=a&any=b", &["b"], true),
            ("any=a&any=b", &["c"], false),
            ("any=a&scope=c&any=b", &["c"], false),
            ("any=a&scope=c&any=b", &["b"], false),
            ("any=a&scope=c&any=b", &["b", "c"], true),
            ("scope=orders%3Aread", &["orders:read"], true),
            ("scope=orders:read&", &["orders:read"], true),
        ] {
            let held = Scopes::parse_any(held).unwrap();
            let demand = Demand::parse(query).unwrap();
            assert_eq!(demand.is_met_by(&held), expected, "{query} {held:?}");
        }
    }

    #[test]
    fn a_slip_in_the_query_is_told_and_demands_what_nobody_holds() {
        for query in [
            "scopes=a",
            "Scope=a",
            "scope[]=a",
            "a",
            "scope",
            "scope=",
            "any=",
            "scope=a+b",
            "scope=a%20b",
            "scope=a,%22",
            "scope=caf%C3%A9",
            "scope=%FF",
            "scope=a&x=y",
            "scope=a;any=%5C",
        ] {
            assert!(Demand::parse(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_refusal_names_what_suffices() {
        let told = |query| {
            let problem = Demand::parse(query).unwrap().refusal();
            let response = problem.error_response();
            let challenge = response.headers().get(WWW_AUTHENTICATE).unwrap();
            (problem.to_string(), challenge.to_str().unwrap().to_owned())
        };
        let (detail, challenge) = told("any=b&scope=a&any=c&scope=d");
        assert!(detail.ends_with("every scope of: a d; and one of: b c."), "{detail}");
        assert!(challenge.ends_with(r#"error="insufficient_scope", scope="a d b c""#));
        assert!(told("any=b&any=c").0.ends_with("one scope of: b c."));
        assert!(told("scope=b").0.ends_with("every scope of: b."));
    }
}
