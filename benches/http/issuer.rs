//! An issuer of RS256 tokens, and what one of its signatures costs to check.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use neokeys_testkit::signer::{AUDIENCE, ISSUER, Signer, key_set};
use serde_json::json;

/// More than the verifier remembers, so that one taken in turn is always one not seen before.
pub const TOKENS: usize = 20_000;

/// A key pair whose public half a server can be told.
pub struct Issuer {
    key: Signer,
    now: u64,
}

impl Issuer {
    #[expect(clippy::disallowed_methods, reason = "tokens have to be good now")]
    pub fn generate() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self { key: Signer::generate("RS256", "k"), now }
    }

    /// The lines of a server's settings that trust this issuer; its key set goes into the folder.
    pub fn settings(&self, folder: &Path) -> String {
        let path = folder.join("jwks.json");
        fs::write(&path, key_set([&self.key]).to_string()).unwrap();
        format!(
            "auth:\n  bearer:\n    issuers:\n      - issuer: {ISSUER}\n        audience: {AUDIENCE}\n        jwks: file:{}\n",
            path.display()
        )
    }

    /// A token for the first tenant, told from others by its number.
    pub fn token(&self, number: usize) -> String {
        self.key.token(&json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": format!("user-{number:06}"), "iat": self.now,
            "exp": self.now + 24 * 60 * 60, "tenants": ["t000000"],
            "permissions": ["tenant.apiKey:read", "passes:write"],
        }))
    }

    /// A file of [`TOKENS`] tokens, a line each.
    pub fn tokens(&self, folder: &Path) -> PathBuf {
        let path = folder.join("tokens");
        let tokens: Vec<_> = (0..TOKENS).map(|number| self.token(number)).collect();
        fs::write(&path, tokens.join("\n")).unwrap();
        path
    }

    /// Microseconds that checking one signature takes, over a text of a token's length.
    pub fn verification_us(&self) -> f64 {
        const CHECKS: u32 = 10_000;
        let message = "a".repeat(300);
        let signature = self.key.signature_of(&message);
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key.public_der());
        let start = Instant::now();
        for _ in 0..CHECKS {
            key.verify(message.as_bytes(), std::hint::black_box(&signature)).unwrap();
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS)
    }
}
