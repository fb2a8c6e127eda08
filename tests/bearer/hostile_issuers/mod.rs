//! Issuers that are down, slow, wrong or malicious: they stop nothing that works and let nobody in.

mod answers;
mod certificates;
mod rotation;
pub(crate) mod stub;

use std::sync::Arc;
use std::time::Duration;

use neokeys::auth::bearer::{BearerVerifier, IssuerConfig, Pace};
use neokeys_testkit::clock::TestClock;

use crate::{issuer_config, known};

/// No load but those that the start and tokens cause, and little patience.
const ON_DEMAND: Pace = Pace {
    refresh: Duration::from_secs(3600),
    retry: Duration::from_secs(3600),
    patience: Duration::from_secs(1),
};

/// A load every few milliseconds.
const EAGER: Pace = Pace {
    refresh: Duration::from_millis(5),
    retry: Duration::from_millis(5),
    patience: Duration::from_secs(1),
};

/// A verifier for the usual issuer with its keys at that address.
async fn verifier_at(jwks: &str, pace: Pace, clock: Arc<TestClock>) -> Arc<BearerVerifier> {
    let mut issuer = issuer_config();
    issuer.jwks = Some(jwks.to_owned());
    verifier_for(issuer, pace, clock).await
}

async fn verifier_for(
    issuer: IssuerConfig,
    pace: Pace,
    clock: Arc<TestClock>,
) -> Arc<BearerVerifier> {
    BearerVerifier::open_at(known(issuer), Vec::new(), clock, Some(pace)).await.unwrap()
}
