//! Issuers that are down, slow, wrong or malicious: they stop nothing that works and let nobody in.

mod answers;
mod certificates;
mod rotation;
mod stub;

use std::sync::Arc;
use std::time::Duration;

use super::config::KeyLocation;
use super::issuer_keys::Pace;
use super::testing::{TestClock, issuer_config};
use super::{BearerConfig, BearerVerifier, IssuerConfig};

/// No load but those that the start and tokens cause, and little patience.
fn on_demand(_: &KeyLocation) -> Pace {
    let never = Duration::from_secs(3600);
    Pace { refresh: never, retry: never, patience: Duration::from_secs(1) }
}

/// A load every few milliseconds.
fn eager(_: &KeyLocation) -> Pace {
    let soon = Duration::from_millis(5);
    Pace { refresh: soon, retry: soon, patience: Duration::from_secs(1) }
}

/// A verifier for the usual issuer with its keys at that address.
async fn verifier_at(
    jwks: &str,
    pace: fn(&KeyLocation) -> Pace,
    clock: Arc<TestClock>,
) -> Arc<BearerVerifier> {
    verifier_for(IssuerConfig { jwks: Some(jwks.to_owned()), ..issuer_config() }, pace, clock).await
}

async fn verifier_for(
    issuer: IssuerConfig,
    pace: fn(&KeyLocation) -> Pace,
    clock: Arc<TestClock>,
) -> Arc<BearerVerifier> {
    let config = BearerConfig { issuers: vec![issuer], ..BearerConfig::default() };
    BearerVerifier::open_at(config, Vec::new(), clock, pace).await.unwrap()
}
