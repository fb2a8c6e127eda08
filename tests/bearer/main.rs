//! Bearer tokens and their issuers, hostile and merely unusual, through the public verifier; and the
//! same table of hostile tokens over a real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile_issuers;
mod hostile_tokens;
mod identity_providers;
mod over_a_socket;
mod verifier;

use std::sync::Arc;

use neokeys::auth::Principal;
use neokeys::auth::bearer::{BearerConfig, BearerError, BearerVerifier, FixedIssuer, IssuerConfig};
use neokeys_testkit::clock::{NOW, TestClock};
use neokeys_testkit::signer::{AUDIENCE, ISSUER, SIGNERS, changed, claims_at, key_set};
use serde_json::Value;

/// Claims that are taken at [`NOW`].
fn claims() -> Value {
    claims_at(NOW)
}

/// Those claims with some replaced, or removed where the new value is the text `(absent)`.
#[expect(clippy::needless_pass_by_value, reason = "claims are written where they are used")]
fn claims_with(changes: Value) -> Value {
    changed(claims(), &changes)
}

fn issuer_config() -> IssuerConfig {
    IssuerConfig::new(ISSUER, AUDIENCE)
}

/// The settings of one issuer.
fn known(issuer: IssuerConfig) -> BearerConfig {
    let mut config = BearerConfig::default();
    config.issuers.push(issuer);
    config
}

/// A verifier that knows these keys for [`ISSUER`].
async fn verifier_of(
    config: IssuerConfig,
    keys: Value,
    clock: Arc<TestClock>,
) -> Arc<BearerVerifier> {
    let fixed = vec![FixedIssuer { config, keys }];
    BearerVerifier::open_with(BearerConfig::default(), fixed, clock).await.unwrap()
}

/// The verdict on a token under every signer's key, at [`NOW`].
async fn verdict(token: &str) -> Result<Principal, BearerError> {
    let keys = key_set(SIGNERS.iter());
    verifier_of(issuer_config(), keys, TestClock::new()).await.verify(token).await
}
