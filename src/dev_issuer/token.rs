//! The issuer's key and what it signs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// Who it is for.
    pub subject: String,
    /// The tenants that it is for; `*` for all.
    pub tenants: Vec<String>,
    /// What it permits.
    pub permissions: Vec<String>,
    /// How long it is good for.
    pub lifetime: Duration,
}

/// A P-256 key that lives as long as the process.
pub struct SigningKey(EcdsaKeyPair);

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness for the development issuer's key")]
pub struct DevIssuerError;

/// What the key is called: there is one.
const KEY_ID: &str = "dev";

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// [`DevIssuerError`] when the operating system gives no randomness.
    pub fn generate() -> Result<Self, DevIssuerError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).or(Err(DevIssuerError))?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        Ok(Self(key.or(Err(DevIssuerError))?))
    }

    /// The public half (RFC 7517, RFC 7518 §6.2).
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        // An uncompressed point: one byte of form, then both coordinates of 32 bytes.
        let point = self.0.public_key().as_ref();
        json!({
            "kty": "EC",
            "crv": "P-256",
            "use": "sig",
            "alg": "ES256",
            "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
        })
    }

    /// A compact token (RFC 7519, `typ` of RFC 9068 §2.1). A secret.
    ///
    /// # Errors
    /// [`DevIssuerError`] when the operating system gives no randomness.
    pub fn sign(&self, claims: &Value) -> Result<String, DevIssuerError> {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.or(Err(DevIssuerError))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
