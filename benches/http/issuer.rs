//! An issuer of RS256 tokens, and what one of its signatures costs to check.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example/";
/// More than the verifier remembers, so that one taken in turn is always one not seen before.
pub const TOKENS: usize = 20_000;

/// A key pair whose public half a server can be told.
pub struct Issuer {
    pair: RsaKeyPair,
    now: u64,
}

impl Issuer {
    #[expect(clippy::disallowed_methods, reason = "tokens have to be good now")]
    pub fn generate() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self { pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), now }
    }

    /// The lines of a server's settings that trust this issuer; its key set goes into the folder.
    pub fn settings(&self, folder: &Path) -> String {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        let (n, e) = (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e));
        let key = json!({ "kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "n": n, "e": e });
        let path = folder.join("jwks.json");
        fs::write(&path, json!({ "keys": [key] }).to_string()).unwrap();
        format!(
            "auth:\n  bearer:\n    issuers:\n      - issuer: {ISSUER}\n        audience: {AUDIENCE}\n        jwks: file:{}\n",
            path.display()
        )
    }

    /// A token for the first tenant, told from others by its number.
    pub fn token(&self, number: usize) -> String {
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(json!({ "alg": "RS256", "kid": "k", "typ": "JWT" }));
        let claims = encode(json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": format!("user-{number:06}"), "iat": self.now,
            "exp": self.now + 24 * 60 * 60, "tenants": ["t000000"],
            "permissions": ["tenant.apiKey:read", "passes:write"],
        }));
        let input = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    /// A file of [`TOKENS`] tokens, a line each.
    pub fn tokens(&self, folder: &Path) -> PathBuf {
        let path = folder.join("tokens");
        let tokens: Vec<_> = (0..TOKENS).map(|number| self.token(number)).collect();
        fs::write(&path, tokens.join("\n")).unwrap();
        path
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// Microseconds that checking one signature takes, over a text of a token's length.
    pub fn verification_us(&self) -> f64 {
        const CHECKS: u32 = 10_000;
        let message = [b'a'; 300];
        let signature = self.sign(&message);
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key());
        let start = Instant::now();
        for _ in 0..CHECKS {
            key.verify(&message, std::hint::black_box(&signature)).unwrap();
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS)
    }
}
