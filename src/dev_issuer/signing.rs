//! The issuer's key and what it signs (RFC 7515, RFC 7518 §3.4, RFC 9068 §2).

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::DevIssuerConfig;
use crate::domain::NoRandomBytes;

/// The content of a token to be made.
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
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    /// The key that was just drawn is not taken.
    #[error("a signing key cannot be created or used")]
    Key(#[from] jsonwebtoken::errors::Error),
}

/// A P-256 key, and its public half under its name.
pub(super) struct SigningKey {
    private: EncodingKey,
    public: Jwk,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, SigningError> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let private = EncodingKey::from_ec_der(pkcs8.or(Err(NoRandomBytes))?.as_ref());
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256)?;
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { private, public })
    }

    /// The public half (RFC 7517 §4, RFC 7518 §6.2).
    pub(super) fn jwk(&self) -> &Jwk {
        &self.public
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
        self.encode("at+jwt", &claims)
    }

    /// An ID token (OpenID Connect Core 1.0 §2) from `now` on, for a client that sent this nonce.
    pub(super) fn sign_id(
        &self,
        issuer: &str,
        now: Duration,
        request: &TokenRequest,
        (client_id, nonce): (&str, Option<&str>),
    ) -> Result<SecretString, SigningError> {
        let mut claims = json!({
            "iss": issuer,
            "sub": request.subject,
            "aud": client_id,
            "iat": now.as_secs(),
            "exp": now.saturating_add(request.lifetime).as_secs(),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.encode("JWT", &claims)
    }

    fn encode(&self, typ: &str, claims: &Value) -> Result<SecretString, SigningError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid.clone_from(&self.public.common.key_id);
        Ok(jsonwebtoken::encode(&header, claims, &self.private)?.into())
    }
}

/// 128 random bits as Base64url.
pub(super) fn random_id() -> Result<String, SigningError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).or(Err(NoRandomBytes))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use secrecy::ExposeSecret as _;

    use super::TokenRequest;
    use crate::auth::Tenants;
    use crate::auth::bearer::{BearerConfig, BearerError, BearerVerifier};
    use crate::clock::SystemClock;
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
