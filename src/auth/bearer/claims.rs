//! A token's claims (RFC 7519 §4), validated once its signature is found good.
//!
//! A claim that is read must be exactly of a type that its standard or the reference gives it; a
//! token that bends one is refused as a whole rather than taken for less. Claims that nothing here
//! reads may hold anything.

use std::collections::HashSet;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use super::BearerError;
use super::strict_json::{TokenObject, TokenValue};
use crate::auth::{Method, Principal, Subject, Tenants};
use crate::domain::{Scopes, TenantId};

/// How far two clocks may differ, in seconds.
const LEEWAY: f64 = 30.0;
/// The claims that grant scopes: Auth0's, RFC 8693 §4.2 and RFC 9068 §2.2.3's, Okta's and Entra's.
const SCOPE_CLAIMS: [&str; 3] = ["permissions", "scope", "scp"];

/// A good token's word on itself, besides the caller that it names.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenDescription {
    /// `iss`.
    pub issuer: String,
    /// `aud`: one text or more.
    pub audience: Vec<String>,
    /// `exp`, in seconds since the epoch.
    pub expires: f64,
    /// `client_id` (RFC 9068 §2.2) or `azp`.
    pub client: Option<String>,
}

/// A token's claims, not validated yet.
pub(super) struct Claims<'j>(TokenObject<'j>);

/// The time in which a token may be used, in seconds since the epoch (`NumericDate`, fractions
/// allowed).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lifetime {
    not_before: Option<f64>,
    expires: f64,
}

impl Lifetime {
    /// Holds the time against it, with 30 s of leeway either way.
    pub(super) fn validate(&self, now: Duration) -> Result<(), BearerError> {
        let now = now.as_secs_f64();
        if now >= self.expires + LEEWAY {
            return Err(BearerError::Expired);
        }
        if self.not_before.is_some_and(|start| now + LEEWAY < start) {
            return Err(BearerError::NotYetValid);
        }
        Ok(())
    }
}

impl<'j> Claims<'j> {
    /// Reads the claims' JSON.
    pub(super) fn parse(json: &'j [u8]) -> Result<Self, BearerError> {
        match TokenObject::parse(json) {
            Ok(members) => Ok(Self(members)),
            Err(_) => Err(BearerError::Malformed("claims that are not one JSON object")),
        }
    }

    /// Whose token it claims to be.
    pub(super) fn issuer(&self) -> Result<&str, BearerError> {
        match self.0.get("iss") {
            Some(TokenValue::Text(issuer)) => Ok(issuer),
            Some(_) => Err(BearerError::InvalidClaim("iss")),
            None => Err(BearerError::MissingClaim("iss")),
        }
    }

    /// Validates everything but the issuer and the time, and gives the caller with the time in which
    /// the token may be used.
    pub(super) fn validate(
        &self,
        issuer: &Arc<str>,
        audience: &str,
        tenants_claim: &str,
    ) -> Result<(Principal, Lifetime), BearerError> {
        let lifetime = self.lifetime()?;
        self.demand_audience(audience)?;
        let principal = Principal {
            method: Method::Bearer,
            subject: self.subject()?,
            issuer: Some(Arc::clone(issuer)),
            tenants: self.tenants(tenants_claim)?,
            scopes: self.scopes()?,
        };
        Ok((principal, lifetime))
    }

    /// The token's word on itself, for whoever may know: of a token that was found good.
    pub(super) fn description(&self) -> TokenDescription {
        let text = |claim: &str| self.0.get(claim).and_then(TokenValue::as_text).map(str::to_owned);
        TokenDescription {
            issuer: text("iss").unwrap_or_default(),
            audience: self
                .0
                .get("aud")
                .and_then(texts)
                .map_or_else(Vec::new, |audiences| audiences.map(str::to_owned).collect()),
            expires: self.find_date("exp").ok().flatten().unwrap_or_default(),
            client: text("client_id").or_else(|| text("azp")),
        }
    }

