//! The question of a gateway that appends its caller's path: tenant and scopes stand in the path, as
//! the gateway's settings have them, and what follows is the caller's.
//!
//! Invariant: nothing behind the scopes is looked at, neither the path nor the query, and no dots in it
//! lead out of it.

use std::borrow::Cow;

use memchr::memchr;
use percent_encoding::percent_decode_str;

use crate::auth::denial;
use crate::contract::parameter;
use crate::domain::{Scope, Scopes, TenantId};
use crate::problem::{Faults, Problem};

/// The parameter that the scopes stand in.
pub(super) const SCOPES: &str = "scopes";
/// The text in its place where any valid credential of the tenant passes.
pub(super) const NONE: &str = "-";

/// The scopes that such a question demands, each of which is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppendedPath<'p> {
    scopes: Vec<Cow<'p, str>>,
}

impl<'p> AppendedPath<'p> {
    /// Takes the path of a question as it was sent, undecoded: `,` and `/` in a scope are
    /// percent-encoded there.
    ///
    /// # Errors
    /// A 400 that says what is no tenant's id or no scope.
    pub(super) fn parse(path: &'p str) -> Result<Self, Problem> {
        // "", "auth", the tenant, "for", the scopes, and what the gateway appended.
        let [_, _, tenant, _, scopes] = first_segments(path);
        let mut faults = Faults::default();
        if decoded(tenant).is_none_or(|it| TenantId::parse(&it).is_err()) {
            faults.add(
                parameter::TENANT_ID,
                "It is not a tenant id. Correct the gateway's settings.",
            );
        }
        let scopes = match scopes {
            NONE => Vec::new(),
            list => list.split(',').filter_map(|text| scope(text, &mut faults)).collect(),
        };
        // Somebody on the way may decode what need not be encoded, and it would demand nothing then.
        if scopes == [NONE] {
            faults
                .add(SCOPES, "The scope - cannot be demanded alone: without more, - demands none.");
        }
        if faults.is_empty() { Ok(Self { scopes }) } else { Err(Problem::validation(faults)) }
    }

    /// Whether scopes that one credential holds suffice.
    pub(super) fn is_met_by(&self, held: &Scopes) -> bool {
        self.scopes.iter().all(|scope| held.grant(scope))
    }

    /// The answer to a caller who does not meet it.
    pub(super) fn refusal(&self) -> Problem {
        denial::unmet_demand(&self.scopes.iter().map(|it| &**it).collect::<Vec<_>>(), &[])
    }
}

fn scope<'p>(text: &'p str, faults: &mut Faults) -> Option<Cow<'p, str>> {
    let Some(scope) = decoded(text) else {
        faults.add(SCOPES, "Percent-encode characters that a scope cannot have, as UTF-8.");
        return None;
    };
    match Scope::validate(&scope) {
        Ok(()) => Some(scope),
        Err(error) => {
            faults.add(
                SCOPES,
                format!("A scope {error}. Join several by a comma; write - for none."),
            );
            None
        }
    }
}

/// The text up to each of the first slashes; empty where there are fewer.
fn first_segments(path: &str) -> [&str; 5] {
    let mut left = path;
    [(); 5].map(|()| {
        let end = memchr(b'/', left.as_bytes()).unwrap_or(left.len());
        let segment = &left[..end];
        left = left.get(end + 1..).unwrap_or_default();
        segment
    })
}

/// Text after one percent-decoding; `None` where a `%` begins no code, or the bytes are no text.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    // Most have nothing to decode, and need no decoder.
    if memchr(b'%', text.as_bytes()).is_none() {
        return Some(text.into());
    }
    let mut codes = text.split('%').skip(1);
    let is_code = |it: &str| it.len() >= 2 && it.bytes().take(2).all(|it| it.is_ascii_hexdigit());
    codes.all(is_code).then(|| percent_decode_str(text).decode_utf8().ok())?
}

#[cfg(test)]
mod tests {
    use super::AppendedPath;
    use crate::domain::Scopes;

    #[test]
    fn every_scope_of_the_path_is_needed_and_what_follows_is_nothing() {
        for (path, held, expected) in [
            ("/auth/t1/for/-/", &[][..], true),
            ("/auth/t1/for/a/", &[], false),
            ("/auth/t1/for/a/", &["a"], true),
            ("/auth/t1/for/a/", &["*"], true),
            ("/auth/t1/for/a,b/", &["a"], false),
            ("/auth/t1/for/a,b/x", &["b", "a"], true),
            ("/auth/t1/for/a,-/x", &["a"], false),
            ("/auth/t1/for/a%2Cb/x", &["a", "b"], false),
            ("/auth/t1/for/a%2cb/x", &["a,b"], true),
            ("/auth/t1/for/a%2Fb/x", &["a/b"], true),
            ("/auth/t1/for/orders:read/x", &["orders:read"], true),
            ("/auth/t1/for/orders%3Aread/x", &["orders:read"], true),
            ("/auth/t1/for/a+b/x", &["a+b"], true),
            ("/auth/%741/for/a//../../../t2/for/-/", &[], false),
            ("/auth/t1/for/a/%2e%2e/%2e%2e/for/-/%", &[], false),
            ("/auth/t1/for/a/x/for/-/", &[], false),
            ("/auth/t1/for/a/%zz", &["a"], true),
        ] {
            let held = Scopes::parse_any(held).unwrap();
            let asked = AppendedPath::parse(path).unwrap();
            assert_eq!(asked.is_met_by(&held), expected, "{path} {held:?}");
        }
    }

    #[test]
    fn a_slip_in_the_gateways_part_is_told() {
        for path in [
            "/auth/t%201/for/-/",
            "/auth/..%2Ft2/for/-/",
            "/auth/-/for/-/",
            "/auth/t%/for/-/",
            "/auth/t1/for/%2D/",
            "/auth/t1/for/%/",
            "/auth/t1/for/a%2/",
            "/auth/t1/for/%zz/",
            "/auth/t1/for/,/",
            "/auth/t1/for/a,/",
            "/auth/t1/for/,a/",
            "/auth/t1/for/a,,b/",
            "/auth/t1/for/a%20b/",
            "/auth/t1/for/a%22/",
            "/auth/t1/for/a%5C/",
            "/auth/t1/for/caf%C3%A9/",
            "/auth/t1/for/%FF/",
            "/auth/t1/for/%00/",
        ] {
            assert!(AppendedPath::parse(path).is_err(), "{path}");
        }
    }
}
