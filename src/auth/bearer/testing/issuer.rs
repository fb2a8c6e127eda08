//! An issuer as tests need one: keys of every algorithm, tokens good and bad. Tests over a socket have
//! it too (`tests/hostile_tokens`).

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::SigningAlgorithm;

pub(crate) const ISSUER: &str = "https://issuer.example/";
pub(crate) const AUDIENCE: &str = "https://api.example/";

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key with the algorithm that it signs with.
pub(crate) struct Signer {
    pub algorithm: SigningAlgorithm,
    pub key_id: String,
    pair: Pair,
}

/// One signer for each algorithm, `k-RS256` to `k-EdDSA`, made once: RSA keys take their time.
pub(crate) static SIGNERS: LazyLock<Vec<Signer>> = LazyLock::new(|| {
    let named =
        |algorithm: SigningAlgorithm| Signer::generate(algorithm, &format!("k-{algorithm}"));
    SigningAlgorithm::ALL.into_iter().map(named).collect()
});

pub(crate) fn signer(algorithm: SigningAlgorithm) -> &'static Signer {
    SIGNERS.iter().find(|signer| signer.algorithm == algorithm).unwrap()
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub(crate) fn generate(algorithm: SigningAlgorithm, key_id: &str) -> Self {
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
    pub(crate) fn jwk(&self) -> Value {
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
    pub(crate) fn public_der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_der().unwrap(),
            Pair::P256(pair) => pair.public_key().as_der().unwrap(),
            Pair::Ed25519(pair) => pair.public_key().as_der().unwrap(),
        };
        der.as_ref().to_vec()
    }

    /// That, as people pass it around.
    pub(crate) fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// The header of its tokens.
    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.algorithm.as_str(), "kid": self.key_id, "typ": "JWT" })
    }

    /// A token of any header and claims.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(header.to_string(), claims.to_string())
    }

    /// A token of any bytes as header and claims.
    pub(crate) fn sign_text(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.sign_input(&format!("{}.{}", base64url(header), base64url(claims)))
    }

    /// A token of any first two parts.
    pub(crate) fn sign_input(&self, input: &str) -> String {
        format!("{input}.{}", base64url(self.signature_of(input)))
    }

    /// The bare signature over a text.
    pub(crate) fn signature_of(&self, message: &str) -> Vec<u8> {
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
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

/// Claims that are taken around that time, in seconds since the epoch.
pub(crate) fn claims_at(now: u64) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": now + 600, "nbf": now - 600,
        "iat": now - 600, "tenants": ["demo"], "scope": "tenant.apiKey:read",
    })
}

/// An object with some members replaced, or removed where the new value is the text `(absent)`.
pub(crate) fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            object.as_object_mut().unwrap().shift_remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    object
}

pub(crate) fn key_set<'s>(signers: impl IntoIterator<Item = &'s Signer>) -> Value {
    json!({ "keys": signers.into_iter().map(Signer::jwk).collect::<Vec<_>>() })
}
