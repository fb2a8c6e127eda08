//! Finding out who calls.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::HeaderMap;

use super::bearer::{BearerVerifier, TokenDescription};
use super::client_address::ClientAddresses;
use super::client_secret::BasicCredentials;
use super::credential::{self, Presented};
use super::outcome::{FoundKey, Outcome, combine, ended};
use super::{
    Accepted, AuthenticationTally, Caller, Method, Principal, Standing, Throttle, Verdict, denial,
};
use crate::clock::{Clock, SystemClock};
use crate::domain::{
    Digest, FoundToken, Generation, KeyRepository, Keyring, Minute, ReadError, TenantId, Timestamp,
    TokenPrefix, TokenRefusal,
};
use crate::problem::Problem;

/// Verifies the credentials of requests.
#[derive(Clone)]
pub struct Authenticator {
    keys: Arc<dyn KeyRepository>,
    bearer: Arc<BearerVerifier>,
    tally: Arc<AuthenticationTally>,
    throttle: Arc<Throttle>,
    clock: Arc<dyn Clock>,
    clients: ClientAddresses,
    /// The beginning by which a bearer token that was passed on is told for an API key, if it may be one.
    key_prefix: Option<TokenPrefix>,
}

/// The worth of a good token.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Who calls with it.
    pub principal: Principal,
    /// A bearer token's word on itself; `None` for an API key.
    pub token: Option<TokenDescription>,
    /// The first second in which an API key's token is not valid any more.
    pub expires_at: Option<Timestamp>,
}

/// An API key as it came, in the ways in which it can be meant.
struct PresentedKey<'r> {
    written: Presented<&'r [u8]>,
    /// Where that is encoded.
    decoded: Option<&'r [u8]>,
}

impl Authenticator {
    /// Verifies API keys by a repository and bearer tokens by a verifier.
    #[must_use]
    pub fn new(keys: Arc<dyn KeyRepository>, bearer: Arc<BearerVerifier>) -> Self {
        Self {
            keys,
            bearer,
            tally: Arc::default(),
            throttle: Arc::default(),
            clock: Arc::new(SystemClock),
            clients: ClientAddresses::default(),
            key_prefix: None,
        }
    }

    /// The same, with what becomes of credentials counted there.
    #[must_use]
    pub(crate) fn counted_by(self, tally: Arc<AuthenticationTally>) -> Self {
        Self { tally, ..self }
    }

    /// The same, with addresses slowed down from which one bad credential comes after another.
    #[must_use]
    pub(crate) fn throttled_by(self, throttle: Arc<Throttle>) -> Self {
        Self { throttle, ..self }
    }

    /// The same, with clients' addresses found by the word of these proxies.
    #[must_use]
    pub(crate) fn behind(self, clients: ClientAddresses) -> Self {
        Self { clients, ..self }
    }

    /// The same, taking an API key with this prefix as a bearer token too, where
    /// [`authenticate_passed_on`](Self::authenticate_passed_on) is asked.
    #[must_use]
    pub(crate) fn taking_keys_as_bearers(self, key_prefix: Option<TokenPrefix>) -> Self {
        Self { key_prefix, ..self }
    }

    pub(super) fn clients(&self) -> &ClientAddresses {
        &self.clients
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// Who calls, by the headers of a request about a tenant; `None` where its path names none.
    ///
    /// # Errors
    /// A 401 when no credential came or one that came is not valid, a 503 when the tenant's keys
    /// cannot be read.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        tenant: Option<TenantId>,
        client: Option<IpAddr>,
    ) -> Result<Caller, Problem> {
        let presented = PresentedKey { written: credential::api_key(headers), decoded: None };
        self.authenticate_both(credential::bearer_token(headers), presented, tenant, client).await
    }

    /// Like [`authenticate`](Self::authenticate), for requests that a gateway passes on, some of which pass
    /// `Authorization` and nothing else: where the deployment says so, a bearer token that begins as API
    /// keys do is one that came in its own header.
    ///
    /// # Errors
    /// As there. A key in both headers is one that came twice.
    pub(crate) async fn authenticate_passed_on(
        &self,
        headers: &HeaderMap,
        tenant: Option<TenantId>,
        client: Option<IpAddr>,
    ) -> Result<Caller, Problem> {
        let (bearer, own) = (credential::bearer_token(headers), credential::api_key(headers));
        let (bearer, written) = match (&self.key_prefix, bearer) {
            (Some(prefix), Presented::Secret(token)) if token.starts_with(prefix.as_str()) => {
                let is_alone = own == Presented::Nothing;
                let key = Presented::Secret(token.as_bytes());
                (Presented::Nothing, if is_alone { key } else { Presented::Malformed })
            }
            (_, bearer) => (bearer, own),
        };
        let presented = PresentedKey { written, decoded: None };
        self.authenticate_both(bearer, presented, tenant, client).await
    }