    fn lifetime(&self) -> Result<Lifetime, BearerError> {
        Ok(Lifetime {
            not_before: self.find_date("nbf")?,
            expires: self.find_date("exp")?.ok_or(BearerError::MissingClaim("exp"))?,
        })
    }

    /// RFC 7519 §2: a `NumericDate` is a JSON number, nothing that could be read as one.
    fn find_date(&self, claim: &'static str) -> Result<Option<f64>, BearerError> {
        match self.0.get(claim) {
            None => Ok(None),
            Some(TokenValue::Number(number)) => Ok(Some(*number)),
            Some(_) => Err(BearerError::InvalidClaim(claim)),
        }
    }

    fn demand_audience(&self, wanted: &str) -> Result<(), BearerError> {
        let mut audiences = match self.0.get("aud") {
            None => return Err(BearerError::MissingClaim("aud")),
            Some(value) => texts(value).ok_or(BearerError::InvalidClaim("aud"))?,
        };
        if audiences.any(|it| it == wanted) { Ok(()) } else { Err(BearerError::WrongAudience) }
    }

    /// `sub`, or, for issuers that leave it out of a client's own token, `client_id` (RFC 9068
    /// §2.2) or `azp`. A token that names nobody is refused: what it does could be told of nobody.
    fn subject(&self) -> Result<Subject, BearerError> {
        for claim in ["sub", "client_id", "azp"] {
            match self.0.get(claim) {
                Some(TokenValue::Text(subject)) if names_somebody(subject) => {
                    return Ok((&**subject).into());
                }
                Some(_) => return Err(BearerError::InvalidClaim(claim)),
                None => {}
            }
        }
        Err(BearerError::MissingClaim("sub"))
    }

    /// An array of tenants, one tenant, or the text `*` for all. A text that is no tenant id names no
    /// tenant; `*` inside an array is one of those, since identity providers make arrays of what
    /// people call their groups.
    fn tenants(&self, claim: &str) -> Result<Tenants, BearerError> {
        match self.0.get(claim) {
            None => Ok(Tenants::These([].into())),
            Some(TokenValue::Text(all)) if all == "*" => Ok(Tenants::All),
            Some(value) => {
                let names = texts(value).ok_or(BearerError::InvalidClaim("of tenants"))?;
                let tenants = names.filter_map(|name| TenantId::parse(name).ok());
                Ok(Tenants::These(tenants.collect()))
            }
        }
    }

    /// The union of the claims that grant scopes: each an array of scopes, or a text of scopes
    /// between single spaces (RFC 6749 §3.3), in all at most 256.
    fn scopes(&self) -> Result<Scopes, BearerError> {
        let mut scopes = Vec::new();
        for claim in SCOPE_CLAIMS {
            match self.0.get(claim) {
                None => {}
                Some(TokenValue::Text(list)) => {
                    scopes.extend(list.split(' ').filter(|scope| !scope.is_empty()));
                }
                Some(value) => scopes.extend(texts(value).ok_or(BearerError::InvalidClaim(claim))?),
            }
        }
        // Auth0 grants the same in `scope` and in `permissions`: repeats are not counted twice.
        if scopes.len() > Scopes::MOST {
            let mut seen = HashSet::new();
            scopes.retain(|scope| seen.insert(*scope));
        }
        Scopes::parse_any(&scopes).ok().ok_or(BearerError::InvalidClaim("of scopes"))
    }
}

