//! An issuer for tests: keys of every algorithm, tokens good and bad, and a clock to turn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    BearerConfig, BearerError, BearerVerifier, FixedIssuer, IssuerConfig, SigningAlgorithm,
};
use crate::auth::{Clock, Principal};

pub(super) const ISSUER: &str = "https://issuer.example/";
pub(super) const AUDIENCE: &str = "https://api.example/";
/// The time at which tests begin, in seconds since the epoch.
pub(super) const NOW: u64 = 1_700_000_000;

/// A clock that stands still until it is turned.
#[derive(Default)]
pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(NOW)))
    }

    pub(super) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn since_epoch(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key with the algorithm that it signs with.
pub(super) struct Signer {
    pub algorithm: SigningAlgorithm,
    pub key_id: String,
    pair: Pair,
}

/// One signer for each algorithm, `k-RS256` to `k-EdDSA`, made once: RSA keys take their time.
pub(super) static SIGNERS: LazyLock<Vec<Signer>> = LazyLock::new(|| {
    let named =
        |algorithm: SigningAlgorithm| Signer::generate(algorithm, &format!("k-{algorithm}"));
    SigningAlgorithm::ALL.into_iter().map(named).collect()
});

pub(super) fn signer(algorithm: SigningAlgorithm) -> &'static Signer {
    SIGNERS.iter().find(|signer| signer.algorithm == algorithm).unwrap()
}

pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub(super) fn generate(algorithm: SigningAlgorithm, key_id: &str) -> Self {
        let pair = match algorithm {
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
            }
            SigningAlgorithm::Es256 => {
                Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            SigningAlgorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
        };
        Self { algorithm, key_id: key_id.to_owned(), pair }
    }

    /// The public half.
    pub(super) fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": base64url(public.n), "e": base64url(public.e) })
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y) })
            }
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key()) })
            }
        };
        jwk["kid"] = self.key_id.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.as_str().into();
        jwk
    }

    /// The public half as a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub(super) fn public_der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der().unwrap(),
            Pair::P256(pair) => pair.public_key().as_der().unwrap(),
            Pair::Ed25519(pair) => pair.public_key().as_der().unwrap(),
        };
        der.as_ref().to_vec()
    }

    /// That, as people pass it around.
    pub(super) fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// The header of its tokens.
    pub(super) fn header(&self) -> Value {
        json!({ "alg": self.algorithm.as_str(), "kid": self.key_id, "typ": "JWT" })
    }

    /// A token of any header and claims.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(header.to_string(), claims.to_string())
    }

    /// A token of any bytes as header and claims.
    pub(super) fn sign_text(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.sign_input(&format!("{}.{}", base64url(header), base64url(claims)))
    }

    /// A token of any first two parts.
    pub(super) fn sign_input(&self, input: &str) -> String {
        format!("{input}.{}", base64url(self.signature_of(input)))
    }

    /// The bare signature over a text.
    pub(super) fn signature_of(&self, message: &str) -> Vec<u8> {
        let message = message.as_bytes();
        let random = aws_lc_rs::rand::SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if self.algorithm == SigningAlgorithm::Ps256 {
                        &RSA_PSS_SHA256
                    } else {
                        &RSA_PKCS1_SHA256
                    };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token of these claims under its own header.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

/// Claims that are taken.
pub(super) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": NOW + 600, "nbf": NOW - 600,
        "iat": NOW - 600, "tenants": ["demo"], "scope": "tenant.apiKey:read",
    })
}

/// Those claims with some replaced, or removed where the new value is the text `(absent)`.
pub(super) fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            claims.as_object_mut().unwrap().shift_remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

pub(super) fn issuer_config() -> IssuerConfig {
    IssuerConfig {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        jwks: None,
        algorithms: SigningAlgorithm::ALL.to_vec(),
        access_tokens_only: false,
    }
}

pub(super) fn key_set<'s>(signers: impl IntoIterator<Item = &'s Signer>) -> Value {
    json!({ "keys": signers.into_iter().map(Signer::jwk).collect::<Vec<_>>() })
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

/// The verdict on a token under every signer's key, at [`NOW`].
pub(super) async fn verdict(token: &str) -> Result<Principal, BearerError> {
    let keys = key_set(SIGNERS.iter());
    verifier_of(issuer_config(), keys, TestClock::new()).await.verify(token).await
}