    /// Like [`authenticate`](Self::authenticate), for programs that can say who they are in no other
    /// way than by a client's secret: an API key as the password of `Authorization: Basic` is one that
    /// came in its own header. It is taken as it was written, or else after the decoding that RFC 6749
    /// §2.3.1 asks for: few programs encode what they send.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn authenticate_client(
        &self,
        headers: &HeaderMap,
        tenant: Option<TenantId>,
        client: Option<IpAddr>,
    ) -> Result<Caller, Problem> {
        let Some(basic) = BasicCredentials::of(headers) else {
            return self.authenticate(headers, tenant, client).await;
        };
        let decoded = basic.form_password();
        let written = match credential::api_key(headers) {
            Presented::Nothing if credential::has_length_of_one(basic.password()) => {
                Presented::Secret(basic.password())
            }
            // Beside a key that came in its own header, it is one that came twice.
            Presented::Nothing | Presented::Malformed | Presented::Secret(_) => {
                Presented::Malformed
            }
        };
        let presented = PresentedKey { written, decoded: decoded.as_ref().map(|it| &***it) };
        self.authenticate_both(Presented::Nothing, presented, tenant, client).await
    }

    async fn authenticate_both(
        &self,
        bearer: Presented<&str>,
        key: PresentedKey<'_>,
        tenant: Option<TenantId>,
        client: Option<IpAddr>,
    ) -> Result<Caller, Problem> {
        let began = Instant::now();
        let mut by_token = self.authenticate_bearer(bearer).await;
        let by_key = self.authenticate_api_key(key, tenant.as_ref(), client).await;
        // The tenant's keys may have been waited for.
        if matches!(&by_token, Outcome::Authenticated(token) if !token.is_good()) {
            by_token = Outcome::Failed(None);
        }
        self.count(&by_key, &by_token);
        let caller = combine(by_key?, by_token, tenant)?;
        if let Some((tenant, token, accepted_at)) = caller.used_key() {
            self.note_use(tenant, token, accepted_at);
        }
        Ok(caller.after(began.elapsed()))
    }

    /// A token of an API key let somebody in.
    fn note_use(&self, tenant: &TenantId, token: FoundToken<'_>, at: Timestamp) {
        if matches!(token.generation, Generation::Previous { .. }) {
            self.tally.count_previous_token();
        }
        let minute = Minute::with(at);
        // Most uses change nothing, and are told nobody.
        if token.note_use(minute) {
            self.keys.note_use(tenant, token.digest(), minute);
        }
    }

    fn count_refusal(&self, refusal: TokenRefusal) {
        if refusal == TokenRefusal::AddressNotAllowed {
            self.tally.count_refused_address();
        }
    }

    fn count(&self, by_key: &Result<Outcome<FoundKey>, Problem>, by_token: &Outcome<Accepted>) {
        let by_key = by_key.as_ref().map_or(Some(Verdict::Unavailable), Outcome::verdict);
        let by_token = by_token.verdict();
        if let Some(verdict) = by_key {
            self.tally.count(Some(Method::ApiKey), verdict);
        }
        if let Some(verdict) = by_token {
            self.tally.count(Some(Method::Bearer), verdict);
        }
        if by_key.is_none() && by_token.is_none() {
            self.tally.count(None, Verdict::Refused);
        }
    }

    async fn authenticate_bearer(&self, presented: Presented<&str>) -> Outcome<Accepted> {
        match presented {
            Presented::Nothing => Outcome::NotPresented,
            Presented::Malformed => Outcome::Failed(None),
            Presented::Secret(token) => match self.bearer.accept(token).await {
                Ok(token) => Outcome::Authenticated(Accepted {
                    principal: token.principal().clone(),
                    standing: Standing::Bearer(token),
                }),
                Err(error) => {
                    tracing::debug!(reason = %error, "a bearer token was refused");
                    Outcome::Failed(None)
                }
            },
        }
    }

    async fn authenticate_api_key(
        &self,
        presented: PresentedKey<'_>,
        tenant: Option<&TenantId>,
        client: Option<IpAddr>,
    ) -> Result<Outcome<FoundKey>, Problem> {
        let token = match presented.written {
            Presented::Nothing => return Ok(Outcome::NotPresented),
            Presented::Malformed => return Ok(Outcome::Failed(None)),
            Presented::Secret(token) => token,
        };
        let Some(tenant) = tenant else { return Ok(Outcome::Failed(None)) };
        match self.keys.get_keyring(tenant).await {
            Ok(keyring) => {
                let now = self.clock.now();
                let find = |token: &[u8]| {
                    let found = Accepted::api_key(&keyring, Digest::of(token), tenant, now, client);
                    found.inspect_err(|refusal| self.count_refusal(*refusal))
                };
                let decoded = presented.decoded.map(find);
                let refusal = match (find(token), decoded) {
                    (Ok(found), _) | (Err(_), Some(Ok(found))) => {
                        return Ok(Outcome::Authenticated((found, keyring)));
                    }
                    (Err(written), Some(Err(decoded))) => ended(written).or(ended(decoded)),
                    (Err(written), None) => ended(written),
                };
                self.keys.feign_absence(tenant);
                Ok(Outcome::Failed(refusal))
            }
            // Whoever has no valid key does not learn which tenants exist, neither from the answer nor
            // from the work that it makes.
            Err(ReadError::NoSuchTenant) => {
                let nobody = Keyring::default();
                let now = self.clock.now();
                let find = |token: &[u8]| {
                    Accepted::api_key(&nobody, Digest::of(token), tenant, now, client).ok()
                };
                let found = presented.decoded.and_then(find).or(find(token));
                debug_assert!(found.is_none());
                Ok(Outcome::Failed(None))
            }
            Err(error @ ReadError::Unavailable(_)) => Err(denial::unreadable(error)),
        }
    }

    /// The worth of a token that somebody holds in the tenant of these keys, as API key or as bearer
    /// token; `None` if nothing. Why it is worth nothing is not told, and hardly to be measured: each kind of
    /// refusal does the same work, but for a bearer token's signature.
    pub(crate) async fn inspect(
        &self,
        token: &str,
        tenant: &TenantId,
        keyring: &Keyring,
        client: Option<IpAddr>,
    ) -> Option<Inspection> {
        let digest = Digest::of(token.as_bytes());
        let by_key = Accepted::api_key(keyring, digest, tenant, self.clock.now(), client);
        let by_key = by_key.inspect_err(|refusal| self.count_refusal(*refusal));
        if !credential::may_be_sent(token) {
            return None;
        }
        if let Ok(accepted) = by_key {
            let used = accepted.used_token();
            if let Some((token, accepted_at)) = used {
                self.note_use(tenant, token, accepted_at);
            }
            let expires_at = used.and_then(|(token, _)| token.expires_at());
            return Some(Inspection { principal: accepted.principal, token: None, expires_at });
        }
        let described = self.bearer.describe(token).await.ok();
        described.filter(|(principal, _)| principal.tenants.include(tenant)).map(
            |(principal, token)| Inspection { principal, token: Some(token), expires_at: None },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::Authenticator;
    use crate::auth::bearer::{BearerConfig, BearerVerifier};
    use crate::clock::SystemClock;
    use crate::contract::API_KEY_HEADER;
    use crate::domain::{
        ApiKey, Commit, CommitFuture, Digest, KeyName, KeyRepository, Keyring, KeyringFuture,
        Scopes, StoreHealth, TenantId, TenantsFuture,
    };

    const SLOWLY: Duration = Duration::from_millis(20);

    /// A store that takes its time.
    struct Slow;

    impl KeyRepository for Slow {
        fn get_keyring<'a>(&'a self, _: &'a TenantId) -> KeyringFuture<'a> {
            KeyringFuture::Pending(Box::pin(async {
                let began = Instant::now();
                while began.elapsed() < SLOWLY {
                    tokio::task::yield_now().await;
                }
                let key = Arc::new(ApiKey::new(
                    KeyName::parse("good").unwrap(),
                    true,
                    Scopes::parse(&["*"]).unwrap(),
                    Digest::of(b"good"),
                ));
                Ok(Arc::new(Keyring::new(vec![key], Vec::new())))
            }))
        }

        fn tenants(&self) -> TenantsFuture<'_> {
            panic!("nobody lists tenants here")
        }

        fn commit(&self, _: Commit) -> CommitFuture {
            panic!("nobody changes anything here")
        }

        fn health(&self) -> StoreHealth {
            StoreHealth::default()
        }
    }

    #[tokio::test]
    async fn a_caller_knows_what_it_took_to_let_it_in() {
        let bearer =
            BearerVerifier::open(BearerConfig::default(), Arc::new(SystemClock)).await.unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(API_KEY_HEADER, HeaderValue::from_static("good"));
        let tenant = TenantId::parse("t").unwrap();
        let authenticator = Authenticator::new(Arc::new(Slow), bearer);
        let caller = authenticator.authenticate(&headers, Some(tenant), None).await.unwrap();
        assert!(caller.judged_in() >= SLOWLY, "{:?}", caller.judged_in());
    }
}