/// Whether a text has a character that can be seen.
fn names_somebody(subject: &str) -> bool {
    let unseen = |it: char| {
        it.is_whitespace()
            || it.is_control()
            || matches!(it, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
    };
    !subject.chars().all(unseen)
}

/// A text, or an array of nothing but texts.
fn texts<'v>(value: &'v TokenValue<'_>) -> Option<impl Iterator<Item = &'v str>> {
    let items = match value {
        TokenValue::Array(items) => items,
        TokenValue::Text(_) => slice::from_ref(value),
        TokenValue::Number(_) | TokenValue::Bool(_) | TokenValue::Other => return None,
    };
    let are_texts = items.iter().all(|it| it.as_text().is_some());
    are_texts.then(|| items.iter().filter_map(TokenValue::as_text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{AUDIENCE, ISSUER, claims_with};
    use super::{BearerError, Claims, Lifetime, Principal};
    use crate::auth::Tenants;
    use crate::domain::{Scope, TenantId};

    fn validated(changes: Value) -> Result<(Principal, Lifetime), BearerError> {
        let json = claims_with(changes).to_string();
        let claims = Claims::parse(json.as_bytes()).unwrap();
        claims.validate(&ISSUER.into(), AUDIENCE, "tenants")
    }

    fn scopes(changes: Value) -> Result<Vec<String>, BearerError> {
        let (principal, _) = validated(changes)?;
        Ok(principal.scopes.iter().map(Scope::to_string).collect())
    }

    #[test]
    fn scopes_are_the_union_of_three_claims() {
        for (changes, expected) in [
            (json!({ "scope": "(absent)" }), &[][..]),
            (json!({ "scope": "" }), &[]),
            (json!({ "scope": "a b a" }), &["a", "b"]),
            (json!({ "scope": "  a  b " }), &["a", "b"]),
            (json!({ "scope": ["a", "b"] }), &["a", "b"]),
            (
                json!({ "scope": "openid a", "permissions": ["a", "b"], "scp": "c" }),
                &["a", "b", "openid", "c"],
            ),
            (json!({ "scope": [], "permissions": "p q", "scp": ["r"] }), &["p", "q", "r"]),
            (json!({ "scope": "a,b" }), &["a,b"]),
            (json!({ "scope": "*" }), &["*"]),
        ] {
            assert_eq!(scopes(changes.clone()).unwrap(), expected, "{changes}");
        }
    }

    #[test]
    fn a_bent_scope_claim_makes_the_token_worth_nothing() {
        let many: Vec<_> = (0..257).map(|number| number.to_string()).collect();
        for claim in ["permissions", "scope", "scp"] {
            for value in [
                json!({ "tenant.apiKey:read": true }),
                json!([["*"]]),
                json!(["a", 1]),
                json!([null]),
                json!(null),
                json!(true),
                json!(1),
                json!("a\tb"),
                json!("a\u{a0}b"),
                json!("a\nb"),
                json!("ten\u{430}nt.apiKey:read"),
                json!(["a b"]),
                json!([""]),
                json!([r#""a""#]),
                json!(many),
            ] {
                let verdict = scopes(json!({ (claim): value })).err();
                assert!(matches!(verdict, Some(BearerError::InvalidClaim(_))), "{claim}: {value}");
            }
        }
    }

    #[test]
    fn tenants_are_an_array_one_or_all() {
        for (value, expected) in [
            (json!("(absent)"), Some(vec![])),
            (json!([]), Some(vec![])),
            (json!(""), Some(vec![])),
            (json!("demo"), Some(vec!["demo"])),
            (json!(["demo", "t2"]), Some(vec!["demo", "t2"])),
            (json!(["demo", "no tenant", "../t2", "**"]), Some(vec!["demo"])),
            (json!(["demo", "*"]), Some(vec!["demo"])),
            (json!(["*", "demo"]), Some(vec!["demo"])),
            (json!(["*"]), Some(vec![])),
            (json!(["*", "*"]), Some(vec![])),
            (json!(" *"), Some(vec![])),
            (json!("demo t2"), Some(vec![])),
            (json!("*"), None),
        ] {
            let (principal, _) = validated(json!({ "tenants": value })).unwrap();
            let named: Vec<_> = principal.tenants.named().iter().map(TenantId::as_str).collect();
            let named = (principal.tenants != Tenants::All).then_some(named);
            assert_eq!(named, expected, "{value}");
        }
        for value in [json!(null), json!(true), json!(1), json!({}), json!([1]), json!([["*"]])] {
            let refused = validated(json!({ "tenants": value })).err();
            assert_eq!(refused, Some(BearerError::InvalidClaim("of tenants")), "{value}");
        }
    }

    #[test]
    fn a_client_without_a_user_is_named_by_its_id() {
        for (changes, subject) in [
            (json!({}), "user-1"),
            (json!({ "client_id": "c" }), "user-1"),
            (json!({ "sub": "(absent)", "client_id": "c", "azp": "z" }), "c"),
            (json!({ "sub": "(absent)", "azp": "z" }), "z"),
        ] {
            assert_eq!(validated(changes).unwrap().0.subject.as_str(), subject);
        }
        assert_eq!(validated(json!({ "sub": 1 })).err(), Some(BearerError::InvalidClaim("sub")));
        assert_eq!(validated(json!({ "sub": null })).err(), Some(BearerError::InvalidClaim("sub")));
    }

    #[test]
    fn a_token_of_nobody_is_refused() {
        let nobody = validated(json!({ "sub": "(absent)" })).err();
        assert_eq!(nobody, Some(BearerError::MissingClaim("sub")));
        for empty in ["", " ", "\t\n", "\u{a0}\u{2003}", "\0", "\u{200b}\u{feff}"] {
            for (changes, claim) in [
                (json!({ "sub": empty }), "sub"),
                (json!({ "sub": empty, "client_id": "c" }), "sub"),
                (json!({ "sub": "(absent)", "client_id": empty }), "client_id"),
                (json!({ "sub": "(absent)", "azp": empty }), "azp"),
            ] {
                assert_eq!(
                    validated(changes).err(),
                    Some(BearerError::InvalidClaim(claim)),
                    "{empty:?}"
                );
            }
        }
    }

    #[test]
    fn the_audience_is_held_exactly() {
        for (value, expected) in [
            (json!(AUDIENCE), None),
            (json!(["other", AUDIENCE]), None),
            (json!("(absent)"), Some(BearerError::MissingClaim("aud"))),
            (json!(""), Some(BearerError::WrongAudience)),
            (json!([]), Some(BearerError::WrongAudience)),
            (json!(["other"]), Some(BearerError::WrongAudience)),
            (json!(AUDIENCE.trim_end_matches('/')), Some(BearerError::WrongAudience)),
            (json!(format!("{AUDIENCE}x")), Some(BearerError::WrongAudience)),
            (json!(AUDIENCE.to_uppercase()), Some(BearerError::WrongAudience)),
            (json!(format!("other {AUDIENCE}")), Some(BearerError::WrongAudience)),
            (json!("*"), Some(BearerError::WrongAudience)),
            (json!(null), Some(BearerError::InvalidClaim("aud"))),
            (json!([AUDIENCE, 1]), Some(BearerError::InvalidClaim("aud"))),
            (json!([[AUDIENCE]]), Some(BearerError::InvalidClaim("aud"))),
            (json!({ AUDIENCE: true }), Some(BearerError::InvalidClaim("aud"))),
        ] {
            assert_eq!(validated(json!({ "aud": value })).err(), expected, "{value}");
        }
    }

    #[test]
    fn dates_are_numbers_and_nothing_else() {
        for claim in ["exp", "nbf"] {
            for value in
                [json!("1"), json!([1]), json!({}), json!(true), json!(null), json!("(absent) ")]
            {
                let refused = validated(json!({ (claim): value })).err();
                assert_eq!(refused, Some(BearerError::InvalidClaim(claim)), "{claim}: {value}");
            }
        }
        let refused = validated(json!({ "exp": "(absent)" })).err();
        assert_eq!(refused, Some(BearerError::MissingClaim("exp")));
        assert!(validated(json!({ "nbf": "(absent)" })).is_ok());
    }
}
