//! The one signer of JWTs: keys of every algorithm that neokeys knows, and tokens good and bad.

use std::fmt::Display;
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// The issuer of the claims of [`claims_at`].
pub const ISSUER: &str = "https://issuer.example/";
/// Their audience.
pub const AUDIENCE: &str = "https://api.example/";

const NAMES: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// The bytes before an RSA key of 2048 bits in PKCS #8 (RFC 5208 §5), and those that are not asked for.
const ENVELOPE: usize = 26;

/// A private key with the algorithm that it signs with.
pub struct Signer {
    pub algorithm: Algorithm,
    pub key_id: String,
    private: EncodingKey,
    public: Public,
}

struct Public {
    /// The members of its JWK that are numbers.
    numbers: Value,
    der: Vec<u8>,
}

/// One signer for each algorithm, `k-RS256` to `k-EdDSA`, made once: RSA keys take their time.
pub static SIGNERS: LazyLock<Vec<Signer>> =
    LazyLock::new(|| NAMES.map(|name| Signer::generate(name, &format!("k-{name}"))).into());

/// The signer of [`SIGNERS`] for the algorithm of that name.
pub fn signer(algorithm: impl Display) -> &'static Signer {
    let name = algorithm.to_string();
    SIGNERS.iter().find(|signer| signer.alg() == name).expect("there is one for each algorithm")
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    /// A new key for the algorithm of that name.
    pub fn generate(algorithm: impl Display, key_id: &str) -> Self {
        let algorithm = algorithm.to_string().parse().expect("the name of an algorithm");
        let (private, public) = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => rsa(),
            Algorithm::ES256 => p256(),
            _ => ed25519(),
        };
        Self { algorithm, key_id: key_id.to_owned(), private, public }
    }

    /// The name of its algorithm.
    pub fn alg(&self) -> &'static str {
        let name = NAMES.into_iter().find(|name| name.parse().ok() == Some(self.algorithm));
        name.expect("no other algorithm has a signer")
    }

    /// The public half.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.public.numbers.clone();
        jwk["kid"] = self.key_id.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.alg().into();
        jwk
    }

    /// The public half as a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn public_der(&self) -> Vec<u8> {
        self.public.der.clone()
    }

    /// That, as people pass it around.
    pub fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({ "alg": self.alg(), "kid": self.key_id, "typ": "JWT" })
    }

    /// A token of any header and claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(header.to_string(), claims.to_string())
    }

    /// A token of any bytes as header and claims.
    pub fn sign_text(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.sign_input(&format!("{}.{}", base64url(header), base64url(claims)))
    }

    /// A token of any first two parts. `jsonwebtoken` writes no such tokens whole: its headers are good.
    pub fn sign_input(&self, input: &str) -> String {
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &self.private, self.algorithm);
        format!("{input}.{}", signature.unwrap())
    }

    /// The bare signature over a text.
    pub fn signature_of(&self, message: &str) -> Vec<u8> {
        let signed = self.sign_input(message);
        let (_, signature) = signed.rsplit_once('.').expect("a signature stands behind a dot");
        URL_SAFE_NO_PAD.decode(signature).unwrap()
    }

    /// A token of these claims under its own header.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

fn rsa() -> (EncodingKey, Public) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let whole: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let private = EncodingKey::from_rsa_der(&whole.as_ref()[ENVELOPE..]);
    let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let (n, e) = (base64url(numbers.n), base64url(numbers.e));
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let numbers = json!({ "kty": "RSA", "n": n, "e": e });
    (private, Public { numbers, der: der.as_ref().to_vec() })
}

fn p256() -> (EncodingKey, Public) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let private = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    // The point stands uncompressed: 4, x, y.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let numbers = json!({ "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y) });
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (private, Public { numbers, der: der.as_ref().to_vec() })
}

fn ed25519() -> (EncodingKey, Public) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let private = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
    let numbers = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key()) });
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (private, Public { numbers, der: der.as_ref().to_vec() })
}

/// Claims that are taken around that time, in seconds since the epoch.
pub fn claims_at(now: u64) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": now + 600, "nbf": now - 600,
        "iat": now - 600, "tenants": ["demo"], "scope": "tenant.apiKey:read",
    })
}

/// An object with some members replaced, or removed where the new value is the text `(absent)`.
pub fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            object.as_object_mut().unwrap().shift_remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    object
}

pub fn key_set<'s>(signers: impl IntoIterator<Item = &'s Signer>) -> Value {
    json!({ "keys": signers.into_iter().map(Signer::jwk).collect::<Vec<_>>() })
}
