//! The identity of a caller who may pass, in headers for the service behind the gateway.

use std::borrow::Cow;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::auth::{Caller, Principal};
use crate::domain::{Scope, TenantId};

/// The tenant, as the gateway asked about it.
pub(super) const X_AUTH_TENANT: HeaderName = HeaderName::from_static("x-auth-tenant");
/// A key's name or a token's subject.
pub(super) const X_AUTH_PRINCIPAL: HeaderName = HeaderName::from_static("x-auth-principal");
/// Every scope that the caller holds in the tenant, between single spaces.
pub(super) const X_AUTH_SCOPES: HeaderName = HeaderName::from_static("x-auth-scopes");
/// Who issued the token whose subject the principal is; empty where none came. It is always there, so
/// that no gateway lets a caller's own stay.
pub(super) const X_AUTH_ISSUER: HeaderName = HeaderName::from_static("x-auth-issuer");
/// `api_key` or `bearer`.
pub(super) const X_AUTH_METHOD: HeaderName = HeaderName::from_static("x-auth-method");

/// The first second in which the API key is not valid any more (RFC 3339), if it has an end.
pub(super) const X_AUTH_EXPIRES: HeaderName = HeaderName::from_static("x-auth-expires");

/// The characters of a subject or an issuer that are percent-encoded (RFC 3986 §2.1, as UTF-8), besides
/// all that is not ASCII: those that could end a header, be taken for two, or be decoded into something else. A key's name has none.
const ESCAPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'%').add(b'+').add(b',').add(b';').add(b'\\');

/// The value of a header: visible ASCII and spaces.
pub(crate) enum Text<'c> {
    /// One of few, which need no look at their characters.
    Fixed(&'static str),
    /// The value, as it was found out.
    Found(Cow<'c, str>),
}

impl Text<'_> {
    /// The text.
    #[cfg(feature = "ext-authz")]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Found(text) => text,
        }
    }
}

/// Tells what was found out: each header by its name, and what it says, or `None` where there is nothing to say.
/// Where two credentials came and both are for the tenant, the names and the methods are joined by `+`, which no
/// encoded name has, and the scopes are what either holds.
pub(crate) fn tell_identity<'c>(
    tenant: &'c TenantId,
    caller: &'c Caller,
    mut tell: impl FnMut(HeaderName, Option<Text<'c>>),
) {
    let mut principals = caller.principals_in(tenant);
    let (first, second) = (principals.next(), principals.next());
    let principals = first.into_iter().chain(second);
    tell(X_AUTH_TENANT, Some(Text::Found(tenant.as_str().into())));
    let names =
        principals.clone().map(|it| Cow::from(utf8_percent_encode(it.subject.as_str(), ESCAPED)));
    tell(X_AUTH_PRINCIPAL, Some(Text::Found(joined(names))));
    let issuer = match principals.clone().find_map(|it| it.issuer.as_deref()) {
        Some(issuer) => Text::Found(utf8_percent_encode(issuer, ESCAPED).into()),
        None => Text::Fixed(""),
    };
    tell(X_AUTH_ISSUER, Some(issuer));
    tell(X_AUTH_SCOPES, Some(Text::Found(scopes(&principals))));
    let method = |it: &Principal| it.method.as_str();
    let methods = match (first.map(method), second.map(method)) {
        (Some(first), Some(second)) => Text::Found(format!("{first}+{second}").into()),
        (first, _) => Text::Fixed(first.unwrap_or_default()),
    };
    tell(X_AUTH_METHOD, Some(methods));
    tell(X_AUTH_EXPIRES, caller.expires_at().map(|end| Text::Found(end.to_string().into())));
}

/// Writes what was found out, as far as there is anything, into headers that have none of it yet.
pub(super) fn write(headers: &mut HeaderMap, tenant: &TenantId, caller: &Caller) {
    tell_identity(tenant, caller, |name, text| match text {
        Some(Text::Fixed(text)) => headers.append(name, HeaderValue::from_static(text)),
        Some(Text::Found(text)) => headers.append(name, value(text)),
        None => {}
    });
}

fn joined<'p>(mut parts: impl Iterator<Item = Cow<'p, str>>) -> Cow<'p, str> {
    let first = parts.next().unwrap_or_default();
    match parts.next() {
        None => first,
        Some(second) => format!("{first}+{second}").into(),
    }
}

