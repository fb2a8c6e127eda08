//! Verifiers of the issuer that all tests have, and its clock, for tests of private parts.

use std::sync::Arc;

use neokeys_testkit::signer as issuer;
use serde_json::Value;

use super::{BearerConfig, BearerVerifier, FixedIssuer, IssuerConfig};

pub(super) use neokeys_testkit::clock::{NOW, TestClock};
pub(super) use neokeys_testkit::signer::{
    AUDIENCE, ISSUER, SIGNERS, base64url, changed, key_set, signer,
};

/// Claims that are taken at [`NOW`].
pub(super) fn claims() -> Value {
    issuer::claims_at(NOW)
}

/// Those claims with some replaced, or removed where the new value is the text `(absent)`.
#[expect(clippy::needless_pass_by_value, reason = "claims are written where they are used")]
pub(super) fn claims_with(changes: Value) -> Value {
    changed(claims(), &changes)
}

pub(super) fn issuer_config() -> IssuerConfig {
    IssuerConfig::new(ISSUER, AUDIENCE)
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
