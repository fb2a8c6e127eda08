//! The issuer's key and what it signs (RFC 7515, RFC 7518 §3.4, RFC 9068 §2).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::DevIssuerConfig;

/// What a token shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRequest {
    /// `sub`: who it is for.
    pub subject: String,
    /// The tenants; `*` among them means every tenant, which the token says with the text alone.
    pub tenants: Vec<String>,
    /// The scopes that it grants.
    pub permissions: Vec<String>,
    /// How long it may be used.
    pub lifetime: Duration,
}

/// Why there is no key or no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Random,
    /// The key that was just drawn is not taken.
    #[error("a signing key cannot be made")]
    Key,
}

/// A P-256 key and its name.
pub(super) struct SigningKey {
    pair: EcdsaKeyPair,
    id: String,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, SigningError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok();
        let pkcs8 = pkcs8.ok_or(SigningError::Random)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).ok();
        let pair = pair.ok_or(SigningError::Key)?;
        let (x, y) = coordinates(&pair);
        // RFC 7638 §3: the digest of the required members in this order, without spaces.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
        Ok(Self { pair, id })
    }

    /// The public half (RFC 7517 §4, RFC 7518 §6.2).
    pub(super) fn jwk(&self) -> Value {
        let (x, y) = coordinates(&self.pair);
        json!({
            "kty": "EC", "crv": "P-256", "x": x, "y": y,
            "kid": self.id, "use": "sig", "alg": "ES256",
        })
    }

    /// An access token (RFC 9068) from `now` on.
    pub(super) fn sign(
        &self,
        config: &DevIssuerConfig,
        issuer: &str,
        now: Duration,
        request: &TokenRequest,
    ) -> Result<SecretString, SigningError> {
        let mut claims = json!({
            "iss": issuer,
            "sub": request.subject,
            "aud": config.audience,
            "client_id": "neokeys-dev",
            "iat": now.as_secs(),
            "exp": now.saturating_add(request.lifetime).as_secs(),
            "jti": random_id()?,
            "permissions": request.permissions,
        });
        let all = request.tenants.iter().any(|tenant| tenant == "*");
        claims[&config.tenants_claim] = if all { "*".into() } else { json!(request.tenants) };
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": self.id });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).ok();
        let signature = signature.ok_or(SigningError::Random)?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

/// x and y of the public point, which stands uncompressed: 4, x, y.
fn coordinates(pair: &EcdsaKeyPair) -> (String, String) {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

fn random_id() -> Result<String, SigningError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok().ok_or(SigningError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use secrecy::ExposeSecret as _;

    use super::TokenRequest;
    use crate::auth::bearer::{BearerConfig, BearerError, BearerVerifier};
    use crate::auth::{SystemClock, Tenants};
    use crate::dev_issuer::{DevIssuer, DevIssuerConfig};
    use crate::domain::TenantId;

    fn issuer() -> DevIssuer {
        let config = DevIssuerConfig {
            addresses: vec!["http://127.0.0.1:8080".to_owned()],
            audience: "https://api.example/".to_owned(),
            tenants_claim: "tenants".to_owned(),
            tenants: vec!["demo".to_owned()],
            scopes: Vec::new(),
        };
        DevIssuer::generate(config, Arc::new(SystemClock)).unwrap()
    }

    fn request(tenants: &[&str]) -> TokenRequest {
        TokenRequest {
            subject: "developer".to_owned(),
            tenants: tenants.iter().map(|&tenant| tenant.to_owned()).collect(),
            permissions: vec!["tenant.apiKey:read".to_owned(), "*".to_owned()],
            lifetime: Duration::from_secs(60),
        }
    }

    #[tokio::test]
    async fn its_tokens_are_taken_with_no_request_over_the_network() {
        let issuer = issuer();
        let config = BearerConfig::default();
        let clock = Arc::new(SystemClock);
        let verifier =
            BearerVerifier::open_with(config, vec![issuer.trust()], clock).await.unwrap();
        let token = issuer.sign(&request(&["demo", "other"])).unwrap();
        let principal = verifier.verify(token.expose_secret()).await.unwrap();
        assert_eq!(principal.subject.as_str(), "developer");
        let tenant = |name| TenantId::parse(name).unwrap();
        assert_eq!(principal.tenants, Tenants::These([tenant("demo"), tenant("other")].into()));
        assert!(principal.scopes.grant("anything"));
        let token = issuer.sign(&request(&["demo", "*"])).unwrap();
        let principal = verifier.verify(token.expose_secret()).await.unwrap();
        assert_eq!(principal.tenants, Tenants::All);
    }

    #[tokio::test]
    async fn tokens_of_an_earlier_start_are_not_taken() {
        let token = issuer().sign(&request(&["demo"])).unwrap();
        let trust = vec![issuer().trust()];
        let clock = Arc::new(SystemClock);
        let verifier =
            BearerVerifier::open_with(BearerConfig::default(), trust, clock).await.unwrap();
        let refused = verifier.verify(token.expose_secret()).await;
        assert_eq!(refused, Err(BearerError::UnknownKey));
    }
}