/// The scopes of all, each once.
fn scopes<'p>(principals: &(impl Iterator<Item = &'p Principal> + Clone)) -> Cow<'p, str> {
    let mut alone = principals.clone().flat_map(|it| &it.scopes);
    if let (Some(scope), None) = (alone.next(), alone.next()) {
        return scope.as_str().into();
    }
    let length = principals.clone().flat_map(|it| &it.scopes).map(|it| it.as_str().len() + 1);
    // None stands behind the last: a text without room to spare becomes a header as it is.
    let mut list = String::with_capacity(length.sum::<usize>().saturating_sub(1));
    for (place, principal) in principals.clone().enumerate() {
        let told = |scope: &Scope| {
            principals.clone().take(place).any(|it| it.scopes.iter().any(|other| other == scope))
        };
        for scope in principal.scopes.iter().filter(|scope| !told(scope)) {
            if !list.is_empty() {
                list.push(' ');
            }
            list.push_str(scope.as_str());
        }
    }
    list.into()
}

#[expect(clippy::expect_used, reason = "ids, scopes and what is percent-encoded are visible ASCII")]
fn value(text: Cow<'_, str>) -> HeaderValue {
    let value = match text {
        Cow::Borrowed(text) => HeaderValue::from_str(text),
        Cow::Owned(text) => HeaderValue::try_from(text),
    };
    value.expect("every part is printable ASCII")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderMap;
    use percent_encoding::percent_decode_str;

    use super::write;
    use crate::auth::{Accepted, Caller, Method, Principal, Standing, Tenants};
    use crate::domain::{Scopes, TenantId};

    fn accepted(method: Method, subject: &str, tenant: &str, scopes: &[&str]) -> Accepted {
        let principal = Principal {
            method,
            subject: subject.into(),
            issuer: (method == Method::Bearer).then(|| "https://login.test/a+b".into()),
            tenants: Tenants::One(TenantId::parse(tenant).unwrap()),
            scopes: Scopes::parse_any(scopes).unwrap(),
        };
        Accepted { principal, standing: Standing::of_some_key() }
    }

    fn written(caller: &Caller) -> [String; 5] {
        let mut headers = HeaderMap::new();
        write(&mut headers, &TenantId::parse("t1").unwrap(), caller);
        ["tenant", "principal", "issuer", "scopes", "method"].map(|name| {
            let value = headers.get(format!("x-auth-{name}")).unwrap();
            value.to_str().unwrap().to_owned()
        })
    }

    #[test]
    fn a_subject_of_any_text_is_one_safe_word() {
        for (subject, expected) in [
            ("crm-sync_1.b", "crm-sync_1.b"),
            ("auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe82"),
            ("user@example.com", "user@example.com"),
            ("a+b@example.com", "a%2Bb@example.com"),
            ("Jos\u{e9} Mar\u{ed}a", "Jos%C3%A9%20Mar%C3%ADa"),
            ("a\r\nX-Auth-Scopes: *", "a%0D%0AX-Auth-Scopes:%20*"),
            ("admin, root;x=\"y\\\"", "admin%2C%20root%3Bx=%22y%5C%22"),
            ("100%41", "100%2541"),
            ("\u{0}\u{7f}\u{2028}\u{1f511}", "%00%7F%E2%80%A8%F0%9F%94%91"),
        ] {
            let caller =
                Caller::new(accepted(Method::Bearer, subject, "t1", &["a", "b"]), None, None);
            let [tenant, principal, issuer, scopes, method] = written(&caller);
            assert_eq!(principal, expected);
            assert_eq!(percent_decode_str(&principal).decode_utf8().unwrap(), subject);
            assert_eq!(issuer, "https://login.test/a%2Bb");
            assert_eq!((&*tenant, &*scopes, &*method), ("t1", "a b", "bearer"));
        }
    }

    #[test]
    fn of_two_credentials_those_for_the_tenant_are_told() {
        let key = accepted(Method::ApiKey, "key", "t1", &["a", "b"]);
        let both = accepted(Method::Bearer, "a+b", "t1", &["c", "b"]);
        let other = accepted(Method::Bearer, "a+b", "t2", &["c"]);
        let of = |second| written(&Caller::new(key.clone(), Some(second), None));
        let issuer = "https://login.test/a%2Bb";
        assert_eq!(of(both), ["t1", "key+a%2Bb", issuer, "a b c", "api_key+bearer"]);
        assert_eq!(of(other), ["t1", "key", "", "a b", "api_key"]);
    }
}
