//! The one door: a bearer token in, a principal out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use serde_json::Value;

use super::claims::{Claims, TokenDescription};
use super::compact_jws::Compact;
use super::header::{Header, TokenKind};
use super::key_fetch::KeySource;
use super::key_refresh::{IssuerKeys, Loads, Pace};
use super::key_set::KeySet;
use super::token_cache::{TokenDigest, Verified, VerifiedTokens};
use super::{BearerConfig, BearerConfigError, BearerError, IssuerConfig, KeySetError, LoadError};
use crate::auth::Principal;
use crate::clock::Clock;

/// The longest that a start waits for issuers.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// Verifies the tokens of the configured issuers.
pub struct BearerVerifier {
    tenants_claim: String,
    issuers: Vec<Issuer>,
    verified: VerifiedTokens,
    clock: Arc<dyn Clock>,
}

/// An issuer whose key set is known at the start and never changes, such as one in this process.
#[derive(Debug, Clone)]
pub struct FixedIssuer {
    /// Its settings; `jwks` is not looked at.
    pub config: IssuerConfig,
    /// Its key set (RFC 7517 §5).
    pub keys: Value,
}

/// A token that was found good, without the token: what it hangs on can be judged again at once.
#[derive(Clone)]
pub struct VerifiedToken {
    verifier: Arc<BearerVerifier>,
    verified: Arc<Verified>,
}

impl VerifiedToken {
    /// The caller that it names.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.verified.principal
    }

    /// Whether its time has not run out and its issuer still has the key that it was signed with.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.verifier.is_good(&self.verified)
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VerifiedToken").finish_non_exhaustive()
    }
}

/// How an issuer's keys stand.
#[derive(Debug, Clone)]
pub struct IssuerHealth {
    /// The issuer, as configured.
    pub issuer: String,
    /// How many of its keys can be used; with none, none of its tokens is taken.
    pub keys: usize,
    /// Why its keys could not be loaded the last time.
    pub fault: Option<Arc<LoadError>>,
    /// How loading its keys went until now; nothing for keys that never change.
    pub loads: Option<Loads>,
}

impl IssuerHealth {
    /// Whether there is a key and it is up to date.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.keys > 0 && self.fault.is_none()
    }
}

struct Issuer {
    /// Its name, as its tokens' callers are given it.
    name: Arc<str>,
    config: IssuerConfig,
    keys: IssuerKeys,
}

