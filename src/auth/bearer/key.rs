//! One key of an issuer, ready to check signatures.

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::jwk::{Jwk, KeyFault, Material};
use super::{BearerError, SigningAlgorithm};

/// A vetted key with its numbers where the cryptography wants them.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    jwk: Jwk,
    prepared: Prepared,
}

/// A key as it is used.
#[derive(Clone)]
enum Prepared {
    /// By both paddings. RSA is checked by the library below `jsonwebtoken`, which takes the key
    /// apart anew for every signature.
    Rsa { pkcs1: ParsedPublicKey, pss: ParsedPublicKey },
    /// A point on a curve.
    Point(DecodingKey),
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

impl VerifyingKey {
    /// Takes a vetted key.
    ///
    /// # Errors
    /// [`KeyFault::Modulus`] when an RSA key is none for the cryptography.
    pub(super) fn new(jwk: Jwk) -> Result<Self, KeyFault> {
        let prepared = match &jwk.material {
            Material::Rsa { modulus, exponent } => {
                let parse = |padding: &'static RsaParameters| {
                    let numbers = RsaPublicKeyComponents { n: modulus, e: exponent };
                    numbers.to_parsed_public_key(padding).ok().ok_or(KeyFault::Modulus)
                };
                Prepared::Rsa {
                    pkcs1: parse(&RSA_PKCS1_2048_8192_SHA256)?,
                    pss: parse(&RSA_PSS_2048_8192_SHA256)?,
                }
            }
            Material::P256(point) => Prepared::Point(DecodingKey::from_ec_der(point)),
            Material::Ed25519(point) => Prepared::Point(DecodingKey::from_ed_der(point)),
        };
        Ok(Self { jwk, prepared })
    }

    /// Whether it is the same key, whatever it is called.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.jwk.material == other.jwk.material
    }

    /// The key's `kid`.
    pub(super) fn id(&self) -> Option<&str> {
        self.jwk.id.as_deref()
    }

    /// Whether the key is for that algorithm.
    pub(super) fn fits(&self, algorithm: SigningAlgorithm) -> bool {
        self.jwk.algorithms.contains(&algorithm)
    }

    /// Checks a signature in Base64url over what was signed. The algorithm is judged before any
    /// arithmetic.
    pub(super) fn verify(
        &self,
        algorithm: SigningAlgorithm,
        signing_input: &str,
        signature: &str,
    ) -> Result<(), BearerError> {
        if !self.fits(algorithm) {
            return Err(BearerError::KeyMismatch);
        }
        let message = signing_input.as_bytes();
        let is_good = match (&self.prepared, algorithm) {
            (Prepared::Rsa { pkcs1, .. }, SigningAlgorithm::Rs256) => {
                is_signed(pkcs1, message, signature)
            }
            (Prepared::Rsa { pss, .. }, SigningAlgorithm::Ps256) => {
                is_signed(pss, message, signature)
            }
            (Prepared::Point(point), SigningAlgorithm::Es256) => {
                is_signed_by_point(point, Algorithm::ES256, message, signature)
            }
            (Prepared::Point(point), SigningAlgorithm::EdDsa) => {
                is_signed_by_point(point, Algorithm::EdDSA, message, signature)
            }
            (Prepared::Rsa { .. }, SigningAlgorithm::Es256 | SigningAlgorithm::EdDsa)
            | (Prepared::Point(_), SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256) => {
                return Err(BearerError::KeyMismatch);
            }
        };
        if is_good { Ok(()) } else { Err(BearerError::BadSignature) }
    }
}

fn is_signed(key: &ParsedPublicKey, message: &[u8], signature: &str) -> bool {
    let signature = URL_SAFE_NO_PAD.decode(signature);
    signature.is_ok_and(|signature| key.verify_sig(message, &signature).is_ok())
}

fn is_signed_by_point(
    key: &DecodingKey,
    algorithm: Algorithm,
    message: &[u8],
    signature: &str,
) -> bool {
    matches!(jsonwebtoken::crypto::verify(signature, message, key, algorithm), Ok(true))
}

#[cfg(test)]
mod tests {
    use super::super::testing::signer;
    use super::{BearerError, Jwk, SigningAlgorithm, VerifyingKey};

    #[test]
    fn what_does_not_fit_is_refused_before_the_signature() {
        let key = Jwk::parse(&signer(SigningAlgorithm::Rs256).jwk()).and_then(VerifyingKey::new);
        let key = key.unwrap();
        let verdict = key.verify(SigningAlgorithm::Es256, "e30.e30", "AA");
        assert_eq!(verdict, Err(BearerError::KeyMismatch));
        let verdict = key.verify(SigningAlgorithm::Rs256, "e30.e30", "AA");
        assert_eq!(verdict, Err(BearerError::BadSignature));
    }
}
