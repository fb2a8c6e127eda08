//! An issuer of bearer tokens with a key of its own, known to the service by a key-set file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub struct Issuer {
    key: EcdsaKeyPair,
}

/// The claims of a token, good unless a test says otherwise.
pub struct Claims(Value);

impl Issuer {
    pub const NAME: &str = "https://issuer.test/";
    pub const AUDIENCE: &str = "https://neokeys.test/api/";
    const KEY_ID: &str = "k1";

    pub fn generate() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap() }
    }

    pub fn key_set(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": Self::KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
        }]})
    }

    pub fn sign(&self, claims: &Claims) -> String {
        self.sign_as(Self::KEY_ID, claims)
    }

    /// A token that names its key so.
    pub fn sign_as(&self, key_id: &str, claims: &Claims) -> String {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": key_id});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims.0));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
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