impl BearerVerifier {
    /// Starts to fetch the issuers' keys and waits 5 s at most until each has answered once. An
    /// issuer that is down is logged and tried again; it stops nothing. Call it on a tokio runtime
    /// that lasts as long as the service: the fetching is done there.
    ///
    /// # Errors
    /// [`BearerConfigError`] names the setting that cannot be used.
    pub async fn open(
        config: BearerConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, BearerConfigError> {
        Self::open_with(config, Vec::new(), clock).await
    }

    /// Like [`Self::open`], with further issuers whose keys need no fetching.
    ///
    /// # Errors
    /// [`BearerConfigError`] names the setting that cannot be used.
    pub async fn open_with(
        config: BearerConfig,
        fixed: Vec<FixedIssuer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, BearerConfigError> {
        Self::open_at(config, fixed, clock, None).await
    }

    /// Like [`Self::open_with`], with keys loaded at this pace wherever they are.
    ///
    /// # Errors
    /// [`BearerConfigError`] names the setting that cannot be used.
    pub async fn open_at(
        config: BearerConfig,
        fixed: Vec<FixedIssuer>,
        clock: Arc<dyn Clock>,
        pace: Option<Pace>,
    ) -> Result<Arc<Self>, BearerConfigError> {
        let locations = config.validate()?;
        let mut issuers = Vec::new();
        for FixedIssuer { config, keys } in fixed {
            config.validate("fixed")?;
            let document = keys.as_object().ok_or(KeySetError::NotJson)?;
            let keys = IssuerKeys::fixed(KeySet::vet(&config.issuer, document)?);
            issuers.push(Issuer::new(config, keys));
        }
        let mut loads = Vec::new();
        for (index, (config, location)) in config.issuers.into_iter().zip(locations).enumerate() {
            let pace = pace.unwrap_or_else(|| Pace::at(&location));
            let source = KeySource::connect(location, &config, index, pace.patience)?;
            let (keys, loaded) =
                IssuerKeys::start(&config.issuer, source, pace, Arc::clone(&clock));
            issuers.push(Issuer::new(config, keys));
            loads.push(loaded);
        }
        if tokio::time::timeout(START_PATIENCE, future::join_all(loads)).await.is_err() {
            tracing::warn!("an issuer has not answered yet; going on without it");
        }
        let verified = VerifiedTokens::new();
        Ok(Arc::new(Self { tenants_claim: config.tenants_claim, issuers, verified, clock }))
    }

    /// Verifies a token, the text after `Bearer `, and gives the caller that it names. Waits for the
    /// issuer's keys only when the token names a key that is not known.
    ///
    /// # Errors
    /// [`BearerError`] says which rule the token breaks; to a caller each is the same 401.
    pub async fn verify(&self, token: &str) -> Result<Principal, BearerError> {
        self.verify_token(token).await.map(|verified| verified.principal.clone())
    }

    /// Like [`verify`](Self::verify), for who has to know later whether the token is good still.
    ///
    /// # Errors
    /// As there.
    pub async fn accept(self: &Arc<Self>, token: &str) -> Result<VerifiedToken, BearerError> {
        let verified = self.verify_token(token).await?;
        Ok(VerifiedToken { verifier: Arc::clone(self), verified })
    }

    async fn verify_token(&self, token: &str) -> Result<Arc<Verified>, BearerError> {
        let digest = self.verified.digest(token);
        if let Some(digest) = &digest
            && let Some(verdict) = self.find_verdict(digest)
        {
            return verdict;
        }
        let compact = Compact::parse(token)?;
        let header = Header::parse(&compact.header)?;
        let claims = Claims::parse(&compact.payload)?;
        let (issuer, keys) = self.demand_issuer(&claims, &header, &compact).await?;
        let Issuer { name, config, .. } = &self.issuers[issuer];
        let (principal, lifetime) = claims.validate(name, &config.audience, &self.tenants_claim)?;
        lifetime.validate(self.clock.since_epoch())?;
        let Header { key_id, algorithm, .. } = header;
        let verified = Arc::new(Verified { principal, lifetime, issuer, keys, key_id, algorithm });
        if let Some(digest) = digest {
            self.verified.insert(digest, Arc::clone(&verified));
        }
        Ok(verified)
    }

    /// Like [`verify`](Self::verify), with the token's word on itself.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn describe(
        &self,
        token: &str,
    ) -> Result<(Principal, TokenDescription), BearerError> {
        let principal = self.verify(token).await?;
        let compact = Compact::parse(token)?;
        Ok((principal, Claims::parse(&compact.payload)?.description()))
    }

    /// The verdict on a token that was found good before, unless its issuer's keys are others now.
    fn find_verdict(&self, digest: &TokenDigest) -> Option<Result<Arc<Verified>, BearerError>> {
        let verified = self.verified.find(digest)?;
        if !Arc::ptr_eq(&verified.keys, &self.issuers[verified.issuer].keys.load()) {
            self.verified.remove(digest);
            return None;
        }
        let verdict = verified.lifetime.validate(self.clock.since_epoch());
        if verdict == Err(BearerError::Expired) {
            self.verified.remove(digest);
        }
        Some(verdict.map(|()| verified))
    }

    /// Whether a token that was found good is so still: its time has not run out, and its issuer
    /// still has the key that it was signed with. Waits for nothing.
    fn is_good(&self, verified: &Verified) -> bool {
        let Verified { keys: then, key_id, algorithm, .. } = verified;
        let now = self.issuers[verified.issuer].keys.load();
        let key = |set: &'_ KeySet| set.get(key_id.as_deref(), *algorithm).ok().cloned();
        let has_key = Arc::ptr_eq(then, &now) || key(&now).is_some_and(|it| key(then) == Some(it));
        has_key && verified.lifetime.validate(self.clock.since_epoch()).is_ok()
    }

    /// Finds the issuer that the claims name and the key that the header names, and checks the
    /// signature. Gives the issuer's place and the set that the key is from.
    async fn demand_issuer(
        &self,
        claims: &Claims<'_>,
        header: &Header,
        compact: &Compact<'_>,
    ) -> Result<(usize, Arc<KeySet>), BearerError> {
        let name = claims.issuer()?;
        let place = self.issuers.iter().position(|issuer| issuer.config.issuer == name);
        let place = place.ok_or(BearerError::UnknownIssuer)?;
        let issuer = &self.issuers[place];
        issuer.demand_header(header)?;
        Ok((place, issuer.demand_signature(header, compact).await?))
    }

    /// How each issuer's keys stand, for readiness.
    #[must_use]
    pub fn health(&self) -> Vec<IssuerHealth> {
        let health = |issuer: &Issuer| IssuerHealth {
            issuer: issuer.config.issuer.clone(),
            keys: issuer.keys.load().len(),
            fault: issuer.keys.fault(),
            loads: issuer.keys.loads(),
        };
        self.issuers.iter().map(health).collect()
    }

    #[cfg(test)]
    pub(super) fn verified(&self) -> &VerifiedTokens {
        &self.verified
    }
}

impl Issuer {
    fn new(config: IssuerConfig, keys: IssuerKeys) -> Self {
        Self { name: config.issuer.as_str().into(), config, keys }
    }

    fn demand_header(&self, header: &Header) -> Result<(), BearerError> {
        if !self.config.algorithms.contains(&header.algorithm) {
            return Err(BearerError::AlgorithmNotAllowed);
        }
        if self.config.access_tokens_only && header.kind != TokenKind::AccessToken {
            return Err(BearerError::WrongType);
        }
        Ok(())
    }

    async fn demand_signature(
        &self,
        header: &Header,
        compact: &Compact<'_>,
    ) -> Result<Arc<KeySet>, BearerError> {
        let mut keys = self.keys.load();
        let id = header.key_id.as_deref();
        if keys.get(id, header.algorithm).err() == Some(BearerError::UnknownKey) {
            self.keys.ask().await;
            keys = self.keys.load();
        }
        let key = keys.get(id, header.algorithm)?;
        key.verify(header.algorithm, compact.signing_input, compact.signature)?;
        Ok(keys)
    }
}
