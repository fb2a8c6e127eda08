//! The outcomes of the two schemes for one request, and the caller that they come to together.

use std::sync::Arc;

use super::{Accepted, Caller, Verdict, denial};
use crate::domain::{Keyring, TenantId, Timestamp, TokenRefusal};
use crate::problem::Problem;

/// One scheme's answer to a request.
#[derive(Debug, Clone)]
pub(super) enum Outcome<T> {
    /// The request has no credential of this scheme.
    NotPresented,
    /// It has one, and it is valid.
    Authenticated(T),
    /// It has one, and it is not.
    /// The end of the API key that was presented, if that is why.
    Failed(Option<Timestamp>),
}

/// A valid API key, and the keys of the tenant among which it was found.
pub(super) type FoundKey = (Accepted, Arc<Keyring>);

impl<T> Outcome<T> {
    /// How it is counted.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::NotPresented => None,
            Self::Authenticated(_) => Some(Verdict::Accepted),
            Self::Failed(_) => Some(Verdict::Refused),
        }
    }
}

/// The end of a token that was refused for that alone.
pub(super) fn ended(refusal: TokenRefusal) -> Option<Timestamp> {
    match refusal {
        TokenRefusal::Expired { at } => Some(at),
        TokenRefusal::Unknown | TokenRefusal::Disabled | TokenRefusal::AddressNotAllowed => None,
    }
}

/// Either credential suffices; of two that came, both must be valid.
pub(super) fn combine(
    by_key: Outcome<FoundKey>,
    by_token: Outcome<Accepted>,
    tenant: Option<TenantId>,
) -> Result<Caller, Problem> {
    let token = match by_token {
        Outcome::Failed(_) => return Err(denial::invalid_credential()),
        Outcome::NotPresented => None,
        Outcome::Authenticated(token) => Some(token),
    };
    match (by_key, token) {
        (Outcome::Failed(Some(at)), _) => Err(denial::expired(at)),
        (Outcome::Failed(None), _) => Err(denial::invalid_credential()),
        (Outcome::NotPresented, None) => Err(denial::not_authenticated()),
        (Outcome::NotPresented, Some(token)) => Ok(Caller::new(token, None, tenant)),
        (Outcome::Authenticated((key, keyring)), token) => {
            Ok(Caller::new(key, token, tenant).found_in(Some(keyring)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{FoundKey, Outcome, combine};
    use crate::auth::{Accepted, Method, Principal, Standing, Tenants};
    use crate::domain::{Keyring, Scopes};

    fn accepted(subject: &str) -> Accepted {
        let principal = Principal {
            method: Method::ApiKey,
            subject: subject.into(),
            issuer: None,
            tenants: Tenants::All,
            scopes: Scopes::default(),
        };
        Accepted { principal, standing: Standing::of_some_key() }
    }

    #[test]
    fn either_scheme_suffices_and_one_failure_is_enough_to_refuse() {
        let token = || Outcome::Authenticated(accepted("token"));
        let key =
            || Outcome::<FoundKey>::Authenticated((accepted("key"), Arc::new(Keyring::default())));
        let cases = [
            (Outcome::NotPresented, Outcome::NotPresented, None),
            (key(), Outcome::NotPresented, Some("key")),
            (Outcome::NotPresented, token(), Some("token")),
            (key(), token(), Some("key+token")),
            (Outcome::Failed(None), Outcome::NotPresented, None),
            (Outcome::NotPresented, Outcome::Failed(None), None),
            (Outcome::Failed(None), token(), None),
            (key(), Outcome::Failed(None), None),
            (Outcome::Failed(None), Outcome::Failed(None), None),
        ];
        for (by_key, by_token, expected) in cases {
            let label = format!("{by_key:?} {by_token:?}");
            let subjects =
                combine(by_key, by_token, None).ok().map(|caller| caller.subject().into_owned());
            assert_eq!(subjects.as_deref(), expected, "{label}");
        }
    }
}
