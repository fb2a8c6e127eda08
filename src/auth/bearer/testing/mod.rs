//! What tests of bearer tokens share: an issuer, a clock to turn, and verifiers that know them.

pub(super) mod issuer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::{
    BearerConfig, BearerError, BearerVerifier, FixedIssuer, IssuerConfig, SigningAlgorithm,
};
use crate::auth::{Clock, Principal};

pub(super) use issuer::{AUDIENCE, ISSUER, SIGNERS, Signer, base64url, key_set, signer};

/// The time at which tests begin, in seconds since the epoch.
pub(super) const NOW: u64 = 1_700_000_000;

/// A clock that stands still until it is turned.
#[derive(Default)]
pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(NOW)))
    }

    pub(super) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn since_epoch(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Claims that are taken at [`NOW`].
pub(super) fn claims() -> Value {
    issuer::claims_at(NOW)
}

/// Those claims with some replaced, or removed where the new value is the text `(absent)`.
pub(super) fn claims_with(changes: Value) -> Value {
    issuer::changed(claims(), &changes)
}

pub(super) fn issuer_config() -> IssuerConfig {
    IssuerConfig {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        jwks: None,
        ca: None,
        http_host: None,
        algorithms: SigningAlgorithm::ALL.to_vec(),
        access_tokens_only: false,
    }
}

/// A verifier that knows these keys for [`ISSUER`].
pub(super) async fn verifier_of(
    config: IssuerConfig,
    keys: Value,
    clock: Arc<TestClock>,
) -> Arc<BearerVerifier> {
    let fixed = vec![FixedIssuer { config, keys }];
    BearerVerifier::open_with(BearerConfig::default(), fixed, clock).await.unwrap()
}

/// The verdict on a token under every signer's key, at [`NOW`].
pub(super) async fn verdict(token: &str) -> Result<Principal, BearerError> {
    let keys = key_set(SIGNERS.iter());
    verifier_of(issuer_config(), keys, TestClock::new()).await.verify(token).await
}
