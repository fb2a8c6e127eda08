//! An issuer of bearer tokens with a key of its own, known to the service by a key-set file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::signer::{Signer, key_set};

pub struct Issuer {
    key: Signer,
}

/// The claims of a token, good unless a test says otherwise.
pub struct Claims(Value);

impl Issuer {
    pub const NAME: &str = "https://issuer.test/";
    pub const AUDIENCE: &str = "https://neokeys.test/api/";

    pub fn generate() -> Self {
        Self { key: Signer::generate("ES256", "k1") }
    }

    pub fn key_set(&self) -> Value {
        key_set([&self.key])
    }

    pub fn sign(&self, claims: &Claims) -> String {
        self.sign_as(&self.key.key_id, claims)
    }

    /// A token that names its key so.
    pub fn sign_as(&self, key_id: &str, claims: &Claims) -> String {
        self.key.sign(&json!({"alg": "ES256", "typ": "at+jwt", "kid": key_id}), &claims.0)
    }

    /// A good token for tenants with permissions.
    pub fn token(&self, tenants: &[&str], permissions: &[&str]) -> String {
        self.sign(&Claims::new(tenants, permissions))
    }
}

impl Claims {
    /// `*` alone is all tenants.
    pub fn new(tenants: &[&str], permissions: &[&str]) -> Self {
        let tenants = if tenants == ["*"] { json!("*") } else { json!(tenants) };
        Self(json!({
            "iss": Issuer::NAME,
            "aud": Issuer::AUDIENCE,
            "sub": "someone",
            "exp": seconds_from_now(600),
            "tenants": tenants,
            "permissions": permissions,
        }))
    }

    /// The same claims with another value for one.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }

    pub fn expired(self) -> Self {
        self.ending_in(-3600)
    }

    /// The same claims with an end so many seconds from now.
    pub fn ending_in(self, seconds: i64) -> Self {
        self.with("exp", seconds_from_now(seconds))
    }
}

#[expect(clippy::disallowed_methods, reason = "tokens of a test are good by the real clock")]
fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(now.as_secs()).unwrap() + seconds
}
